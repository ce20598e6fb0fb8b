// SPDX-License-Identifier: BSD-3-Clause
#include "control/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>

namespace cfr {
namespace {

Config Before() {
  ConfigResult result = ParseConfig(R"([node]
name = "edge1"
regions = ["IT-25", "IT-62"]
[port.access]
netdev = "acc0"
addresses = ["10.10.0.1/24", "10.10.1.1/24"]
gateway_v4 = "10.10.0.254"
[port.core]
netdev = "core0"
[dataplane]
egress_allowed = ["203.0.113.0/24"]
[[subscribers]]
prefix = "100.64.0.0/16"
region = "IT-25"
[[pool]]
name = "milan"
region = "IT-25"
prefixes = ["203.0.113.0/28", "203.0.113.32/28"]
[[bypass]]
name = "portal"
prefix = "198.51.100.0/28"
reason = "portal"
)");
  EXPECT_TRUE(result.config.has_value());
  return *result.config;
}

Prefix P(const char* text) {
  return *ParsePrefix(text);
}

std::string PlanOf(const Config& before, const Config& after) {
  std::string text;
  for (const PlanItem& i : MakePlan(before, after))
    text += std::string(1, i.sign) + " " + i.object + " " + i.name + ": " + i.text +
            (i.needs_restart ? " (restart)" : "") + "\n";
  return text;
}

// The plan of one change to Before().
std::string PlanOf(const std::function<void(Config&)>& change) {
  Config after = Before();
  change(after);
  return PlanOf(Before(), after);
}

TEST(Plan, IsEmptyForEquals) {
  EXPECT_EQ(PlanOf([](Config&) {}), "");
  EXPECT_EQ(PlanOf(Config{}, Config{}), "");
}

TEST(Plan, LiveSettings) {
  EXPECT_EQ(PlanOf([](Config& c) { c.settings.Set(Setting::kTimerUdp, 400); }),
            "~ setting timers.udp: 300 s -> 400 s\n");
  EXPECT_EQ(PlanOf([](Config& c) { c.settings.Set(Setting::kScrubDscp, 0); }),
            "~ setting scrub.dscp: true -> false\n");
  EXPECT_EQ(PlanOf([](Config& c) { c.settings.Set(Setting::kNat64, static_cast<uint64_t>(Nat64::kAlias)); }),
            "~ setting admission.nat64: drop -> alias\n");
  EXPECT_EQ(PlanOf([](Config& c) {
              c.ports[PortList::kAvoided] = {1900, 5353, 40000};
            }),
            "~ setting alias.avoided_ports: -11211 +40000\n");
  EXPECT_EQ(PlanOf([](Config& c) { c.ports[PortList::kUdpWellknown] = {53}; }),
            "~ setting timers.udp_wellknown_ports: none -> 53\n");
  EXPECT_EQ(PlanOf([](Config& c) { c.nat64_prefixes = {P("2001:db8:64::/96")}; }),
            "~ setting admission.nat64_prefixes: none -> 2001:db8:64::/96\n");
}

TEST(Plan, WhatTheDataplaneReadsAtItsStart) {
  EXPECT_EQ(PlanOf([](Config& c) { c.settings.Set(Setting::kWorkers, 2); }),
            "~ setting dataplane.workers: 1 -> 2 (restart)\n");
  EXPECT_EQ(PlanOf([](Config& c) { c.egress_allowed.push_back(P("198.18.0.0/24")); }),
            "~ setting dataplane.egress_allowed: +198.18.0.0/24 (restart)\n");
  EXPECT_EQ(PlanOf([](Config& c) { c.egress_allowed.clear(); }),
            "~ setting dataplane.egress_allowed: 203.0.113.0/24 -> the pools of the file (restart)\n");
  EXPECT_EQ(PlanOf([](Config& c) { c.port[0].device = "acc1"; }),
            "~ port access device: netdev acc0 -> netdev acc1 (restart)\n");
  EXPECT_EQ(PlanOf([](Config& c) { c.port[1].kind = PortConfig::Kind::kRing; }),
            "~ port core device: netdev core0 -> ring core0 (restart)\n");
  EXPECT_EQ(PlanOf([](Config& c) { c.port[1].mtu = 9000; }),
            "~ port core device: mtu 1500 -> 9000 (restart)\n");
  EXPECT_EQ(PlanOf([](Config& c) {
              c.port[0].vlan = {200, 100};
            }),
            "~ port access device: vlan none -> 200/100 (restart)\n");
}

TEST(Plan, EveryStartSettingNeedsARestartAndNoOther) {
  for (const SettingRow& row : kSettingRows) {
    std::string plan =
        PlanOf([&](Config& c) { c.settings.Set(row.id, c.settings[row.id] == row.min ? row.max : row.min); });
    EXPECT_EQ(plan.find("(restart)") != std::string::npos, row.when == SettingWhen::kStart) << plan;
    EXPECT_EQ(std::count(plan.begin(), plan.end(), '\n'), 1) << plan;
  }
}

TEST(Plan, Records) {
  EXPECT_EQ(PlanOf([](Config& c) { c.records.day_keys = "/keys"; }),
            "~ setting records.day_keys: none -> /keys\n");
  EXPECT_EQ(PlanOf([](Config& c) { c.records.directory = "/r"; }),
            "~ setting records.directory: /var/lib/cfr/records -> /r\n");
}

TEST(Plan, AddressesOfPorts) {
  EXPECT_EQ(PlanOf([](Config& c) { c.port[0].addresses[1] = P("10.10.2.1/24"); }),
            "~ port access: addresses -10.10.1.1/24 +10.10.2.1/24\n");
  EXPECT_EQ(PlanOf([](Config& c) { c.port[0].gateway[0].reset(); }),
            "~ port access: gateway_v4 10.10.0.254 -> none\n");
}

TEST(Plan, Pools) {
  EXPECT_EQ(PlanOf([](Config& c) { c.pools[0].state = PrefixState::kDraining; }),
            "~ pool milan: state active -> draining\n");
  EXPECT_EQ(PlanOf([](Config& c) {
              c.pools[0].alias_units = 8;
              c.pools[0].prefixes.pop_back();
            }),
            "~ pool milan: prefixes -203.0.113.32/28, alias_units 4 -> 8\n");
  EXPECT_EQ(PlanOf([](Config& c) { std::swap(c.pools[0].prefixes[0], c.pools[0].prefixes[1]); }),
            "~ pool milan: prefixes in another order\n");
  EXPECT_EQ(
      PlanOf([](Config& c) { c.pools[0].name = "rome"; }),
      "- pool milan: prefixes 203.0.113.0/28 203.0.113.32/28, region IT-25, state active, alias_units 4, "
      "port_mode per_remote, small_crowd false, answer_neighbours false\n"
      "+ pool rome: prefixes 203.0.113.0/28 203.0.113.32/28, region IT-25, state active, alias_units 4, "
      "port_mode per_remote, small_crowd false, answer_neighbours false\n");
  EXPECT_EQ(PlanOf([](Config& c) { c.pools[0].port_mode = PortMode::kExclusive; }),
            "~ pool milan: port_mode per_remote -> exclusive\n");
}

TEST(Plan, APoolOutsideTheEgressPrefixesNeedsARestart) {
  auto add = [](const char* prefix) {
    return [prefix](Config& c) {
      c.pools.push_back({"new", "IT-25", {P(prefix)}, PrefixState::kActive, 1, PortMode::kPerRemote, false});
    };
  };
  EXPECT_EQ(PlanOf(add("203.0.113.64/28")).find("(restart)"), std::string::npos);
  EXPECT_NE(PlanOf(add("198.18.0.0/28")).find("(restart)"), std::string::npos);
  Config implicit = Before();  // allowed is what the pools of the file are
  implicit.egress_allowed.clear();
  Config after = implicit;
  add("203.0.113.64/28")(after);
  EXPECT_NE(PlanOf(implicit, after).find("(restart)"), std::string::npos);
  after = implicit;
  after.pools[0].prefixes.pop_back();
  EXPECT_EQ(PlanOf(implicit, after), "~ pool milan: prefixes -203.0.113.32/28\n");
}

TEST(Plan, NodeSubscribersAndBypass) {
  EXPECT_EQ(PlanOf([](Config& c) { c.node_name = "edge2"; }), "~ node name: edge1 -> edge2\n");
  EXPECT_EQ(PlanOf([](Config& c) { c.regions.push_back("IT-88"); }), "~ node regions: +IT-88\n");
  EXPECT_EQ(PlanOf([](Config& c) { c.subscribers[0].per = 24; }),
            "~ subscribers 100.64.0.0/16: per /32 -> /24\n");
  EXPECT_EQ(PlanOf([](Config& c) { c.subscribers.clear(); }),
            "- subscribers 100.64.0.0/16: per /32, region IT-25\n");
  EXPECT_EQ(PlanOf([](Config& c) { c.bypasses[0].reason = "new"; }),
            "~ bypass portal: reason portal -> new\n");
}

TEST(Plan, FromNothingIsAllNewAndNeedsNoRestart) {
  std::string plan = PlanOf(Config{}, Before());
  EXPECT_NE(plan.find("+ pool milan: "), std::string::npos) << plan;
  EXPECT_EQ(plan.find("(restart)"), std::string::npos) << plan;
  EXPECT_NE(PlanOf(Before(), Config{}).find("- pool milan: "), std::string::npos);
}

}  // namespace
}  // namespace cfr
