// SPDX-License-Identifier: BSD-3-Clause
#include "control/commands.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "control/plan.h"
#include "common/version.h"
#include "control/views.h"

namespace cfr {
namespace {

std::string Text(const Json& args, const char* key) {
  auto found = args.find(key);
  return found != args.end() && found->is_string() ? found->get<std::string>() : "";
}
bool Flag(const Json& args, const char* key) {
  auto found = args.find(key);
  return found != args.end() && found->is_boolean() && found->get<bool>();
}
std::optional<uint64_t> Number(const Json& args, const char* key) {
  auto found = args.find(key);
  if (found == args.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<uint64_t>();
}

Failure ConfigFailure(const std::vector<ConfigError>& errors, const std::string& file) {
  Failure failure{ExitCode::kConfig, "", "nothing was changed"};
  for (const ConfigError& e : errors) absl::StrAppend(&failure.message, failure.message.empty() ? "" : "\n", Format(e, file));
  return failure;
}

Failure Detached(Node& node) {
  return {ExitCode::kFailed, absl::StrCat("no dataplane is attached: ", std::string(node.link().why_detached().message())),
          "start cfr-dataplane"};
}

Json PlanView(const Node& node, const Config& after) {
  Json items = Json::array();
  for (const PlanItem& item : MakePlan(node.config(), after)) {
    Json view = {{"sign", std::string(1, item.sign)}, {"object", item.object}, {"name", item.name}, {"text", item.text},
                 {"needs_restart", item.needs_restart}};
    if (item.object == "pool") view["live_flows"] = node.PoolFlows(item.name);
    items.push_back(view);
  }
  return items;
}

auto FindPool(Config& config, const std::string& name) {
  return std::find_if(config.pools.begin(), config.pools.end(), [&](const PoolConfig& p) { return p.name == name; });
}

Failure NoPool(const std::string& name) {
  return {ExitCode::kFailed, absl::StrCat("no pool '", name, "'"), "cfrctl pool list"};
}

}  // namespace

// Exactly one of `now` and `later` is set.
struct Commands::Row {
  const char* name;
  bool read_only;  // shows aggregates only, so the read-only socket may ask it
  Answer (Commands::*now)(const Json&);
  void (Commands::*later)(const Json&, Answered);
};

const Commands::Row Commands::kRows[] = {
    {"config export", false, &Commands::ConfigExport, nullptr},
    {"config plan", false, &Commands::ConfigPlan, nullptr},
    {"config apply", false, nullptr, &Commands::ConfigApply},
    {"pool list", true, &Commands::PoolList, nullptr},
    {"pool show", true, &Commands::PoolShow, nullptr},
    {"pool add", false, nullptr, &Commands::PoolAdd},
    {"pool del", false, nullptr, &Commands::PoolDel},
    {"pool drain", false, nullptr, &Commands::PoolDrain},
    {"pool undrain", false, nullptr, &Commands::PoolUndrain},
    {"epoch show", true, &Commands::EpochShow, nullptr},
    {"epoch advance", false, nullptr, &Commands::EpochAdvance},
    {"flow list", false, nullptr, &Commands::FlowList},
    {"flow stats", true, &Commands::FlowStats, nullptr},
    {"worker list", true, &Commands::WorkerList, nullptr},
    {"port list", true, &Commands::PortList, nullptr},
    {"counters", true, &Commands::CounterTotals, nullptr},
    {"health", true, &Commands::Health, nullptr},
    {"version", true, &Commands::Version, nullptr},
};

void Commands::Obey(const std::string& command, const Json& args, bool read_only, Answered answered) {
  auto row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) { return command == r.name; });
  if (row == std::end(kRows))
    return answered(Failure{ExitCode::kUsage, absl::StrCat("unknown command '", command.substr(0, 64), "'"), "cfrctl --help"});
  if (read_only && !row->read_only)
    return answered(Failure{ExitCode::kFailed, absl::StrCat("'", command, "' is not for the read-only socket"), "use control.sock"});
  if (row->later != nullptr) return (this->*row->later)(args, std::move(answered));
  answered((this->*row->now)(args));
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
    return answered(Failure{ExitCode::kConflict, absl::StrCat("generation ", node_.generation(), " is in force, not ", *wanted),
                            "look at the change with cfrctl config export"});
  Json restart = Json::array();
  for (const PlanItem& item : MakePlan(node_.config(), *parsed.config))
    if (item.needs_restart) restart.push_back(absl::StrCat(item.object, " ", item.name));
  node_.Change(*parsed.config, MonotonicMs(), [restart, answered = std::move(answered)](Answer answer) {
    if (auto* result = std::get_if<Json>(&answer)) (*result)["needs_restart"] = restart;
    answered(std::move(answer));
  });
}

Answer Commands::PoolList(const Json&) { return Json{{"pools", PoolsView(node_)}}; }

Answer Commands::PoolShow(const Json& args) {
  std::string name = Text(args, "name");
  for (const Json& pool : PoolsView(node_))
    if (pool["name"] == name) return pool;
  return NoPool(name);
}

