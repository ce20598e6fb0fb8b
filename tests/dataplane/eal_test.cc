// SPDX-License-Identifier: BSD-3-Clause
// What DPDK is told for each kind of port, and which interfaces are refused. The interfaces live in a
// network namespace of this process's own.
#include "dataplane/eal.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace cfr {
namespace {

using Kind = PortConfig::Kind;

Config WithPorts(Kind access, Kind core) {
  Config config;
  config.port[0].kind = access;
  config.port[1].kind = core;
  for (PortConfig& port : config.port) {
    port.device = port.kind == Kind::kPci     ? "0000:81:00.0"
                  : port.kind == Kind::kMemif ? "/run/m.sock"
                                              : "acc0";
    port.rx_pcap = "in.pcap";
    port.tx_pcap = "out.pcap";
  }
  return config;
}

bool Has(const Config& config, const std::string& argument) {
  auto arguments = EalArguments(config);
  return std::find(arguments.begin(), arguments.end(), argument) != arguments.end();
}
// The one argument that begins so, without the beginning.
std::string After(const Config& config, const std::string& beginning) {
  std::string found;
  for (const std::string& argument : EalArguments(config))
    if (absl::StartsWith(argument, beginning)) absl::StrAppend(&found, argument.substr(beginning.size()));
  return found;
}

TEST(EalArguments, EveryKindOfPort) {
  EXPECT_TRUE(Has(WithPorts(Kind::kNull, Kind::kNull), "--vdev=net_null0,no-rx=1"));
  EXPECT_TRUE(Has(WithPorts(Kind::kNull, Kind::kNull), "--vdev=net_null1,no-rx=1"));
  EXPECT_TRUE(Has(WithPorts(Kind::kRing, Kind::kNull), "--vdev=net_ring0"));
  EXPECT_TRUE(Has(WithPorts(Kind::kNull, Kind::kPcap), "--vdev=net_pcap1,rx_pcap=in.pcap,tx_pcap=out.pcap"));
  EXPECT_TRUE(Has(WithPorts(Kind::kMemif, Kind::kNull),
                  "--vdev=net_memif0,id=0,role=server,socket-abstract=no,socket=/run/m.sock"));
  EXPECT_TRUE(Has(WithPorts(Kind::kPci, Kind::kNull), "--allow=0000:81:00.0"));
}

// Without a card of DPDK's the PCI bus is left alone: no privilege is needed.
TEST(EalArguments, TheBusIsScannedForCardsOnly) {
  EXPECT_TRUE(Has(WithPorts(Kind::kNull, Kind::kRing), "--no-pci"));
  EXPECT_FALSE(Has(WithPorts(Kind::kNull, Kind::kPci), "--no-pci"));
}

TEST(EalArguments, AfPacketGetsAQueuePairPerWorkerAndFramesThatHoldTheMtu) {
  Config config = WithPorts(Kind::kNetdev, Kind::kNull);
  config.settings.Set(Setting::kWorkers, 3);
  const int frames = geteuid() == 0 ? 4096 : 1024;
  EXPECT_TRUE(Has(config, absl::StrCat("--vdev=net_af_packet0,iface=acc0,qpairs=3,framecnt=", frames)));
  config.port[0].mtu = 9000;
  EXPECT_TRUE(Has(config, absl::StrCat("--vdev=net_af_packet0,iface=acc0,qpairs=3,framecnt=", frames / 8,
                                       ",framesz=16384,blocksz=16384")))
      << "frames eight times as large, an eighth of them";
}

TEST(EalArguments, HugePagesWhenAskedFor) {
  Config config = WithPorts(Kind::kNull, Kind::kNull);
  EXPECT_TRUE(Has(config, "--no-huge"));
  EXPECT_FALSE(Has(config, "--in-memory"));
  config.settings.Set(Setting::kHugepages, 1);
  EXPECT_FALSE(Has(config, "--no-huge"));
  EXPECT_TRUE(Has(config, "--in-memory"));
}

TEST(EalArguments, MemoryFollowsThePacketBuffers) {
  auto megabytes = [](uint64_t buffers, uint32_t mtu) {
    Config config = WithPorts(Kind::kNull, Kind::kNull);
    config.settings.Set(Setting::kPacketBuffers, buffers);
    config.port[1].mtu = mtu;
    auto arguments = EalArguments(config);
    return std::stoul(*(std::find(arguments.begin(), arguments.end(), "-m") + 1));
  };
  for (uint64_t buffers : {4096u, 16384u, 1048576u})
    for (uint32_t mtu : {1500u, 9000u}) {
      const uint64_t least =
          buffers * (std::max(2048u, mtu + 64) + 128 + 64 + 128) >> 20;  // headroom, note, header
      EXPECT_GT(megabytes(buffers, mtu), least) << buffers << " " << mtu;
      EXPECT_LT(megabytes(buffers, mtu), 2 * least + 128) << buffers << " " << mtu;
    }
}

TEST(EalArguments, WorkersFloatUnlessTheyPollOnCoresOfTheirOwn) {
  const long cores = sysconf(_SC_NPROCESSORS_ONLN);
  Config config = WithPorts(Kind::kNull, Kind::kNull);
  const std::string anywhere = absl::StrCat("@(0-", cores - 1, ")");
  EXPECT_EQ(After(config, "--lcores="), absl::StrCat("0", anywhere, ",1", anywhere));
  config.settings.Set(Setting::kPollMode, 1);
  EXPECT_EQ(After(config, "--lcores="), cores > 1 ? "0@0,1@1" : absl::StrCat("0", anywhere, ",1", anywhere));
  config.settings.Set(Setting::kWorkers, static_cast<uint64_t>(cores));
  EXPECT_TRUE(absl::StrContains(After(config, "--lcores="), anywhere)) << "too few cores for all";
}

class KernelIsOut : public testing::Test {
 protected:
  static bool Do(const std::string& command) {
    return system(absl::StrCat(command, " >/dev/null 2>&1").c_str()) == 0;
  }

