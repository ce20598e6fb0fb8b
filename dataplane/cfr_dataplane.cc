// SPDX-License-Identifier: BSD-3-Clause
// cfr-dataplane: the packet process. Reads its start settings and ports from the configuration file,
// then obeys the control process (docs/architecture.md).
#include <gflags/gflags.h>
#include <rte_eal.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/attach.h"
#include "common/clock.h"
#include "common/config.h"
#include "common/text_file.h"
#include "common/version.h"
#include "dataplane/eal.h"
#include "dataplane/main_lcore.h"

DEFINE_string(config, "/etc/cfr/cfr.toml", "configuration file; [dataplane] and [port.*] are read at start");
DEFINE_string(runtime_dir, "/run/cfr", "directory of the socket the control process attaches to");

namespace google {
extern void (*gflags_exitfunc)(int);  // exported by the library, not declared in its header
}

namespace cfr {
namespace {

constexpr int kExitFailed = 1, kExitUsage = 2, kExitConfig = 4;
constexpr useconds_t kMainNapUs = 500;

std::atomic<bool> stop_requested{false};
void RequestStop(int) {
  stop_requested.store(true);
}

int Fail(int code, const std::string& sentence) {
  std::fprintf(stderr, "<3>cfr-dataplane: %s\n", sentence.c_str());
  return code;
}

// No core dump may ever hold addresses or keys.
void ForbidDumps() {
  rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

bool ReadConfig(const std::string& path, Config* config) {
  auto text = ReadTextFile(path, kConfigBytesMax);
  if (!text.ok()) return Fail(kExitConfig, std::string(text.status().message())), false;
  ConfigResult result = ParseConfig(*text);
  for (const ConfigError& error : result.errors) std::fprintf(stderr, "<3>%s\n", Format(error, path).c_str());
  if (!result.config.has_value()) return false;
  *config = *result.config;
  return true;
}

std::vector<Prefix> AllowedEgress(const Config& config) {
  if (!config.egress_allowed.empty()) return config.egress_allowed;
  std::vector<Prefix> allowed;
  for (const PoolConfig& pool : config.pools)
    allowed.insert(allowed.end(), pool.prefixes.begin(), pool.prefixes.end());
  return allowed;
}

rte_mempool* CreatePool(const Config& config) {
  uint32_t mtu = std::max(config.port[0].mtu, config.port[1].mtu);
  uint32_t room = std::max(2048u, mtu + 64) + RTE_PKTMBUF_HEADROOM;
  auto count = static_cast<unsigned>(config.settings[Setting::kPacketBuffers]);
  return rte_pktmbuf_pool_create("packets", count, 250, kBufferNoteBytes, static_cast<uint16_t>(room),
                                 SOCKET_ID_ANY);
}

SipKey DrawKey(RandomSource& random) {
  uint64_t low = random.Next64();
  return {low, random.Next64()};
}

Owner::Key DrawOwnerKey(RandomSource& random) {
  Owner::Key key;
  for (uint8_t& byte : key) byte = static_cast<uint8_t>(random.Next16());
  return key;
}

void FillPage(const Config& config, RandomSource& random, DataplanePage* page) {
  page->boot = random.Next64();
  page->started_ms = MonotonicMs();
  page->pid = static_cast<uint32_t>(getpid());
  for (int i = 0; i < kSettingCount; ++i) page->start_settings[i] = config.settings[static_cast<Setting>(i)];
  std::snprintf(page->build, sizeof page->build, "%s", kVersion);
}

int LaunchWorker(void* worker) {
  static_cast<Worker*>(worker)->Run();
  return 0;
}

class GracePeriod {
 public:
  explicit GracePeriod(int workers) : memory_(rte_rcu_qsbr_get_memsize(static_cast<uint32_t>(workers)), 64) {
    rte_rcu_qsbr_init(get(), static_cast<uint32_t>(workers));
  }
  rte_rcu_qsbr* get() const { return static_cast<rte_rcu_qsbr*>(memory_.pointer); }

 private:
  struct Aligned {
    Aligned(size_t bytes, size_t alignment) : pointer(aligned_alloc(alignment, (bytes + 63) / 64 * 64)) {}
    ~Aligned() { free(pointer); }
    void* pointer;
  } memory_;
};

int Serve(const Config& config) {
  auto workers = static_cast<int>(config.settings[Setting::kWorkers]);
  RandomSource random;
  Owner owner(DrawOwnerKey(random), workers);
  rte_mempool* pool = CreatePool(config);
  if (pool == nullptr)
    return Fail(kExitFailed, "no memory for packet buffers; lower dataplane.packet_buffers");
  auto access = Port::Start(0, config.port[0], owner, pool);
  if (!access.ok()) return Fail(kExitFailed, std::string(access.status().message()));
  auto core = Port::Start(1, config.port[1], owner, pool);
  if (!core.ok()) return Fail(kExitFailed, std::string(core.status().message()));
  const Port ports[kSides] = {*access, *core};
  auto exchange = Exchange::Create(workers);
  if (!exchange.ok()) return Fail(kExitFailed, std::string(exchange.status().message()));
  auto server = AttachServer::Listen(FLAGS_runtime_dir + "/dataplane.sock", workers);
  if (!server.ok()) return Fail(kExitFailed, std::string(server.status().message()));
  FillPage(config, random, &(*server)->page());

  Leases leases;
  SubscriberTable subscribers(config.settings[Setting::kSubscribersMax], DrawKey(random));
  Shared shared(owner, subscribers, leases, config.settings[Setting::kAffinityPairs], random);
  for (int s = 0; s < kSides; ++s) shared.port[s] = ports[s].facts();
  GracePeriod grace(workers);
  Floor floor{ports, pool, &*exchange, nullptr, grace.get(), false, config.settings[Setting::kPollMode] != 0};
  MainLcore main_lcore(config, **server, floor, shared, leases, pool, AllowedEgress(config), random);

  auto size = [&](Setting s) { return static_cast<uint32_t>(config.settings[s]); };
  const TableSizes sizes{size(Setting::kFlowsV4), size(Setting::kFlowsV6), size(Setting::kFragmentDatagrams),
                         size(Setting::kFragmentsHeld)};
  std::vector<std::unique_ptr<Worker>> team;
  for (int w = 0; w < workers; ++w)
    team.push_back(std::make_unique<Worker>(w, floor, shared, sizes, (*server)->page().worker[w]));
  for (int w = 0; w < workers; ++w)
    rte_eal_remote_launch(LaunchWorker, team[static_cast<size_t>(w)].get(), static_cast<unsigned>(w + 1));
  std::fprintf(stderr, "<6>cfr-dataplane: ready, %d worker%s, waiting for cfr-control\n", workers,
               workers == 1 ? "" : "s");
  while (!stop_requested.load())
    if (!main_lcore.Round()) usleep(kMainNapUs);
  floor.stop.store(true);
  rte_eal_mp_wait_lcore();
  for (const Port& port : ports) port.Stop();
  std::fprintf(stderr, "<6>cfr-dataplane: stopped\n");
  return 0;
}

int Main() {
  Config config;
  if (!ReadConfig(FLAGS_config, &config)) return kExitConfig;
  ForbidDumps();
  for (Side side : {Side::kAccess, Side::kCore})
    if (auto status = CheckKernelIsOut(config.port[static_cast<int>(side)], side); !status.ok())
      return Fail(kExitFailed, std::string(status.message()));
  std::signal(SIGTERM, RequestStop);
  std::signal(SIGINT, RequestStop);
  std::signal(SIGPIPE, SIG_IGN);
  if (auto status = StartEal(config); !status.ok()) return Fail(kExitFailed, std::string(status.message()));
  int code = Serve(config);
  rte_eal_cleanup();
  return code;
}

}  // namespace
}  // namespace cfr

int main(int argc, char** argv) {
  google::SetUsageMessage("the packet process of the relay");
  google::SetVersionString(cfr::kVersion);
  google::gflags_exitfunc = [](int) { std::exit(cfr::kExitUsage); };
  google::ParseCommandLineNonHelpFlags(&argc, &argv, true);
  google::gflags_exitfunc = [](int) { std::exit(0); };
  google::HandleCommandLineHelpFlags();
  google::gflags_exitfunc = [](int code) { std::exit(code); };
  if (argc > 1)
    return cfr::Fail(cfr::kExitUsage, absl::StrCat("unexpected argument '", argv[1], "'; see --help"));
  return cfr::Main();
}
