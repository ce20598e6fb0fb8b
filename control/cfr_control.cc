// SPDX-License-Identifier: BSD-3-Clause
// cfr-control: the deciding process. One thread, one loop: API clients, the link to the dataplane, time.
#include <gflags/gflags.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/text_file.h"
#include "common/version.h"
#include "control/api_server.h"
#include "control/commands.h"
#include "control/core_dumps.h"
#include "control/crowd.h"
#include "control/limit_events.h"
#include "control/log.h"
#include "control/opening_stream.h"
#include "control/records.h"

DEFINE_string(config, "/etc/cfr/cfr.toml", "configuration used when there is no saved state");
DEFINE_string(state_dir, "/var/lib/cfr", "directory of what survives a restart");
DEFINE_string(runtime_dir, "/run/cfr", "directory of the sockets");
DEFINE_string(dataplane_socket, "", "socket of cfr-dataplane; default RUNTIME_DIR/dataplane.sock");

namespace google {
extern void (*gflags_exitfunc)(int);  // exported by the library, not declared in its header
}

namespace cfr {
namespace {

constexpr int kPollMs = 2;

std::atomic<bool> stop_requested{false};
void RequestStop(int) {
  stop_requested.store(true);
}

ExitCode Fail(ExitCode code, const std::string& sentence) {
  Log(LogLevel::kError, sentence, {});
  return code;
}

bool MakeDirectory(const std::string& path, mode_t mode) {
  return mkdir(path.c_str(), mode) == 0 || errno == EEXIST;
}

// The saved state if there is one, else the file as a generation still to be committed.
ExitCode LoadState(const StateFile& file, State* state) {
  auto saved = file.Load(MonotonicMs());
  if (saved.ok()) {
    *state = *saved;
    Log(LogLevel::kInfo, "state restored", {{"generation", absl::StrCat(state->generation)}});
    return ExitCode::kOk;
  }
  if (absl::IsDataLoss(saved.status()))
    Log(LogLevel::kWarning, std::string(saved.status().message()), {});
  else if (!absl::IsNotFound(saved.status()))
    return Fail(ExitCode::kFailed, std::string(saved.status().message()));
  auto text = ReadTextFile(FLAGS_config, kConfigBytesMax);
  if (!text.ok()) return Fail(ExitCode::kConfig, std::string(text.status().message()));
  ConfigResult parsed = ParseConfig(*text);
  for (const ConfigError& e : parsed.errors)
    Log(LogLevel::kError, Format({e.line, e.column, e.message, ""}, FLAGS_config), {{"hint", e.hint}});
  if (!parsed.config.has_value()) return ExitCode::kConfig;
  state->config = *parsed.config;
  return ExitCode::kOk;
}

ExitCode Main() {
  ForbidCoreDumps();
  std::signal(SIGTERM, RequestStop);
  std::signal(SIGINT, RequestStop);
  std::signal(SIGPIPE, SIG_IGN);
  if (!MakeDirectory(FLAGS_state_dir, 0700) || !MakeDirectory(FLAGS_runtime_dir, 0755))
    return Fail(ExitCode::kFailed,
                absl::StrCat("cannot create state or runtime directory: ", std::strerror(errno)));
  StateFile file(FLAGS_state_dir);
  State state;
  if (ExitCode code = LoadState(file, &state); code != ExitCode::kOk) return code;
  std::string socket =
      FLAGS_dataplane_socket.empty() ? FLAGS_runtime_dir + "/dataplane.sock" : FLAGS_dataplane_socket;
  Node node(std::move(state), file, socket);
  FlowListing listing(node);
  Heartbeats heartbeats;
  LimitEvents limits;
  Crowd crowd(Crowd::KernelKey);
  OpeningStream openings(node.link());
  openings.Add([&](const Opened& opened) { crowd.Take(opened); });
  Records records;
  Generation recorded = 0;  // whose units the records know
  UtcClock clock = ReadUtcClock();
  openings.Add([&](const Opened& opened) { records.Take(opened, clock); });
  Commands commands(node, listing, heartbeats, crowd, records);
  auto server = ApiServer::Open(FLAGS_runtime_dir, [&](const ApiRequest& request, Answered answered) {
    commands.Obey(request, std::move(answered));
  });
  if (!server.ok()) return Fail(ExitCode::kFailed, std::string(server.status().message()));
  Log(LogLevel::kInfo, "ready", {{"runtime_dir", FLAGS_runtime_dir}});
  while (!stop_requested.load()) {
    (*server)->Poll(kPollMs, MonotonicMs());
    node.Poll(MonotonicMs());
    clock = ReadUtcClock();
    crowd.Configure(node.config(), node.generation(), node.assignments());
    if (node.generation() != recorded)
      records.Follow(node.config(), recorded = node.generation(), node.assignments(), clock);
    openings.Poll();
    crowd.Tick(MonotonicMs());
    records.Poll(clock);
    node.SetOpeningRule(records.rule(), MonotonicMs());
    listing.Poll(MonotonicMs());
    if (!node.link().attached()) continue;
    heartbeats.Look(node.link().page(), node.link().workers(), MonotonicMs());
    for (const auto& event : limits.Look(node.link().page(), node.link().workers(), MonotonicMs()))
      Log(LogLevel::kWarning, kDropReasonRows[static_cast<int>(event.reason)].sentence,
          {{"reason", Name(event.reason)}, {"packets", absl::StrCat(event.packets)}});
  }
  openings.Poll();  // what was opened so far still gets its record
  Log(LogLevel::kInfo, "stopped", {});
  return ExitCode::kOk;
}

}  // namespace
}  // namespace cfr

int main(int argc, char** argv) {
  google::SetUsageMessage("the deciding process of the relay");
  google::SetVersionString(cfr::kVersion);
  google::gflags_exitfunc = [](int) { std::exit(static_cast<int>(cfr::ExitCode::kUsage)); };
  google::ParseCommandLineNonHelpFlags(&argc, &argv, true);
  google::gflags_exitfunc = [](int) { std::exit(0); };
  google::HandleCommandLineHelpFlags();
  cfr::ExitCode code = argc == 1 ? cfr::Main()
                                 : cfr::Fail(cfr::ExitCode::kUsage,
                                             absl::StrCat("unexpected argument '", argv[1], "'; see --help"));
  return static_cast<int>(code);
}
