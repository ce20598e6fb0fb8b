// SPDX-License-Identifier: BSD-3-Clause
#include "control/commands.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/version.h"
#include "control/command_table.h"
#include "control/crowd_view.h"
#include "control/health.h"
#include "control/log.h"
#include "control/plan.h"
#include "control/views.h"

namespace cfr {
namespace {

constexpr size_t kLoggedMax = 64;  // bytes of a word from outside

std::string Text(const Json& args, const char* key) {
  return args.value(key, std::string());
}
bool Flag(const Json& args, const char* key) {
  return args.value(key, false);
}
std::optional<uint64_t> Number(const Json& args, const char* key) {
  return args.contains(key) ? std::optional(args.at(key).get<uint64_t>()) : std::nullopt;
}

Failure ConfigFailure(const std::vector<ConfigError>& errors, const std::string& file) {
  Failure failure{ExitCode::kConfig, "", "nothing was changed"};
  for (const ConfigError& e : errors)
    absl::StrAppend(&failure.message, failure.message.empty() ? "" : "\n", Format(e, file));
  return failure;
}

Failure Detached(Node& node) {
  return {ExitCode::kFailed,
          absl::StrCat("no dataplane is attached: ", std::string(node.link().why_detached().message())),
          "start cfr-dataplane"};
}

Json PlanView(Node& node, const Config& after) {
  Json items = Json::array();
  for (const PlanItem& item : MakePlan(node.config(), after)) {
    Json view = {{"sign", std::string(1, item.sign)},
                 {"object", item.object},
                 {"name", item.name},
                 {"text", item.text},
                 {"needs_restart", item.needs_restart}};
    if (item.object == "pool" && node.link().attached()) view["live_flows"] = node.PoolFlows(item.name);
    items.push_back(view);
  }
  return items;
}

auto FindPool(Config& config, const std::string& name) {
  return std::find_if(config.pools.begin(), config.pools.end(),
                      [&](const PoolConfig& p) { return p.name == name; });
}

Failure NoPool(const std::string& name) {
  return {ExitCode::kFailed, absl::StrCat("no pool '", name, "'"), "cfrctl pool list"};
}

}  // namespace

// Exactly one of `now` and `later` is set.
struct Commands::Row {
  const char* name;  // in the command table
  Answer (Commands::*now)(const Json&);
  void (Commands::*later)(const Json&, Answered);
};

const Commands::Row Commands::kRows[] = {
    {"config export", &Commands::ConfigExport, nullptr},
    {"config plan", &Commands::ConfigPlan, nullptr},
    {"config apply", nullptr, &Commands::ConfigApply},
    {"pool list", &Commands::PoolList, nullptr},
    {"pool show", &Commands::PoolShow, nullptr},
    {"pool add", nullptr, &Commands::PoolAdd},
    {"pool del", nullptr, &Commands::PoolDel},
    {"pool drain", nullptr, &Commands::PoolDrain},
    {"pool undrain", nullptr, &Commands::PoolUndrain},
    {"pool merge", nullptr, &Commands::PoolMerge},
    {"pool unmerge", nullptr, &Commands::PoolUnmerge},
    {"geofeed export", &Commands::GeofeedExport, nullptr},
    {"privacy show", &Commands::PrivacyShow, nullptr},
    {"epoch show", &Commands::EpochShow, nullptr},
    {"epoch advance", nullptr, &Commands::EpochAdvance},
    {"flow list", nullptr, &Commands::FlowList},
    {"flow stats", &Commands::FlowStats, nullptr},
    {"worker list", &Commands::WorkerList, nullptr},
    {"port list", &Commands::PortList, nullptr},
    {"counters", &Commands::CounterTotals, nullptr},
    {"health", &Commands::Health, nullptr},
    {"version", &Commands::Version, nullptr},
};

void Commands::Obey(const ApiRequest& request, Answered answered) {
  now_ms_ = request.now_ms;
  const CommandRow* command = FindCommand(request.command);
  if (command == nullptr || command->access != Access::kFull) return Dispatch(request, std::move(answered));
  // Of the arguments only the object's name: others are subscribers.
  std::string text = request.command;
  auto name = request.args.find("name");
  if (name != request.args.end() && name->is_string())
    absl::StrAppend(&text, " ", name->get<std::string>().substr(0, kLoggedMax));
  Dispatch(request, [text, peer = request.peer, answered = std::move(answered)](Answer answer) {
    const auto* failure = std::get_if<Failure>(&answer);
    Log(failure == nullptr ? LogLevel::kInfo : LogLevel::kWarning, "command",
        {{"command", text},
         {"peer", peer},
         {"result", Name(failure == nullptr ? ExitCode::kOk : failure->code)}});
    answered(std::move(answer));
  });
}

void Commands::Dispatch(const ApiRequest& request, Answered answered) {
  auto row = std::find_if(std::begin(kRows), std::end(kRows),
                          [&](const Row& r) { return request.command == r.name; });
  if (row == std::end(kRows))
    return answered(Failure{ExitCode::kUsage,
                            absl::StrCat("unknown command '", request.command.substr(0, kLoggedMax), "'"),
                            "cfrctl --help"});
  const CommandRow& command = *FindCommand(row->name);
  if (request.read_only && command.access != Access::kAggregate)
    return answered(Failure{ExitCode::kFailed,
                            absl::StrCat("'", row->name, "' is not for the read-only socket"),
                            "use control.sock"});
  auto args = CompleteArguments(command, request.args);
  if (const auto* failure = std::get_if<Failure>(&args)) return answered(*failure);
  if (row->later != nullptr) return (this->*row->later)(std::get<Json>(args), std::move(answered));
  answered((this->*row->now)(std::get<Json>(args)));
}

Answer Commands::ConfigExport(const Json&) {
  return Json{{"generation", node_.generation()}, {"config", WriteConfig(node_.config())}};
}

Answer Commands::ConfigPlan(const Json& args) {
  ConfigResult parsed = ParseConfig(Text(args, "config"));
  if (!parsed.config.has_value()) return ConfigFailure(parsed.errors, Text(args, "file"));
  Json changes = PlanView(node_, *parsed.config);
  return Json{{"generation", node_.generation()}, {"changes", changes}};
}

void Commands::ConfigApply(const Json& args, Answered answered) {
  ConfigResult parsed = ParseConfig(Text(args, "config"));
  if (!parsed.config.has_value()) return answered(ConfigFailure(parsed.errors, Text(args, "file")));
  auto wanted = Number(args, "if_generation");
  if (wanted.has_value() && *wanted != node_.generation())
    return answered(Failure{ExitCode::kConflict,
                            absl::StrCat("generation ", node_.generation(), " is in force, not ", *wanted),
                            "look at the change with cfrctl config export"});
  Json restart = Json::array();
  for (const PlanItem& item : MakePlan(node_.config(), *parsed.config))
    if (item.needs_restart) restart.push_back(absl::StrCat(item.object, " ", item.name));
  node_.Change(*parsed.config, now_ms_, [restart, answered = std::move(answered)](Answer answer) {
    if (auto* result = std::get_if<Json>(&answer)) (*result)["needs_restart"] = restart;
    answered(std::move(answer));
  });
}

Answer Commands::PoolList(const Json&) {
  return Json{{"pools", PoolsView(node_, now_ms_)}};
}

Answer Commands::PoolShow(const Json& args) {
  std::string name = Text(args, "name");
  for (const Json& pool : PoolsView(node_, now_ms_))
    if (pool["name"] == name) return pool;
  return NoPool(name);
}

// Runtime verbs edit the same configuration and pass the same checks as a file.
void Commands::ChangeAsText(const Config& next, Answered answered) {
  ConfigResult parsed = ParseConfig(WriteConfig(next));
  if (parsed.config.has_value()) return node_.Change(*parsed.config, now_ms_, std::move(answered));
  std::string sentence;
  for (const ConfigError& e : parsed.errors)
    absl::StrAppend(&sentence, sentence.empty() ? "" : "\n", e.message,
                    e.hint.empty() ? "" : " (" + e.hint + ")");
  answered(Failure{ExitCode::kConfig, sentence, "nothing was changed"});
}

void Commands::PoolAdd(const Json& args, Answered answered) {
  PoolConfig pool;
  pool.name = Text(args, "name");
  pool.region = Text(args, "region");
  pool.alias_units = args.at("alias_units");
  pool.small_crowd = Flag(args, "small_crowd");
  pool.answer_neighbours = Flag(args, "answer_neighbours");
  pool.parent = Text(args, "parent");
  for (const std::string text : args.at("prefix")) {
    auto prefix = ParsePrefix(text);
    if (!prefix.has_value())
      return answered(Failure{ExitCode::kConfig, absl::StrCat("'", text, "' is no prefix"),
                              "ADDRESS/LENGTH, like 192.0.2.0/24 or 2001:db8::/64"});
    pool.prefixes.push_back(*prefix);
  }
  if (pool.prefixes.empty())
    return answered(Failure{ExitCode::kUsage, "a pool needs a prefix", "cfrctl pool add --help"});
  Config next = node_.config();
  auto found = FindPool(next, pool.name);
  if (found != next.pools.end()) {
    if (*found == pool) return answered(Json{{"changed", false}, {"generation", node_.generation()}});
    return answered(Failure{ExitCode::kConflict, absl::StrCat("another pool '", pool.name, "' exists"),
                            "cfrctl pool show " + pool.name});
  }
  next.pools.push_back(pool);
  ChangeAsText(next, std::move(answered));
}

void Commands::PoolDel(const Json& args, Answered answered) {
  std::string name = Text(args, "name");
  Config next = node_.config();
  auto found = FindPool(next, name);
  if (found == next.pools.end())
    return answered(Json{{"changed", false}, {"generation", node_.generation()}});
  uint64_t flows = node_.PoolFlows(name);
  if (flows > 0 && !Flag(args, "drain"))
    return answered(Failure{
        ExitCode::kFailed, absl::StrCat("pool '", name, "' carries ", flows, " live flows"),
        "cfrctl pool drain " + name + " --wait, or pool del --drain: they finish, the pool is gone at once"});
  next.pools.erase(found);
  ChangeAsText(next, std::move(answered));
}

void Commands::SetPoolState(const std::string& pool, PrefixState from, PrefixState to, Answered answered) {
  Config next = node_.config();
  auto found = FindPool(next, pool);
  if (found == next.pools.end()) return answered(NoPool(pool));
  if (found->state != from && found->state != to)
    return answered(Failure{ExitCode::kConflict,
                            absl::StrCat("pool '", pool, "' is ", Name(found->state), ", not ", Name(from)),
                            "its state is in the file: cfrctl config export"});
  found->state = to;
  node_.Change(next, now_ms_, [this, pool, answered = std::move(answered)](Answer answer) {
    if (auto* result = std::get_if<Json>(&answer)) (*result)["live_flows"] = node_.PoolFlows(pool);
    answered(std::move(answer));
  });
}

void Commands::PoolDrain(const Json& args, Answered answered) {
  SetPoolState(Text(args, "name"), PrefixState::kActive, PrefixState::kDraining, std::move(answered));
}
void Commands::PoolUndrain(const Json& args, Answered answered) {
  SetPoolState(Text(args, "name"), PrefixState::kDraining, PrefixState::kActive, std::move(answered));
}

void Commands::SetMerged(const std::string& pool, bool merged, Answered answered) {
  const PoolConfig* found = node_.config().FindPool(pool);
  if (found == nullptr) return answered(NoPool(pool));
  if (found->parent.empty())
    return answered(Failure{ExitCode::kConflict, absl::StrCat("pool '", pool, "' has no parent"),
                            "write parent = \"...\" into the file, then cfrctl config apply"});
  node_.SetMerged(pool, merged, now_ms_, [this, pool, answered = std::move(answered)](Answer answer) {
    if (auto* result = std::get_if<Json>(&answer)) (*result)["live_flows"] = node_.PoolFlows(pool);
    answered(std::move(answer));
  });
}
void Commands::PoolMerge(const Json& args, Answered answered) {
  SetMerged(Text(args, "name"), true, std::move(answered));
}
void Commands::PoolUnmerge(const Json& args, Answered answered) {
  SetMerged(Text(args, "name"), false, std::move(answered));
}

Answer Commands::GeofeedExport(const Json&) {
  return GeofeedView(node_.config());
}

Answer Commands::PrivacyShow(const Json&) {
  if (!node_.link().attached()) return Detached(node_);
  return CrowdView(node_, crowd_);
}

Answer Commands::EpochShow(const Json&) {
  return EpochView(node_);
}
void Commands::EpochAdvance(const Json&, Answered answered) {
  node_.AdvanceEpoch(now_ms_, std::move(answered));
}

void Commands::FlowList(const Json& args, Answered answered) {
  FlowFilter filter;
  filter.limit = args.at("limit");
  filter.pool = Text(args, "pool");
  std::string subscriber = Text(args, "subscriber"), protocol = Text(args, "proto");
  if (!subscriber.empty()) {
    auto address = ParseAddress(subscriber);
    auto prefix = address ? Prefix{*address, static_cast<uint8_t>(address->bits())} : ParsePrefix(subscriber);
    if (!prefix.has_value() || prefix->HasHostBits())
      return answered(
          Failure{ExitCode::kUsage, absl::StrCat("'", subscriber, "' is no address or prefix"), ""});
    filter.subscriber = *prefix;
    filter.any_subscriber = false;
  }
  if (protocol == "tcp")
    filter.protocol = 6;
  else if (protocol == "udp")
    filter.protocol = 17;
  else if (protocol == "icmp")
    filter.protocol = 1;
  else if (protocol == "icmp6")
    filter.protocol = 58;
  else if (!protocol.empty())
    return answered(Failure{ExitCode::kUsage, absl::StrCat("'", protocol, "' is no protocol"),
                            "tcp, udp, icmp or icmp6"});
  Config config = node_.config();
  const auto& units = node_.assignments();
  bool known =
      filter.pool.empty() || FindPool(config, filter.pool) != config.pools.end() ||
      std::any_of(units.begin(), units.end(), [&](const Assignment& a) { return a.pool == filter.pool; });
  if (!known) return answered(NoPool(filter.pool));
  listing_.Start(filter, now_ms_, std::move(answered));
}

Answer Commands::FlowStats(const Json&) {
  if (!node_.link().attached()) return Detached(node_);
  return FlowStatsView(node_.link().page());
}
Answer Commands::WorkerList(const Json&) {
  if (!node_.link().attached()) return Detached(node_);
  return Json{{"workers", WorkersView(node_.link().page())}};
}
Answer Commands::PortList(const Json&) {
  if (!node_.link().attached()) return Detached(node_);
  return Json{{"ports", PortsView(node_.link().page())}};
}

Answer Commands::CounterTotals(const Json& args) {
  if (!node_.link().attached()) return Detached(node_);
  const DataplanePage& page = node_.link().page();
  auto worker = Number(args, "worker");
  if (worker.has_value() && *worker >= page.workers)
    return Failure{ExitCode::kUsage, absl::StrCat("there is no worker ", *worker), "cfrctl worker list"};
  return CountersView(page, Flag(args, "all"), worker.has_value() ? static_cast<int>(*worker) : -1);
}

Answer Commands::Health(const Json&) {
  return HealthView(node_, heartbeats_, records_, now_ms_);
}

Answer Commands::Version(const Json&) {
  return Json{{"control", kVersion},
              {"generation", node_.generation()},
              {"dataplane", node_.link().attached() ? Json(BuildText(node_.link().page())) : Json()}};
}

}  // namespace cfr
