// SPDX-License-Identifier: BSD-3-Clause
#include "tests/hunt/scenes.h"

#include <iterator>

namespace cfr::hunt {
namespace {

using Options = test::RelayOptions;

constexpr uint32_t kOrdinaryActs = kNewEpoch | kReapply | kRefused | kLeaseLapses;

void Plain(Scene&, Config&, Options&) {}

void Unconfigured(Scene& s, Config&, Options&) {
  s.starts_configured = s.starts_with_key = s.starts_with_lease = false;
  s.live_flows_go_on = s.plentiful = false;
}

void WithoutKey(Scene& s, Config&, Options&) {
  s.starts_with_key = s.starts_with_lease = false;
  s.plentiful = false;
}

void FewPorts(Scene& s, Config& c, Options&) {
  c.settings.Set(Setting::kPortFirst, 2000);
  c.settings.Set(Setting::kPortLast, 2015);
  s.plentiful = false;
  s.spills = true;
}

void SmallTables(Scene& s, Config&, Options& o) {
  o.flows_v4 = o.flows_v6 = 96;
  o.subscribers_max = 8;
  o.datagrams = 12;
  o.fragments_held = 6;
  s.plentiful = false;
  s.forgets = true;
}

void Limited(Scene& s, Config& c, Options&) {
  c.settings.Set(Setting::kSubscriberFlowsV4, 5);
  c.settings.Set(Setting::kSubscriberFlowsV6, 5);
  c.settings.Set(Setting::kSubscriberNewRate, 2);
  c.settings.Set(Setting::kSubscriberNewBurst, 3);
  s.plentiful = false;
}

void EmptyPools(Scene& s, Config& c, Options&) {
  for (PoolConfig& pool : c.pools)
    if (pool.region == "XA-1" || pool.family() == Family::kV6) pool.state = PrefixState::kStaged;
  s.plentiful = false;
}

void Unsettled(Scene& s, Config&, Options&) {
  s.live_flows_go_on = s.plentiful = false;
}

void Silent(Scene& s, Config&, Options&) {
  s.live_flows_go_on = s.plentiful = false;
  s.waits = true;
}

void Scarce(Scene& s, Config&, Options&) {
  s.plentiful = false;
}

// The relay's own address on the access side stands in the subscribers' prefix; no gateway there.
void OnLink(Scene&, Config& c, Options&) {
  PortConfig& access = c.port[static_cast<int>(Side::kAccess)];
  access.addresses = {*ParsePrefix("10.233.167.33/24"), *ParsePrefix("2001:db8:e9a7:4000::1/48")};
  access.gateway[0].reset();
  access.gateway[1].reset();
}

void Unscrubbed(Scene&, Config& c, Options&) {
  c.settings.Set(Setting::kTtlCap, 255);
  c.settings.Set(Setting::kScrubIpv4Id, 0);
  c.settings.Set(Setting::kScrubFlowLabel, 0);
  c.settings.Set(Setting::kScrubDscp, 0);
}

void SmallMtu(Scene& s, Config& c, Options&) {
  c.port[static_cast<int>(Side::kCore)].mtu = 1280;
  s.live_flows_go_on = s.plentiful = false;
}

void LargeMtu(Scene&, Config& c, Options&) {
  for (PortConfig& port : c.port) port.mtu = 9000;
}

void Tagged(Scene&, Config& c, Options&) {
  c.port[static_cast<int>(Side::kAccess)].vlan = {100, 200};
  c.port[static_cast<int>(Side::kCore)].vlan = {7};
}

void AnsweredPools(Scene&, Config& c, Options&) {
  for (PoolConfig& pool : c.pools) pool.answer_neighbours = true;
}

void ShortEpochs(Scene&, Config& c, Options&) {
  c.settings.Set(Setting::kEpochLength, 60);
}

const Scene kScenes[] = {
    {"plain", 20, kOrdinaryActs | kBypassChanges, Plain},
    {"epochs", 8, kNewEpoch | kForgetKeys | kReapply, Scarce},
    {"short epochs", 4, kNewEpoch | kLeaps, ShortEpochs},
    {"unconfigured", 4, kOrdinaryActs, Unconfigured},
    {"without key", 4, kOrdinaryActs, WithoutKey},
    {"refused", 5, kRefused | kReapply, Plain},
    {"few ports", 8, kOrdinaryActs | kLeaps, FewPorts},
    {"small tables", 8, kOrdinaryActs | kLeaps, SmallTables},
    {"limited", 6, kOrdinaryActs, Limited},
    {"empty pools", 4, kOrdinaryActs, EmptyPools},
    {"withdrawn", 8, kOrdinaryActs | kWithdraw | kLeaps, Unsettled},
    {"reassigned", 8, kOrdinaryActs | kReassign | kWithdraw, Unsettled},
    {"stations", 5, kOrdinaryActs | kStations, Silent},
    {"leaps", 5, kOrdinaryActs | kLeaps, Plain},
    {"subscribers move", 6, kOrdinaryActs | kSubscribersMove | kBypassChanges, Scarce},
    {"on link", 5, kOrdinaryActs, OnLink},
    {"unscrubbed", 4, kOrdinaryActs, Unscrubbed},
    {"small mtu", 4, kOrdinaryActs, SmallMtu},
    {"tagged", 5, kOrdinaryActs, Tagged},
    {"large mtu", 3, kOrdinaryActs, LargeMtu},
    {"answered pools", 3, kOrdinaryActs, AnsweredPools},
};

}  // namespace

Scene DrawScene(uint64_t number, uint64_t dice) {
  if (number < std::size(kScenes)) return kScenes[number];
  uint32_t total = 0;
  for (const Scene& scene : kScenes) total += scene.weight;
  auto at = static_cast<uint32_t>(dice % total);
  for (const Scene& scene : kScenes) {
    if (at < scene.weight) return scene;
    at -= scene.weight;
  }
  return PlainScene();
}

Scene PlainScene() {
  return kScenes[0];
}

}  // namespace cfr::hunt
