// SPDX-License-Identifier: BSD-3-Clause
#include "control/plan.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace cfr {
namespace {

using Texts = std::map<std::string, std::string>;  // name -> everything about the object

template <class T>
std::string Joined(const std::vector<T>& items) {
  return absl::StrJoin(items, " ", [](std::string* out, const T& item) { absl::StrAppend(out, Format(item)); });
}

Texts Subscribers(const Config& c) {
  Texts texts;
  for (const auto& s : c.subscribers)
    texts[Format(s.prefix)] = absl::StrCat("per /", static_cast<int>(s.per), ", region ", s.region);
  return texts;
}

Texts Pools(const Config& c) {
  Texts texts;
  for (const auto& p : c.pools)
    texts[p.name] = absl::StrCat(Joined(p.prefixes), ", region ", p.region, ", ", Name(p.state), ", ", p.alias_units,
                                 " alias units", p.answer_neighbours ? ", answers ARP and ND" : "");
  return texts;
}

Texts Bypasses(const Config& c) {
  Texts texts;
  for (const auto& b : c.bypasses) texts[b.name] = absl::StrCat(Format(b.prefix), ", ", b.reason);
  return texts;
}

Texts Addresses(const Config& c) {
  Texts texts;
  for (int s = 0; s < kSides; ++s) {
    std::string text = Joined(c.port[s].addresses);
    for (const auto& gateway : c.port[s].gateway)
      if (gateway.has_value()) absl::StrAppend(&text, ", gateway ", Format(*gateway));
    texts[Name(static_cast<Side>(s))] = text;
  }
  return texts;
}

Texts Devices(const Config& c) {
  Texts texts;
  for (int s = 0; s < kSides; ++s) {
    const PortConfig& p = c.port[s];
    texts[absl::StrCat(Name(static_cast<Side>(s)), " device")] = absl::StrCat(p.device, p.rx_pcap, " ", p.tx_pcap, " mtu ", p.mtu);
  }
  texts["egress_allowed"] = Joined(c.egress_allowed);
  return texts;
}

Texts SettingsOf(const Config& c, SettingWhen when) {
  Texts texts;
  for (const SettingRow& row : kSettingRows)
    if (row.when == when)
      texts[absl::StrCat(row.section, ".", row.key)] =
          absl::StrCat(c.settings[row.id], row.type == SettingType::kSeconds ? " s" : "");
  return texts;
}

void Compare(const std::string& object, const Texts& before, const Texts& after, bool needs_restart,
             std::vector<PlanItem>* plan) {
  for (const auto& [name, text] : before)
    if (!after.contains(name)) plan->push_back({'-', object, name, text, needs_restart});
  for (const auto& [name, text] : after) {
    auto found = before.find(name);
    if (found == before.end()) plan->push_back({'+', object, name, text, needs_restart});
    else if (found->second != text)
      plan->push_back({'~', object, name, absl::StrCat(found->second, " -> ", text), needs_restart});
  }
}

}  // namespace

std::vector<PlanItem> MakePlan(const Config& before, const Config& after) {
  std::vector<PlanItem> plan;
  Compare("node", {{"name", before.node_name}, {"regions", absl::StrJoin(before.regions, " ")}},
          {{"name", after.node_name}, {"regions", absl::StrJoin(after.regions, " ")}}, false, &plan);
  Compare("port", Devices(before), Devices(after), true, &plan);
  Compare("port", Addresses(before), Addresses(after), false, &plan);
  Compare("setting", SettingsOf(before, SettingWhen::kStart), SettingsOf(after, SettingWhen::kStart), true, &plan);
  Compare("setting", SettingsOf(before, SettingWhen::kLive), SettingsOf(after, SettingWhen::kLive), false, &plan);
  Compare("subscribers", Subscribers(before), Subscribers(after), false, &plan);
  Compare("pool", Pools(before), Pools(after), false, &plan);
  Compare("bypass", Bypasses(before), Bypasses(after), false, &plan);
  return plan;
}

}  // namespace cfr
