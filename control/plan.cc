// SPDX-License-Identifier: BSD-3-Clause
#include "control/plan.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace cfr {
namespace {

// What is compared and shown of an object: for each field its values, one or a list of them.
using Field = std::pair<const char*, std::vector<std::string>>;
using Fields = std::vector<Field>;
using Objects = std::map<std::string, Fields>;  // by name

std::vector<std::string> Texts(const std::vector<Prefix>& prefixes) {
  std::vector<std::string> texts;
  for (const Prefix& p : prefixes) texts.push_back(Format(p));
  return texts;
}

// A value that need not be given.
std::vector<std::string> Given(const std::string& text) {
  return text.empty() ? std::vector<std::string>() : std::vector{text};
}

Objects Subscribers(const Config& c) {
  Objects objects;
  for (const auto& s : c.subscribers)
    objects[Format(s.prefix)] = {{"per", {absl::StrCat("/", static_cast<int>(s.per))}},
                                 {"region", {s.region}}};
  return objects;
}

Objects Pools(const Config& c) {
  Objects objects;
  for (const auto& p : c.pools)
    objects[p.name] = {{"prefixes", Texts(p.prefixes)},
                       {"region", {p.region}},
                       {"state", {Name(p.state)}},
                       {"alias_units", {absl::StrCat(p.alias_units)}},
                       {"port_mode", {Name(p.port_mode)}},
                       {"small_crowd", {p.small_crowd ? "true" : "false"}},
                       {"answer_neighbours", {p.answer_neighbours ? "true" : "false"}},
                       {"parent", Given(p.parent)},
                       {"cross_border", Given(p.cross_border ? "true" : "")},
                       {"city", Given(p.city)}};
  return objects;
}

Objects Bypasses(const Config& c) {
  Objects objects;
  for (const auto& b : c.bypasses) objects[b.name] = {{"prefix", {Format(b.prefix)}}, {"reason", {b.reason}}};
  return objects;
}

Objects Node(const Config& c) {
  return {{"name", {{"", {c.node_name}}}}, {"regions", {{"", c.regions}}}};
}

std::string DeviceOf(const PortConfig& p) {
  switch (p.kind) {
    case PortConfig::Kind::kNetdev:
      return absl::StrCat("netdev ", p.device);
    case PortConfig::Kind::kPci:
      return absl::StrCat("pci ", p.device);
    case PortConfig::Kind::kPcap:
      return absl::StrCat("rx_pcap ", p.rx_pcap, " tx_pcap ", p.tx_pcap);
    case PortConfig::Kind::kMemif:
      return absl::StrCat("memif ", p.device);
    case PortConfig::Kind::kRing:
      return absl::StrCat("ring ", p.device);
    case PortConfig::Kind::kNull:
      return "null";
  }
  return "";
}

Objects Devices(const Config& c) {
  Objects objects;
  for (int s = 0; s < kSides; ++s) {
    const PortConfig& p = c.port[s];
    Fields& fields = objects[absl::StrCat(Name(static_cast<Side>(s)), " device")];
    fields = {{"", {DeviceOf(p)}}, {"mtu", {absl::StrCat(p.mtu)}}, {"vlan", {}}};
    if (!p.vlan.empty()) fields.back().second = {absl::StrJoin(p.vlan, "/")};
  }
  return objects;
}

Objects Addresses(const Config& c) {
  Objects objects;
  for (int s = 0; s < kSides; ++s) {
    Fields& fields = objects[Name(static_cast<Side>(s))];
    fields.emplace_back("addresses", Texts(c.port[s].addresses));
    for (int f = 0; f < kFamilies; ++f) {
      const auto& gateway = c.port[s].gateway[f];
      fields.emplace_back(f == 0 ? "gateway_v4" : "gateway_v6",
                          gateway.has_value() ? std::vector{Format(*gateway)} : std::vector<std::string>());
    }
  }
  return objects;
}

Objects EgressAllowed(const Config& c) {
  return {{"dataplane.egress_allowed",
           {{"", c.egress_allowed.empty() ? std::vector<std::string>{"the pools of the file"}
                                          : Texts(c.egress_allowed)}}}};
}

std::string ValueText(const SettingRow& row, uint64_t value) {
  if (row.type == SettingType::kFlag) return value != 0 ? "true" : "false";
  if (row.type == SettingType::kChoice) return std::string(WordAt(row.words, value));
  return absl::StrCat(value, row.type == SettingType::kSeconds ? " s" : "");
}

Objects SettingsOf(const Config& c, SettingWhen when) {
  Objects objects;
  for (const SettingRow& row : kSettingRows)
    if (row.when == when)
      objects[absl::StrCat(row.section, ".", row.key)] = {{"", {ValueText(row, c.settings[row.id])}}};
  return objects;
}

Objects ListsOf(const Config& c) {
  Objects objects = {{"admission.nat64_prefixes", {{"", Texts(c.nat64_prefixes)}}},
                     {"records.directory", {{"", {c.records.directory}}}},
                     {"records.day_keys", {{"", {}}}}};
  if (!c.records.day_keys.empty()) objects["records.day_keys"] = {{"", {c.records.day_keys}}};
  for (const PortListRow& row : kPortListRows) {
    std::vector<std::string> ports;
    for (uint16_t port : c.ports[row.id]) ports.push_back(absl::StrCat(port));
    objects[absl::StrCat(row.section, ".", row.key)] = {{"", ports}};
  }
  return objects;
}

std::string Words(const char* name, const std::string& text) {
  return *name == '\0' ? text : absl::StrCat(name, " ", text);
}

std::string Whole(const Fields& fields) {
  std::vector<std::string> words;
  for (const auto& [name, values] : fields)
    if (!values.empty()) words.push_back(Words(name, absl::StrJoin(values, " ")));
  return absl::StrJoin(words, ", ");
}

// "OLD -> NEW" for one value; for a list what comes and what goes.
std::string Change(const std::vector<std::string>& before, const std::vector<std::string>& after) {
  auto text = [](const std::vector<std::string>& one) { return one.empty() ? "none" : one.front(); };
  if (before.size() <= 1 && after.size() <= 1) return absl::StrCat(text(before), " -> ", text(after));
  std::vector<std::string> words;
  auto only_in = [&](const auto& these, const auto& those, const char* sign) {
    for (const std::string& item : these)
      if (std::find(those.begin(), those.end(), item) == those.end())
        words.push_back(absl::StrCat(sign, item));
  };
  only_in(before, after, "-");
  only_in(after, before, "+");
  return words.empty() ? "in another order" : absl::StrJoin(words, " ");
}

std::string Changes(const Fields& before, const Fields& after) {
  std::vector<std::string> words;
  for (size_t i = 0; i < before.size(); ++i)
    if (before[i].second != after[i].second)
      words.push_back(Words(before[i].first, Change(before[i].second, after[i].second)));
  return absl::StrJoin(words, ", ");
}

void Compare(const char* object, const Objects& before, const Objects& after, bool needs_restart,
             std::vector<PlanItem>* plan) {
  for (const auto& [name, fields] : before)
    if (!after.contains(name)) plan->push_back({'-', object, name, Whole(fields), needs_restart});
  for (const auto& [name, fields] : after) {
    auto found = before.find(name);
    if (found == before.end())
      plan->push_back({'+', object, name, Whole(fields), needs_restart});
    else if (found->second != fields)
      plan->push_back({'~', object, name, Changes(found->second, fields), needs_restart});
  }
}

// The dataplane refuses a pool outside the prefixes it read at its start.
void MarkPoolsOutside(const Config& before, const Config& after, std::vector<PlanItem>* plan) {
  std::vector<Prefix> allowed = before.egress_allowed;
  if (allowed.empty())
    for (const PoolConfig& pool : before.pools)
      allowed.insert(allowed.end(), pool.prefixes.begin(), pool.prefixes.end());
  auto inside = [&](const Prefix& p) {
    return std::any_of(allowed.begin(), allowed.end(), [&](const Prefix& a) { return a.Contains(p); });
  };
  for (PlanItem& item : *plan) {
    if (item.object != "pool" || item.sign == '-') continue;
    for (const PoolConfig& pool : after.pools)
      if (pool.name == item.name && !std::all_of(pool.prefixes.begin(), pool.prefixes.end(), inside))
        item.needs_restart = true;
  }
}

}  // namespace

std::vector<PlanItem> MakePlan(const Config& before, const Config& after) {
  std::vector<PlanItem> plan;
  Compare("node", Node(before), Node(after), false, &plan);
  Compare("port", Devices(before), Devices(after), true, &plan);
  Compare("port", Addresses(before), Addresses(after), false, &plan);
  Compare("setting", EgressAllowed(before), EgressAllowed(after), true, &plan);
  Compare("setting", SettingsOf(before, SettingWhen::kStart), SettingsOf(after, SettingWhen::kStart), true,
          &plan);
  Compare("setting", SettingsOf(before, SettingWhen::kLive), SettingsOf(after, SettingWhen::kLive), false,
          &plan);
  Compare("setting", ListsOf(before), ListsOf(after), false, &plan);
  Compare("subscribers", Subscribers(before), Subscribers(after), false, &plan);
  Compare("pool", Pools(before), Pools(after), false, &plan);
  Compare("bypass", Bypasses(before), Bypasses(after), false, &plan);
  MarkPoolsOutside(before, after, &plan);
  // With nothing in force the dataplane has read its part of the file itself.
  if (before == Config{})
    for (PlanItem& item : plan) item.needs_restart = false;
  return plan;
}

}  // namespace cfr
