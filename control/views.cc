// SPDX-License-Identifier: BSD-3-Clause
#include "control/views.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>

#include "absl/strings/str_cat.h"
#include "common/geofeed.h"

namespace cfr {
namespace {

constexpr Direction kBothDirections[] = {Direction::kOutbound, Direction::kInbound};

std::string MacText(const uint8_t* mac) {
  char text[18];
  std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                mac[5]);
  return text;
}

// The page is memory of another process.
int Workers(const DataplanePage& page) {
  return std::min<int>(page.workers, kWorkersMax);
}
template <size_t N>
std::string Text(const char (&text)[N]) {
  return std::string(text, strnlen(text, N));
}

uint64_t Sum(const DataplanePage& page, const std::function<uint64_t(const CounterPage&)>& of) {
  uint64_t total = 0;
  for (int w = 0; w < Workers(page); ++w) total += of(page.worker[w]);
  return total;
}

Json PoolView(Node& node, const PoolConfig& pool, const std::vector<PrefixLife>& all_lives, uint64_t now_ms) {
  Json prefixes = Json::array(), units = Json::array();
  for (const Prefix& p : pool.prefixes) prefixes.push_back(Format(p));
  std::map<std::string, int> states;
  for (const Assignment& a : node.assignments())
    if (a.pool == pool.name) {
      units.push_back({{"index", a.index}, {"address", Format(a.address)}, {"state", Name(a.state)}});
      ++states[Name(a.state)];
    }
  Json lives = Json::array();
  for (const PrefixLife& life : all_lives)
    if (life.pool == pool.name)
      lives.push_back({{"prefix", Format(life.prefix)},
                       {"state", Name(life.state)},
                       {"age_seconds", (now_ms - life.since_ms) / 1000}});
  auto given = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  const PoolConfig* serving = MergedInto(node.config(), node.merges(), pool);
  return {{"name", pool.name},
          {"region", pool.region},
          {"family", Name(pool.family())},
          {"state", Name(pool.state)},
          {"prefixes", prefixes},
          {"prefix_states", lives},
          {"parent", given(pool.parent)},
          {"merged_into", given(serving == nullptr ? "" : serving->name)},
          {"city", given(pool.city)},
          {"alias_units", pool.alias_units},
          {"port_mode", Name(pool.port_mode)},
          {"small_crowd", pool.small_crowd},
          {"answer_neighbours", pool.answer_neighbours},
          {"units", units},
          {"unit_states", states},
          {"deleted", false},
          {"flows", node.link().attached() ? Json(node.PoolFlows(pool.name)) : Json()}};
}

}  // namespace

// Pools of the configuration, then those that are gone but still drain.
Json PoolsView(Node& node, uint64_t now_ms) {
  Json pools = Json::array();
  const std::vector<PrefixLife> lives =
      FollowPrefixes(node.config(), node.assignments(), node.prefixes(), now_ms);
  std::map<std::string, PoolConfig> gone;
  for (const Assignment& a : node.assignments()) {
    PoolConfig& pool = gone[a.pool];
    pool.name = a.pool;
    pool.region = a.region;
    pool.alias_units = 0;
    pool.state = PrefixState::kDraining;
    pool.prefixes.push_back({a.address, static_cast<uint8_t>(a.address.bits())});
  }
  for (const PoolConfig& pool : node.config().pools) {
    pools.push_back(PoolView(node, pool, lives, now_ms));
    gone.erase(pool.name);
  }
  for (const auto& [name, pool] : gone) {
    pools.push_back(PoolView(node, pool, lives, now_ms));
    pools.back()["deleted"] = true;
  }
  return pools;
}

Json GeofeedView(const Config& config) {
  std::vector<std::string> omitted;
  const std::string feed = WriteGeofeed(GeofeedOf(config, &omitted));
  return {{"geofeed", feed}, {"omitted", omitted}};
}

Json EpochView(Node& node) {
  Json view = {{"length_seconds", node.config().settings[Setting::kEpochLength]},
               {"key_version", nullptr},
               {"advances", nullptr}};
  if (node.link().attached()) {
    view["key_version"] = node.link().page().key_version.Get();
    view["advances"] = node.link().page().epoch_advances.Get();
  }
  return view;
}

