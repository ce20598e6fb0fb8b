// SPDX-License-Identifier: BSD-3-Clause
// cfrctl: the command line. One table of commands gives parsing, --help and docs/cli.md.
// stdout carries data, stderr talk; exit codes are ExitCode (control/answer.h).
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/config.h"
#include "common/counters.h"
#include "common/version.h"
#include "control/client.h"
#include "control/doctor.h"
#include "control/render.h"

namespace cfr {
namespace {

constexpr int kAnswerMs = 20'000;
constexpr int kDrainPollUs = 200'000;

struct Options {
  std::string socket = "/run/cfr/control.sock";
  bool json = false;
  std::string file = "/etc/cfr/cfr.toml";  // config FILE
  std::string name, region, subscriber, pool, protocol, deadline;
  std::vector<std::string> prefixes;
  uint64_t generation = 0, alias_units = 4, limit = 100, worker = 0;
  bool has_generation = false, has_worker = false, answer_neighbours = false, drain = false, wait = false, all = false,
       explain = false, detailed = false;
};

int Print(const Options& o, const Answer& answer, std::string (*render)(const Json&)) {
  if (const auto* failure = std::get_if<Failure>(&answer)) {
    static constexpr const char* kCodes[] = {"ok", "failed", "usage", "unreachable", "config", "conflict", "deadline"};
    auto code = static_cast<int>(failure->code);
    if (o.json) {
      Json error = {{"code", kCodes[code]}, {"message", failure->message}, {"hint", failure->hint}};
      std::cout << Json{{"schema_version", 1}, {"error", error}}.dump() << "\n";
    } else {
      std::fprintf(stderr, "cfrctl: %s\n", failure->message.c_str());
      if (!failure->hint.empty()) std::fprintf(stderr, "  hint: %s\n", failure->hint.c_str());
    }
    return code;
  }
  Json result = std::get<Json>(answer);
  if (o.json) {
    result["schema_version"] = 1;
    std::cout << result.dump() << "\n";
  } else {
    std::cout << render(result);
  }
  std::cout.flush();
  return std::cout ? 0 : static_cast<int>(ExitCode::kFailed);
}

Answer AskDaemon(const Options& o, const std::string& command, const Json& args = Json::object()) {
  return Ask(o.socket, command, args, kAnswerMs);
}

// "-" is standard input. The failure is a configuration failure: there is nothing to check.
bool ReadFile(const std::string& path, std::string* text, Answer* failure) {
  std::stringstream all;
  std::ifstream file;
  if (path != "-") file.open(path, std::ios::binary);
  all << (path == "-" ? std::cin.rdbuf() : file.rdbuf());
  if (path != "-" && !file) {
    *failure = Failure{ExitCode::kConfig, absl::StrCat(path, ":0:0: error: cannot be read"), ""};
    return false;
  }
  *text = all.str();
  return true;
}

int ConfigCheck(const Options& o) {
  std::string text;
  Answer answer;
  if (!ReadFile(o.file, &text, &answer)) return Print(o, answer, RenderChange);
  ConfigResult parsed = ParseConfig(text);
  if (parsed.config.has_value())
    return Print(o, Json{{"valid", true}, {"errors", Json::array()}}, [](const Json&) { return std::string("good\n"); });
  if (!o.json) {
    for (const ConfigError& e : parsed.errors) std::fprintf(stderr, "%s\n", Format(e, o.file).c_str());
    return static_cast<int>(ExitCode::kConfig);
  }
  Json errors = Json::array();
  for (const ConfigError& e : parsed.errors)
    errors.push_back({{"file", o.file}, {"line", e.line}, {"column", e.column}, {"message", e.message}, {"hint", e.hint}});
  std::cout << Json{{"schema_version", 1}, {"valid", false}, {"errors", errors},
                    {"error", {{"code", "config"}, {"message", "the configuration is invalid"}, {"hint", ""}}}}.dump(
                   -1, ' ', false, Json::error_handler_t::replace) << "\n";
  return static_cast<int>(ExitCode::kConfig);
}

int ConfigPlan(const Options& o) {
  std::string text;
  Answer answer;
  if (!ReadFile(o.file, &text, &answer)) return Print(o, answer, RenderPlan);
  answer = AskDaemon(o, "config plan", {{"config", text}, {"file", o.file}});
  int code = Print(o, answer, RenderPlan);
  bool changes = code == 0 && !std::get<Json>(answer)["changes"].empty();
  return o.detailed && changes ? 10 : code;
}

int ConfigApply(const Options& o) {
  std::string text;
  Answer answer;
  if (!ReadFile(o.file, &text, &answer)) return Print(o, answer, RenderChange);
  Json args = {{"config", text}, {"file", o.file}};
  if (o.has_generation) args["if_generation"] = o.generation;
  return Print(o, AskDaemon(o, "config apply", args), RenderChange);
}

int ConfigExport(const Options& o) {
  return Print(o, AskDaemon(o, "config export"), [](const Json& r) { return r["config"].get<std::string>(); });
}

int PoolList(const Options& o) { return Print(o, AskDaemon(o, "pool list"), RenderPools); }
int PoolShow(const Options& o) { return Print(o, AskDaemon(o, "pool show", {{"name", o.name}}), RenderPool); }
int PoolAdd(const Options& o) {
  return Print(o, AskDaemon(o, "pool add", {{"name", o.name}, {"region", o.region}, {"prefixes", o.prefixes},
                                            {"alias_units", o.alias_units}, {"answer_neighbours", o.answer_neighbours}}),
               RenderChange);
}
int PoolDel(const Options& o) {
  return Print(o, AskDaemon(o, "pool del", {{"name", o.name}, {"drain", o.drain}}), RenderChange);
}

// "90s", "10m", "2h" or seconds; 0 if malformed.
uint64_t Milliseconds(const std::string& text) {
  char unit = 's';
  unsigned long long n = 0;
  char rest = 0;
  int fields = std::sscanf(text.c_str(), "%9llu%c%c", &n, &unit, &rest);
  uint64_t scale = unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : 0;
  return fields == 1 || fields == 2 ? n * scale * 1000 : 0;
}

// Follows a draining pool until its last flow is gone. Ctrl-C only stops the watching.
int WaitForDrain(const Options& o) {
  uint64_t patience = o.deadline.empty() ? 0 : Milliseconds(o.deadline);
  uint64_t end = MonotonicMs() + patience;
  for (uint64_t last = ~uint64_t{0};;) {
    Answer shown = AskDaemon(o, "pool show", {{"name", o.name}});
    if (std::holds_alternative<Failure>(shown)) return Print(o, shown, RenderPool);
    uint64_t flows = std::get<Json>(shown)["flows"];
    if (flows != last && !o.json) std::fprintf(stderr, "%s: %llu flows left\n", o.name.c_str(), static_cast<unsigned long long>(flows));
    if (flows != last && o.json) std::cout << Json{{"schema_version", 1}, {"pool", o.name}, {"flows", flows}}.dump() << std::endl;
    last = flows;
    if (flows == 0) return 0;
    if (patience != 0 && MonotonicMs() >= end) {
      std::fprintf(stderr, "cfrctl: %llu flows left at the deadline\n", static_cast<unsigned long long>(flows));
      return static_cast<int>(ExitCode::kDeadline);
    }
    usleep(kDrainPollUs);
  }
}

int PoolDrain(const Options& o) {
  if (!o.deadline.empty() && Milliseconds(o.deadline) == 0)
    return Print(o, Failure{ExitCode::kUsage, absl::StrCat("'", o.deadline, "' is no duration"), "90s, 10m or 2h"}, RenderChange);
  int code = Print(o, AskDaemon(o, "pool drain", {{"name", o.name}}), RenderChange);
  return code == 0 && o.wait ? WaitForDrain(o) : code;
}
int PoolUndrain(const Options& o) { return Print(o, AskDaemon(o, "pool undrain", {{"name", o.name}}), RenderChange); }

int EpochShow(const Options& o) {
  return Print(o, AskDaemon(o, "epoch show"), [](const Json& r) {
    return absl::StrCat("epoch ", r["length_seconds"].dump(), " s, key version ", r.value("key_version", Json("none")).dump(), "\n");
  });
}
int EpochAdvance(const Options& o) { return Print(o, AskDaemon(o, "epoch advance"), RenderChange); }

int FlowList(const Options& o) {
  Json args = {{"limit", o.limit}, {"subscriber", o.subscriber}, {"pool", o.pool}, {"protocol", o.protocol}};
  return Print(o, AskDaemon(o, "flow list", args), RenderFlows);
}
int FlowStats(const Options& o) { return Print(o, AskDaemon(o, "flow stats"), RenderFlowStats); }
int WorkerList(const Options& o) { return Print(o, AskDaemon(o, "worker list"), RenderWorkers); }
int PortList(const Options& o) { return Print(o, AskDaemon(o, "port list"), RenderPorts); }

int Counters(const Options& o) {
  Json args = {{"all", o.all}};
  if (o.has_worker) args["worker"] = o.worker;
  Answer answer = AskDaemon(o, "counters", args);
  if (o.explain && !o.json && std::holds_alternative<Failure>(answer)) {
    // The sentences need no daemon.
    std::fprintf(stderr, "cfrctl: %s\n", std::get<Failure>(answer).message.c_str());
    std::cout << RenderExplanations();
    return 0;
  }
  if (o.explain && o.json && std::holds_alternative<Json>(answer)) {
    Json& explained = std::get<Json>(answer)["explain"];
    for (const DropReasonRow& row : kDropReasonRows) explained[row.name] = {{"clause", row.clause}, {"sentence", row.sentence}};
  }
  return Print(o, answer, o.explain ? [](const Json& r) { return RenderCounters(r, true); }
                                    : [](const Json& r) { return RenderCounters(r, false); });
}

int Health(const Options& o) {
  Answer answer = AskDaemon(o, "health");
  int code = Print(o, answer, RenderChecks);
  if (code != 0) return code;
  return std::get<Json>(answer)["healthy"].get<bool>() ? 0 : static_cast<int>(ExitCode::kFailed);
}

int Doctor(const Options& o) {
  Json report = Examine(o.file, o.socket);
  bool healthy = report["healthy"].get<bool>();
  int code = Print(o, report, RenderChecks);
  return code != 0 || healthy ? code : static_cast<int>(ExitCode::kFailed);
}

int Version(const Options& o) {
  Json version = {{"cfrctl", kVersion}};
  Answer answer = AskDaemon(o, "version");
  if (auto* daemons = std::get_if<Json>(&answer)) version.update(*daemons);
  return Print(o, version, [](const Json& r) {
    std::string out;
    for (const auto& [name, value] : r.items()) absl::StrAppend(&out, name, ": ", value.is_string() ? value.get<std::string>() : value.dump(), "\n");
    return out;
  });
}

void NoArguments(CLI::App*, Options*) {}
void NameArgument(CLI::App* app, Options* o) { app->add_option("NAME", o->name, "name of the pool")->required(); }
void FileArgument(CLI::App* app, Options* o) { app->add_option("FILE", o->file, "configuration file, - for standard input")->required(); }
void PlanArguments(CLI::App* app, Options* o) {
  FileArgument(app, o);
  app->add_flag("--detailed-exitcode", o->detailed, "end with 10 when there are changes");
}
void ApplyArguments(CLI::App* app, Options* o) {
  FileArgument(app, o);
  app->add_option("--if-generation", o->generation, "refuse with 5 unless this generation is in force")
      ->each([o](const std::string&) { o->has_generation = true; });
}
void AddArguments(CLI::App* app, Options* o) {
  NameArgument(app, o);
  app->add_option("--region", o->region, "region code of the pool")->required();
  app->add_option("--prefix", o->prefixes, "prefix of the pool, may be repeated")->required();
  app->add_option("--alias-units", o->alias_units, "addresses in use at once, 1 to 16")->capture_default_str();
  app->add_flag("--answer-neighbours", o->answer_neighbours, "answer ARP and ND for the pool on the core side");
}
void DelArguments(CLI::App* app, Options* o) {
  NameArgument(app, o);
  app->add_flag("--drain", o->drain, "delete although flows are live; they finish on their alias");
}
void DrainArguments(CLI::App* app, Options* o) {
  NameArgument(app, o);
  app->add_flag("--wait", o->wait, "until the last flow is gone");
  app->add_option("--deadline", o->deadline, "with --wait: give up after this time, exit 6");
}
void ListArguments(CLI::App* app, Options* o) {
  app->add_option("--limit", o->limit, "rows at most, 1 to 10000")->capture_default_str();
  app->add_option("--subscriber", o->subscriber, "address or prefix");
  app->add_option("--pool", o->pool, "name of a pool");
  app->add_option("--proto", o->protocol, "tcp, udp, icmp or icmp6");
}
void CounterArguments(CLI::App* app, Options* o) {
  app->add_flag("--explain", o->explain, "say what each drop reason means; needs no daemon");
  app->add_flag("--all", o->all, "rows that are zero, too");
  app->add_option("--worker", o->worker, "of one worker only")->each([o](const std::string&) { o->has_worker = true; });
}
void DoctorArguments(CLI::App* app, Options* o) {
  app->add_option("--config", o->file, "configuration file of the daemons")->capture_default_str();
}

struct CommandRow {
  const char* noun;
  const char* verb;  // "" for a command that stands alone
  const char* sentence;
  void (*arguments)(CLI::App*, Options*);
  int (*run)(const Options&);
};

constexpr CommandRow kCommands[] = {
    {"config", "check", "Says whether a file is valid; needs no daemon, root or huge pages.", FileArgument, ConfigCheck},
    {"config", "plan", "Shows what applying a file would change.", PlanArguments, ConfigPlan},
    {"config", "apply", "Makes a file the configuration in force, whole or not at all.", ApplyArguments, ConfigApply},
    {"config", "export", "Prints the configuration in force as a file.", NoArguments, ConfigExport},
    {"pool", "list", "Lists the egress pools, those that only drain included.", NoArguments, PoolList},
    {"pool", "show", "Shows a pool and its alias units.", NameArgument, PoolShow},
    {"pool", "add", "Adds a pool; an identical one is no change.", AddArguments, PoolAdd},
    {"pool", "del", "Deletes a pool without live flows.", DelArguments, PoolDel},
    {"pool", "drain", "Lets a pool's flows finish and opens no new ones.", DrainArguments, PoolDrain},
    {"pool", "undrain", "Opens new flows from a pool again.", NameArgument, PoolUndrain},
    {"epoch", "show", "Shows length and key version of the privacy epoch.", NoArguments, EpochShow},
    {"epoch", "advance", "Draws a new key: new flows get fresh aliases at once.", NoArguments, EpochAdvance},
    {"flow", "list", "Lists live flows; names subscribers and remotes, so not on the read-only socket.", ListArguments, FlowList},
    {"flow", "stats", "Counts flows per family.", NoArguments, FlowStats},
    {"worker", "list", "Shows each worker's flows and handoffs.", NoArguments, WorkerList},
    {"port", "list", "Shows the ports and what their drivers counted.", NoArguments, PortList},
    {"counters", "", "Shows counters and drops by reason.", CounterArguments, Counters},
    {"doctor", "", "Examines this machine: each finding with the command that mends it.", DoctorArguments, Doctor},
    {"health", "", "Ends with 0 if the relay can open new flows.", NoArguments, Health},
    {"version", "", "Prints the versions of all three programs.", NoArguments, Version},
};

// docs/cli.md, from the table.
int Reference(CLI::App& app) {
  std::printf("# cfrctl\n\nMade by `cfrctl reference`; a test keeps it fresh.\n\n"
              "`cfrctl [--socket SOCKET] [--json] NOUN VERB [ARGUMENTS]`\n\n"
              "stdout carries data, stderr talk. `--json` gives one JSON object with `schema_version`, errors as\n"
              "`{\"error\": {\"code\", \"message\", \"hint\"}}`. Scripts may talk to the sockets themselves, one JSON object a line:\n"
              "`{\"command\": \"pool show\", \"args\": {\"name\": \"v4\"}}` to `control.sock`, or to `readonly.sock` for what only\n"
              "shows aggregates.\n\n| exit | means |\n|---|---|\n| 0 | ok, also: nothing to change |\n| 1 | rejected or failed |\n"
              "| 2 | usage |\n| 3 | daemon unreachable |\n| 4 | configuration invalid |\n"
              "| 5 | conflict: another generation, or another object of that name |\n| 6 | deadline passed |\n");
  for (const CommandRow& row : kCommands) {
    CLI::App* command = app.get_subcommand(row.noun);
    if (*row.verb != '\0') command = command->get_subcommand(row.verb);
    std::printf("\n## %s%s%s\n\n%s\n", row.noun, *row.verb != '\0' ? " " : "", row.verb, row.sentence);
    bool first = true;
    for (const CLI::Option* option : command->get_options()) {
      if (option->get_name() == "--help") continue;
      std::printf("%s- `%s` %s%s\n", first ? "\n" : "", option->get_name(true, true).c_str(), option->get_description().c_str(),
                  option->get_default_str().empty() ? "" : absl::StrCat(" (default ", option->get_default_str(), ")").c_str());
      first = false;
    }
  }
  return 0;
}

int Main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  Options options;
  CLI::App app{"the command line of the relay"};
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--socket", options.socket, "socket of cfr-control")->capture_default_str();
  app.add_flag("--json", options.json, "JSON on stdout");
  app.add_subcommand("reference", "")->group("");
  const CommandRow* chosen = nullptr;
  std::map<std::string, CLI::App*> nouns;
  for (const CommandRow& row : kCommands) {
    bool alone = *row.verb == '\0';
    CLI::App*& noun = nouns[row.noun];
    if (noun == nullptr) noun = app.add_subcommand(row.noun, alone ? row.sentence : "");
    CLI::App* command = alone ? noun : noun->require_subcommand(1)->add_subcommand(row.verb, row.sentence);
    noun->fallthrough();
    command->fallthrough();
    row.arguments(command, &options);
    command->callback([&chosen, &row] { chosen = &row; });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);  // --help
    return Print(options, Failure{ExitCode::kUsage, e.what(), "cfrctl --help"}, RenderChange);
  }
  return chosen == nullptr ? Reference(app) : chosen->run(options);
}

}  // namespace
}  // namespace cfr

int main(int argc, char** argv) { return cfr::Main(argc, argv); }
