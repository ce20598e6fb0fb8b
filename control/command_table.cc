// SPDX-License-Identifier: BSD-3-Clause
#include "control/command_table.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/str_cat.h"
#include "common/config.h"
#include "common/limits.h"
#include "common/suggestion.h"

namespace cfr {
namespace {

using Kind = ArgumentRow::Kind;
using Need = ArgumentRow::Need;
using Use = ArgumentRow::Use;

constexpr uint64_t kGenerationMax = INT64_MAX;  // of JSON readers with signed integers

ArgumentRow Option(const char* name, Kind kind, const char* sentence) {
  return {name, kind, Need::kOptional, Use::kSent, sentence};
}
ArgumentRow Required(const char* name, Kind kind, const char* sentence) {
  return {name, kind, Need::kRequired, Use::kSent, sentence};
}
ArgumentRow OfCfrctl(const char* name, Kind kind, const char* sentence) {
  return {name, kind, Need::kOptional, Use::kLocal, sentence};
}
ArgumentRow Number(const char* name, uint64_t first, uint64_t last, std::optional<uint64_t> standard,
                   const char* sentence) {
  return {name, Kind::kNumber, Need::kOptional, Use::kSent, sentence, first, last, standard};
}

ArgumentRow RequiredNumber(const char* name, uint64_t first, uint64_t last, const char* sentence) {
  return {name, Kind::kNumber, Need::kRequired, Use::kSent, sentence, first, last};
}
ArgumentRow Needed(const char* name, uint64_t last, const char* sentence) {
  return {name, Kind::kNumber, Need::kRequired, Use::kSent, sentence, 0, last};
}

const ArgumentRow kName = Required("NAME", Kind::kText, "name of the pool");
const ArgumentRow kFile = Required("FILE", Kind::kFile, "configuration file, - for standard input");

std::vector<CommandRow> MakeTable() {
  return {
      {"config",
       "check",
       Access::kLocal,
       "Says whether a file is valid; needs no daemon, root or huge pages.",
       {kFile}},
      {"config",
       "plan",
       Access::kFull,
       "Shows what applying a file would change.",
       {kFile, OfCfrctl("--detailed-exitcode", Kind::kFlag, "end with 10 when there are changes")}},
      {"config",
       "apply",
       Access::kFull,
       "Makes a file the configuration in force, whole or not at all.",
       {kFile, Number("--if-generation", 0, kGenerationMax, {},
                      "refuse with 5 unless this generation is in force")}},
      {"config", "export", Access::kFull, "Prints the configuration in force as a file.", {}},
      {"pool", "list", Access::kAggregate, "Lists the egress pools, those that only drain included.", {}},
      {"pool", "show", Access::kAggregate, "Shows a pool and its alias units.", {kName}},
      {"pool",
       "add",
       Access::kFull,
       "Adds a pool; an identical one is no change.",
       {kName, Required("--region", Kind::kText, "region code of the pool"),
        Required("--prefix", Kind::kTexts, "prefix of the pool; may be repeated"),
        Number("--alias-units", 1, kUnitsPerPoolMax, PoolConfig{}.alias_units, "addresses in use at once"),
        Option("--answer-neighbours", Kind::kFlag, "answer ARP and ND for the pool on the core side"),
        Option("--small-crowd", Kind::kFlag, "accept that fewer than 100 subscribers share an alias"),
        Option("--parent", Kind::kText, "pool this one may be merged into")}},
      {"pool",
       "del",
       Access::kFull,
       "Deletes a pool without live flows; one that is gone is no change.",
       {kName, Option("--drain", Kind::kFlag, "delete although flows are live; they finish on their alias")}},
      {"pool",
       "drain",
       Access::kFull,
       "Lets a pool's flows finish and opens no new ones.",
       {kName, OfCfrctl("--wait", Kind::kFlag, "return when the last flow is gone"),
        OfCfrctl("--deadline", Kind::kDuration,
                 "wait at most this long, like 90s, 10m or 2h; then end with 6")}},
      {"pool", "undrain", Access::kFull, "Opens new flows from a draining pool again.", {kName}},
      {"pool",
       "merge",
       Access::kFull,
       "Lets a pool's units drain, and its region use the parent's once all its pools are merged.",
       {kName}},
      {"pool", "unmerge", Access::kFull, "Lets a merged pool serve its region again.", {kName}},
      {"geofeed",
       "export",
       Access::kAggregate,
       "Prints where the pools are, to be published (RFC 8805).",
       {}},
      {"geofeed",
       "check",
       Access::kLocal,
       "Says whether a geofeed is valid, line by line, and says of the pools what they are; ends with 1 if "
       "not.",
       {Required("FILE", Kind::kFile, "geofeed, - for standard input"),
        OfCfrctl("--syntax", Kind::kFlag, "do not compare with the pools; needs no daemon")}},
      {"epoch", "show", Access::kAggregate, "Shows length and key version of the privacy epoch.", {}},
      {"epoch", "advance", Access::kFull, "Draws a new key: new flows get fresh aliases at once.", {}},
      {"privacy",
       "show",
       Access::kAggregate,
       "Shows how well each pool hides its subscribers, against the profile CFR-U1.",
       {}},
      {"privacy",
       "watch",
       Access::kLocal,
       "The same again and again; with --json one line each time.",
       {OfCfrctl("--interval", Kind::kDuration, "time between two, like 10s, which it is when left out"),
        {"--count", Kind::kNumber, Need::kOptional, Use::kLocal, "end after so many", 1, 1'000'000}}},
      {"privacy",
       "size",
       Access::kLocal,
       "Says how many alias units a pool needs, and what they tell and hide; docs/privacy.md. Ends with 1 if "
       "no"
       " number serves ports and crowd.",
       {Needed("--subscribers", 1'000'000'000, "that open a flow within one epoch in the busiest hour"),
        Needed(
            "--flows", 1'000'000'000,
            "held at once towards the busiest remote, its port and protocol, those closed less than 120 s ago"
            " included; of a pool with exclusive ports, towards all remotes")}},
      {"flow",
       "list",
       Access::kFull,
       "Lists live flows; names subscribers and remotes.",
       {Number("--limit", 1, 10'000, 100, "rows at most"),
        Option("--subscriber", Kind::kText, "of this address, or of addresses in this prefix"),
        Option("--pool", Kind::kText, "on alias units of this pool"),
        Option("--proto", Kind::kText, "tcp, udp, icmp or icmp6")}},
      {"flow", "stats", Access::kAggregate, "Counts flows per family.", {}},
      {"worker", "list", Access::kAggregate, "Shows each worker's flows and handoffs.", {}},
      {"port", "list", Access::kAggregate, "Shows the ports and what their drivers counted.", {}},
      {"counters",
       "",
       Access::kAggregate,
       "Shows counters and drops by reason.",
       {OfCfrctl("--explain", Kind::kFlag,
                 "say what each row means; without a daemon, what each drop reason means"),
        Option("--all", Kind::kFlag, "rows that are zero, too"),
        Number("--worker", 0, kWorkersMax - 1, {}, "of one worker only")}},
      {"record",
       "keygen",
       Access::kLocal,
       "Makes the keys records are sealed to, one pair a day. Run it off the relay.",
       {RequiredNumber("--days", 1, kDayKeysMax, "how many days"),
        Required("--from", Kind::kText, "first UTC day, like 2026-11-25"),
        Required("--out", Kind::kText,
                 "directory for private/DAY.key and public/DAY.pub; none is overwritten")}},
      {"record",
       "open",
       Access::kLocal,
       "Tells which subscriber a report is about, or why not. Runs off the relay, on a copy of its log. Ends"
       " with 1 unless it is exactly one.",
       {Required("--day-key", Kind::kTexts,
                 "private half of a day the flow may have begun on; may be repeated"),
        Required("--alias", Kind::kText, "address the reporter saw"),
        RequiredNumber("--alias-port", 0, 65'535, "port the reporter saw; of echo the identifier"),
        Required("--remote", Kind::kText, "the reporter's own address"),
        RequiredNumber("--remote-port", 0, 65'535, "the reporter's own port; 0 of echo"),
        Required("--protocol", Kind::kText, "tcp, udp, icmp or icmp6"),
        Required("--time", Kind::kText, "when it was seen, like 2026-11-25T03:20:05Z"),
        Option("--dir", Kind::kText, "directory of the log; /var/lib/cfr/records when left out"),
        Required("--case", Kind::kText, "what the audit file calls this"),
        Required("--audit", Kind::kText, "file to which each use is added")}},
      {"record",
       "check",
       Access::kLocal,
       "Says whether a log of records is as it was written; needs no key. Ends with 1 if it is not.",
       {Option("--dir", Kind::kText, "directory of the log; /var/lib/cfr/records when left out"),
        Option("--audit", Kind::kText, "an audit file to check, too")}},
      {"health", "", Access::kAggregate, "Ends with 0 if the relay can open new flows, with 1 if not.", {}},
      {"doctor",
       "",
       Access::kLocal,
       "Examines this machine and the daemons: each finding with the command that mends it. Ends with 1 if"
       " there is one.",
       {OfCfrctl("--config", Kind::kText,
                 "configuration file of the daemons; /etc/cfr/cfr.toml when left out")}},
      {"version", "", Access::kAggregate, "Prints the versions of all three programs.", {}},
      {"completion",
       "bash",
       Access::kLocal,
       "Prints completion for bash: eval \"$(cfrctl completion bash)\".",
       {}},
      {"reference", "", Access::kLocal, "Prints docs/cli.md.", {}},
  };
}

bool HasKind(const Json& value, Kind kind) {
  switch (kind) {
    case Kind::kFlag:
      return value.is_boolean();
    case Kind::kNumber:
    case Kind::kDuration:
      return value.is_number_integer() && value >= 0;
    case Kind::kText:
    case Kind::kFile:
      return value.is_string();
    case Kind::kTexts:
      return value.is_array() &&
             std::all_of(value.begin(), value.end(), [](const Json& j) { return j.is_string(); });
  }
  return false;
}

const char* KindName(Kind kind) {
  switch (kind) {
    case Kind::kFlag:
      return "true or false";
    case Kind::kNumber:
    case Kind::kDuration:
      return "a whole number";
    case Kind::kText:
    case Kind::kFile:
      return "a string";
    case Kind::kTexts:
      return "an array of strings";
  }
  return "";
}

// What the API takes: a file is its text and, for messages, its name.
std::vector<ArgumentRow> ApiArguments(const CommandRow& command) {
  std::vector<ArgumentRow> rows;
  for (const ArgumentRow& row : command.arguments) {
    if (row.use == Use::kLocal) continue;
    rows.push_back(row);
    if (row.kind != Kind::kFile) continue;
    rows.back().name = "config";
    rows.push_back(Option("file", Kind::kText, ""));
  }
  return rows;
}

Failure Wrong(const CommandRow& command, const std::string& what, const std::string& hint = "") {
  return {ExitCode::kUsage, absl::StrCat(command.name(), ": ", what),
          hint.empty() ? absl::StrCat("cfrctl ", command.name(), " --help") : hint};
}

}  // namespace

std::string ArgumentRow::key() const {
  std::string key(name + std::string_view(name).find_first_not_of('-'));
  for (char& c : key) c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return key;
}

std::string CommandRow::name() const {
  return *verb == '\0' ? noun : absl::StrCat(noun, " ", verb);
}

const std::vector<CommandRow>& CommandTable() {
  static const std::vector<CommandRow> kTable = MakeTable();
  return kTable;
}

const CommandRow* FindCommand(std::string_view name) {
  for (const CommandRow& row : CommandTable())
    if (row.name() == name) return &row;
  return nullptr;
}

std::vector<std::string> Nouns() {
  std::vector<std::string> nouns;
  for (const CommandRow& row : CommandTable())
    if (nouns.empty() || nouns.back() != row.noun) nouns.push_back(row.noun);
  return nouns;
}

std::vector<std::string> VerbsOf(std::string_view noun) {
  std::vector<std::string> verbs;
  for (const CommandRow& row : CommandTable())
    if (noun == row.noun && *row.verb != '\0') verbs.push_back(row.verb);
  return verbs;
}

std::variant<Json, Failure> CompleteArguments(const CommandRow& command, const Json& args) {
  const std::vector<ArgumentRow> rows = ApiArguments(command);
  std::vector<std::string> known;
  for (const ArgumentRow& row : rows) known.push_back(row.key());
  for (const auto& [key, value] : args.items())
    if (std::find(known.begin(), known.end(), key) == known.end())
      return Wrong(command, absl::StrCat("unknown argument '", key.substr(0, 64), "'"),
                   known.empty() ? "it takes none" : Suggestion(key, known));
  Json complete = args;
  for (const ArgumentRow& row : rows) {
    const std::string key = row.key();
    if (!args.contains(key)) {
      if (row.need == Need::kRequired) return Wrong(command, absl::StrCat("argument '", key, "' is missing"));
      if (row.standard.has_value()) complete[key] = *row.standard;
      continue;
    }
    if (!HasKind(args[key], row.kind))
      return Wrong(command, absl::StrCat("argument '", key, "' must be ", KindName(row.kind)));
    if (row.kind == Kind::kNumber && (args[key] < row.first || args[key] > row.last))
      return Wrong(command, absl::StrCat("argument '", key, "' is ", args[key].dump(),
                                         "; allowed: ", row.first, " to ", row.last));
  }
  return complete;
}

}  // namespace cfr