  void SetUp() override {
    if (unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) != 0)
      GTEST_SKIP()
          << "the veth pair needs a network namespace, and this user may make none (user namespaces are off)";
    ASSERT_TRUE(Do(absl::StrCat("ip link add ", kDevice, " type veth peer name peer0")));
  }
  static absl::Status Check(Kind kind = Kind::kNetdev, const char* device = kDevice) {
    PortConfig port;
    port.kind = kind;
    port.device = device;
    return CheckKernelIsOut(port, Side::kCore);
  }
  // What the refusal says to run.
  static std::string Command(const absl::Status& status) {
    const std::string message(status.message());
    const size_t at = message.find("run: ");
    return at == std::string::npos ? "false" : message.substr(at + 5);
  }

  static constexpr const char* kDevice = "cfr0.7";  // like a VLAN of cfr0: names may have dots
};

TEST_F(KernelIsOut, TheCommandItNamesMendsWhatItRefuses) {
  ASSERT_TRUE(Do(absl::StrCat("sysctl -w net/ipv6/conf/", kDevice, "/disable_ipv6=1 net/ipv4/conf/", kDevice,
                              "/forwarding=0")));
  ASSERT_TRUE(Check().ok()) << Check();
  const std::pair<const char*, std::string> rows[] = {
      {"IPv6", absl::StrCat("sysctl -w net/ipv6/conf/", kDevice, "/disable_ipv6=0")},
      {"forwards", absl::StrCat("sysctl -w net/ipv4/conf/", kDevice, "/forwarding=1")},
      {"address", absl::StrCat("ip addr add 192.0.2.1/24 dev ", kDevice)},
  };
  for (const auto& [word, spoil] : rows) {
    SCOPED_TRACE(spoil);
    ASSERT_TRUE(Do(spoil));
    const absl::Status status = Check();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(absl::StrContains(status.message(), word)) << status;
    EXPECT_TRUE(absl::StartsWith(status.message(), "port.core: ")) << status;
    EXPECT_TRUE(Do(Command(status))) << status;
    EXPECT_TRUE(Check().ok()) << Check();
  }
}

TEST_F(KernelIsOut, AnInterfaceThatIsNotThere) {
  EXPECT_EQ(Check(Kind::kNetdev, "nothere0").code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(KernelIsOut, OtherKindsAreNotTheKernels) {
  for (Kind kind : {Kind::kPci, Kind::kPcap, Kind::kMemif, Kind::kRing, Kind::kNull})
    EXPECT_TRUE(Check(kind, "nothere0").ok());
}

}  // namespace
}  // namespace cfr
