// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/eal.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/kernel_interface.h"

namespace cfr {
namespace {

// Frames of a packet ring of af_packet: fewer than the first lose bursts on veth without counting them.
constexpr uint32_t kAfPacketFrames = 4096, kAfPacketFramesMin = 256;
constexpr uint32_t kAfPacketFrameBytes = 2048;
constexpr uint32_t kFrameOverhead = 128;  // headers of the packet ring and of Ethernet

// Asked of the kernel: neither the limit nor the user tells, inside a user namespace.
bool MayLock(size_t bytes) {
  void* memory =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return false;
  bool may = mlock2(memory, bytes, MLOCK_ONFAULT) == 0;
  munmap(memory, bytes);
  return may;
}

// As many as both rings of every queue of both ports may lock.
uint32_t AfPacketFrames(int workers) {
  uint32_t frames = kAfPacketFrames;
  auto bytes = [&] {
    return size_t{2} * kSides * static_cast<size_t>(workers) * frames * kAfPacketFrameBytes;
  };
  while (frames > kAfPacketFramesMin && !MayLock(bytes())) frames /= 2;
  return frames;
}

std::string DeviceArgument(const PortConfig& port, int index, int workers) {
  switch (port.kind) {
    case PortConfig::Kind::kNetdev: {
      uint32_t frame = std::bit_ceil(std::max(port.mtu + kFrameOverhead, kAfPacketFrameBytes));
      std::string sizes =
          frame > kAfPacketFrameBytes ? absl::StrCat(",framesz=", frame, ",blocksz=", frame) : "";
      return absl::StrCat("--vdev=net_af_packet", index, ",iface=", port.device, ",qpairs=", workers,
                          ",framecnt=", AfPacketFrames(workers) * kAfPacketFrameBytes / frame, sizes);
    }
    case PortConfig::Kind::kPci:
      return absl::StrCat("--allow=", port.device);
    case PortConfig::Kind::kPcap:
      return absl::StrCat("--vdev=net_pcap", index, ",rx_pcap=", port.rx_pcap, ",tx_pcap=", port.tx_pcap);
    case PortConfig::Kind::kMemif:
      return absl::StrCat("--vdev=net_memif", index,
                          ",id=0,role=server,socket-abstract=no,socket=", port.device);
    case PortConfig::Kind::kRing:
      return absl::StrCat("--vdev=net_ring", index);
    case PortConfig::Kind::kNull:
      return absl::StrCat("--vdev=net_null", index, ",no-rx=1");
  }
  return "";
}

uint64_t MemoryMegabytes(const Config& config) {
  uint32_t mtu = std::max(config.port[0].mtu, config.port[1].mtu);
  uint64_t buffers = config.settings[Setting::kPacketBuffers] * (mtu + 1024);
  return 64 + buffers / (1 << 20) * 5 / 4;
}

std::string Lcores(const Config& config) {
  auto workers = static_cast<long>(config.settings[Setting::kWorkers]);
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
  bool pinned = config.settings[Setting::kPollMode] != 0 && cores > workers;
  std::vector<std::string> lcores;
  for (long l = 0; l <= workers; ++l)
    lcores.push_back(pinned ? absl::StrCat(l, "@", l) : absl::StrCat(l, "@(0-", cores - 1, ")"));
  return absl::StrJoin(lcores, ",");
}

}  // namespace

absl::Status CheckKernelIsOut(const PortConfig& port, Side side) {
  if (port.kind != PortConfig::Kind::kNetdev) return absl::OkStatus();
  for (const InterfaceFinding& finding : ExamineInterface(port.device))
    if (!finding.ok)
      return absl::FailedPreconditionError(
          absl::StrCat("port.", Name(side), ": ", finding.text, "; run: ", finding.command));
  return absl::OkStatus();
}

std::vector<std::string> EalArguments(const Config& config) {
  auto workers = static_cast<int>(config.settings[Setting::kWorkers]);
  std::vector<std::string> arguments = {"cfr-dataplane",
                                        absl::StrCat("--lcores=", Lcores(config)),
                                        "-m",
                                        absl::StrCat(MemoryMegabytes(config)),
                                        "--no-telemetry",
                                        "--log-level=lib.eal:warning",
                                        "--log-level=pmd:warning"};
  if (config.settings[Setting::kHugepages] != 0)
    arguments.insert(arguments.end(), {"--in-memory", "--single-file-segments"});
  else
    arguments.insert(arguments.end(), {"--no-huge", "--no-shconf"});
  bool pci = false;
  for (int s = 0; s < kSides; ++s) {
    pci |= config.port[s].kind == PortConfig::Kind::kPci;
    arguments.push_back(DeviceArgument(config.port[s], s, workers));
  }
  if (!pci) arguments.push_back("--no-pci");
  return arguments;
}

absl::Status StartEal(const Config& config) {
  std::vector<std::string> arguments = EalArguments(config);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) >= 0) return absl::OkStatus();
  std::string hint =
      config.settings[Setting::kHugepages] != 0
          ? "; huge pages: echo 256 > /proc/sys/vm/nr_hugepages, or dataplane.hugepages = false"
          : "; an af_packet port needs CAP_NET_RAW and memory it may lock (ulimit -l)";
  return absl::InternalError(absl::StrCat("DPDK did not start: ", rte_strerror(rte_errno), hint));
}

}  // namespace cfr