// Runtime verbs edit the same configuration and pass the same checks as a file.
void Commands::ChangeText(const std::string& text, Answered answered) {
  ConfigResult parsed = ParseConfig(text);
  if (parsed.config.has_value()) return node_.Change(*parsed.config, MonotonicMs(), std::move(answered));
  std::string sentence;
  for (const ConfigError& e : parsed.errors)
    absl::StrAppend(&sentence, sentence.empty() ? "" : "\n", e.message, e.hint.empty() ? "" : " (" + e.hint + ")");
  answered(Failure{ExitCode::kConfig, sentence, "nothing was changed"});
}

void Commands::PoolAdd(const Json& args, Answered answered) {
  PoolConfig pool;
  pool.name = Text(args, "name");
  pool.region = Text(args, "region");
  pool.alias_units = static_cast<uint32_t>(std::min<uint64_t>(Number(args, "alias_units").value_or(pool.alias_units), 1000));
  pool.answer_neighbours = Flag(args, "answer_neighbours");
  for (const Json& item : args.value("prefixes", Json::array())) {
    auto prefix = item.is_string() ? ParsePrefix(item.get<std::string>()) : std::nullopt;
    if (!prefix.has_value()) return answered(Failure{ExitCode::kConfig, absl::StrCat(item.dump(), " is no prefix"), "ADDRESS/LENGTH"});
    pool.prefixes.push_back(*prefix);
  }
  if (pool.name.empty() || pool.prefixes.empty())
    return answered(Failure{ExitCode::kUsage, "a pool needs a name and a prefix", "cfrctl pool add --help"});
  Config next = node_.config();
  auto found = FindPool(next, pool.name);
  if (found != next.pools.end()) {
    if (*found == pool) return answered(Json{{"changed", false}, {"generation", node_.generation()}});
    return answered(Failure{ExitCode::kConflict, absl::StrCat("another pool '", pool.name, "' exists"), "cfrctl pool show " + pool.name});
  }
  next.pools.push_back(pool);
  ChangeText(WriteConfig(next), std::move(answered));
}

void Commands::PoolDel(const Json& args, Answered answered) {
  std::string name = Text(args, "name");
  Config next = node_.config();
  auto found = FindPool(next, name);
  if (found == next.pools.end()) return answered(Json{{"changed", false}, {"generation", node_.generation()}});
  uint64_t flows = node_.PoolFlows(name);
  if (flows > 0 && !Flag(args, "drain"))
    return answered(Failure{ExitCode::kFailed, absl::StrCat("pool '", name, "' carries ", flows, " live flows"),
                            "cfrctl pool drain " + name + " --wait, or pool del --drain: they finish, the pool is gone at once"});
  next.pools.erase(found);
  ChangeText(WriteConfig(next), std::move(answered));
}

void Commands::SetPoolState(const Json& args, PrefixState state, Answered answered) {
  std::string name = Text(args, "name");
  Config next = node_.config();
  auto found = FindPool(next, name);
  if (found == next.pools.end()) return answered(NoPool(name));
  found->state = state;
  node_.Change(next, MonotonicMs(), [this, name, answered = std::move(answered)](Answer answer) {
    if (auto* result = std::get_if<Json>(&answer)) (*result)["live_flows"] = node_.PoolFlows(name);
    answered(std::move(answer));
  });
}

void Commands::PoolDrain(const Json& args, Answered answered) { SetPoolState(args, PrefixState::kDraining, std::move(answered)); }
void Commands::PoolUndrain(const Json& args, Answered answered) { SetPoolState(args, PrefixState::kActive, std::move(answered)); }

Answer Commands::EpochShow(const Json&) { return EpochView(node_); }
void Commands::EpochAdvance(const Json&, Answered answered) { node_.AdvanceEpoch(MonotonicMs(), std::move(answered)); }

void Commands::FlowList(const Json& args, Answered answered) {
  FlowFilter filter;
  filter.limit = static_cast<uint32_t>(std::clamp<uint64_t>(Number(args, "limit").value_or(filter.limit), 1, 10000));
  filter.pool = Text(args, "pool");
  std::string subscriber = Text(args, "subscriber"), protocol = Text(args, "protocol");
  if (!subscriber.empty()) {
    auto address = ParseAddress(subscriber);
    auto prefix = address ? Prefix{*address, static_cast<uint8_t>(address->bits())} : ParsePrefix(subscriber);
    if (!prefix.has_value() || prefix->HasHostBits())
      return answered(Failure{ExitCode::kUsage, absl::StrCat("'", subscriber, "' is no address or prefix"), ""});
    filter.subscriber = *prefix;
    filter.any_subscriber = false;
  }
  if (protocol == "tcp") filter.protocol = 6;
  else if (protocol == "udp") filter.protocol = 17;
  else if (protocol == "icmp") filter.protocol = 1;
  else if (protocol == "icmp6") filter.protocol = 58;
  else if (!protocol.empty())
    return answered(Failure{ExitCode::kUsage, absl::StrCat("'", protocol, "' is no protocol"), "tcp, udp, icmp or icmp6"});
  listing_.Start(filter, MonotonicMs(), std::move(answered));
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

Answer Commands::Health(const Json&) { return HealthView(node_, MonotonicMs()); }

Answer Commands::Version(const Json&) {
  Json view = {{"control", kVersion}, {"generation", node_.generation()}};
  if (node_.link().attached()) view["dataplane"] = node_.link().page().build;
  return view;
}

}  // namespace cfr