Json WorkersView(const DataplanePage& page) {
  Json workers = Json::array();
  for (int w = 0; w < Workers(page); ++w) {
    const CounterPage& c = page.worker[w];
    Json handoffs = Json::object(), mismatch = Json::object();
    for (int to = 0; to < Workers(page); ++to) handoffs[absl::StrCat(to)] = c.handoff_to[to].Get();
    uint64_t received = 0, handed_in = 0;
    for (Direction d : kBothDirections) {
      mismatch[Name(d)] = AccountingMismatch(c, d);
      received += c.Get(d, Counter::kReceived);
      handed_in += c.Get(d, Counter::kHandoffIn);
    }
    workers.push_back({{"worker", w},
                       {"flows", {{"ipv4", c.flows[0].Get()}, {"ipv6", c.flows[1].Get()}}},
                       {"quarantined", {{"ipv4", c.quarantined[0].Get()}, {"ipv6", c.quarantined[1].Get()}}},
                       {"received", received},
                       {"handoff_in", handed_in},
                       {"handoff_to", handoffs},
                       {"rounds", c.rounds.Get()},
                       {"busy_rounds", c.busy_rounds.Get()},
                       {"accounting_mismatch", mismatch}});
  }
  return workers;
}

Json PortsView(const DataplanePage& page) {
  Json ports = Json::array();
  for (int s = 0; s < kSides; ++s) {
    const PortStatus& p = page.port[s];
    ports.push_back({{"side", Name(static_cast<Side>(s))},
                     {"device", Text(p.device)},
                     {"driver", Text(p.driver)},
                     {"mac", MacText(p.mac)},
                     {"mtu", p.mtu},
                     {"queues", p.queues},
                     {"link_up", p.link_up.load() != 0},
                     {"received", p.received.Get()},
                     {"received_bytes", p.received_bytes.Get()},
                     {"sent", p.sent.Get()},
                     {"sent_bytes", p.sent_bytes.Get()},
                     {"missed", p.missed.Get()},
                     {"errors", p.errors.Get()},
                     {"neighbours", page.neighbours[s].Get()}});
  }
  return ports;
}

Json CountersView(const DataplanePage& page, bool all, int worker) {
  Json view = Json::object();
  for (Direction d : kBothDirections) {
    Json counters = Json::object(), drops = Json::object();
    auto total = [&](auto id) {
      if (worker >= 0) return page.worker[worker].Get(d, id);
      return Sum(page, [&](const CounterPage& c) { return c.Get(d, id); });
    };
    for (int i = 0; i < kCounterCount; ++i)
      if (uint64_t n = total(static_cast<Counter>(i)); n != 0 || all) counters[kCounterRows[i].name] = n;
    for (int i = 0; i < kDropReasonCount; ++i) {
      auto reason = static_cast<DropReason>(i);
      uint64_t n = total(reason) + (worker < 0 ? page.main.Get(d, reason) : 0);
      if (n != 0 || all) drops[kDropReasonRows[i].name] = n;
    }
    if (worker < 0) counters["made"] = page.main.Get(d, Counter::kMade);
    view[Name(d)] = {{"counters", counters}, {"drops", drops}};
  }
  return view;
}

Json FlowStatsView(const DataplanePage& page) {
  Json view = Json::object();
  for (int f = 0; f < kFamilies; ++f)
    view[Name(static_cast<Family>(f))] = {
        {"flows", Sum(page, [&](const CounterPage& c) { return c.flows[f].Get(); })},
        {"quarantined", Sum(page, [&](const CounterPage& c) { return c.quarantined[f].Get(); })},
        {"capacity", page.start_settings[static_cast<int>(f == 0 ? Setting::kFlowsV4 : Setting::kFlowsV6)] *
                         static_cast<uint64_t>(Workers(page))}};
  auto opened = [&](Counter id) {
    return Sum(page, [&](const CounterPage& c) { return c.Get(Direction::kOutbound, id); });
  };
  view["opened"] = {{"tcp", opened(Counter::kOpenedTcp)},
                    {"udp", opened(Counter::kOpenedUdp)},
                    {"icmp", opened(Counter::kOpenedIcmp)}};
  view["closed"] = opened(Counter::kClosed);
  return view;
}

std::string BuildText(const DataplanePage& page) {
  return Text(page.build);
}

}  // namespace cfr
