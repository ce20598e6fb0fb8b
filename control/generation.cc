// SPDX-License-Identifier: BSD-3-Clause
#include "control/generation.h"

#include <algorithm>

namespace cfr {
namespace {

class Run {
 public:
  explicit Run(Generation generation) : generation_(generation) {
    Message begin = MakeMessage(MessageKind::kBegin);
    begin.begin.generation = generation;
    messages_.push_back(begin);
  }

  void Add(const Message& m) {
    messages_.push_back(m);
    digest_ = MessageDigest(digest_, m);
  }

  std::vector<Message> Commit() {
    Message commit = MakeMessage(MessageKind::kCommit);
    commit.commit.generation = generation_;
    commit.commit.messages = static_cast<uint32_t>(messages_.size() - 1);
    commit.commit.digest = digest_;
    messages_.push_back(commit);
    return std::move(messages_);
  }

 private:
  Generation generation_;
  std::vector<Message> messages_;
  uint64_t digest_ = 0;
};

RegionId RegionOf(const Config& config, const std::string& code) {
  auto found = std::find(config.regions.begin(), config.regions.end(), code);
  return static_cast<RegionId>(found - config.regions.begin());
}

// A pool that is gone gets the number after the last: its units only drain.
PoolId PoolOf(const Config& config, const std::string& name) {
  auto found =
      std::find_if(config.pools.begin(), config.pools.end(), [&](const auto& p) { return p.name == name; });
  return static_cast<PoolId>(std::min<ptrdiff_t>(found - config.pools.begin(), kPoolsMax - 1));
}

void AddSettings(const Config& config, Run* run) {
  for (const SettingRow& row : kSettingRows) {
    if (row.when != SettingWhen::kLive) continue;
    Message m = MakeMessage(MessageKind::kSetting);
    m.setting.setting = static_cast<uint16_t>(row.id);
    m.setting.value = config.settings[row.id];
    run->Add(m);
  }
}

void AddPorts(const Config& config, Run* run) {
  for (uint8_t side = 0; side < kSides; ++side) {
    for (const Prefix& own : config.port[side].addresses) {
      Message m = MakeMessage(MessageKind::kPortAddress);
      m.port_address.prefix = ToWire(own);
      m.port_address.side = side;
      run->Add(m);
    }
    for (const auto& gateway : config.port[side].gateway) {
      if (!gateway.has_value()) continue;
      Message m = MakeMessage(MessageKind::kGateway);
      m.gateway.address = ToWire(*gateway);
      m.gateway.side = side;
      run->Add(m);
    }
  }
}

// The dataplane knows no merges: to it, subscribers are of the region that serves them.
void AddSubscribers(const Config& config, const Merges& merges, Run* run) {
  for (const SubscribersConfig& s : config.subscribers) {
    Message m = MakeMessage(MessageKind::kSubscribers);
    m.subscribers.prefix = ToWire(s.prefix);
    m.subscribers.per = s.per;
    m.subscribers.region = RegionOf(config, ServingRegion(config, merges, s.region, s.prefix.address.family));
    run->Add(m);
  }
}

void AddPools(const Config& config, Run* run) {
  for (const PoolConfig& pool : config.pools)
    for (const Prefix& prefix : pool.prefixes) {
      Message m = MakeMessage(MessageKind::kPoolPrefix);
      m.pool_prefix.prefix = ToWire(prefix);
      m.pool_prefix.state = static_cast<uint8_t>(pool.state);
      m.pool_prefix.answer = pool.answer_neighbours ? 1 : 0;
      m.pool_prefix.pool = PoolOf(config, pool.name);
      m.pool_prefix.region = RegionOf(config, pool.region);
      run->Add(m);
    }
}

void AddUnits(const Config& config, const std::vector<Assignment>& assignments, Run* run) {
  for (const Assignment& a : assignments) {
    if (a.state != PrefixState::kActive && a.state != PrefixState::kDraining) continue;
    RegionId region = RegionOf(config, a.region);
    Message m = MakeMessage(MessageKind::kUnit);
    m.unit.address = ToWire(a.address);
    m.unit.state = static_cast<uint8_t>(a.state);
    m.unit.index = a.index;
    m.unit.pool = PoolOf(config, a.pool);
    m.unit.exclusive = a.port_mode == PortMode::kExclusive ? 1 : 0;
    m.unit.drawn_from_ms = a.drawn_from_ms;
    m.unit.drawn_until_ms = a.drawn_until_ms;
    m.unit.region = std::min<RegionId>(region, kRegionsMax - 1);
    run->Add(m);
  }
}

void AddBypasses(const Config& config, Run* run) {
  for (size_t i = 0; i < config.bypasses.size(); ++i) {
    Message m = MakeMessage(MessageKind::kBypass);
    m.bypass.prefix = ToWire(config.bypasses[i].prefix);
    m.bypass.index = static_cast<uint16_t>(i);
    run->Add(m);
  }
}

void AddPortLists(const Config& config, Run* run) {
  for (const PortListRow& row : kPortListRows)
    for (uint16_t port : config.ports[row.id]) {
      Message m = MakeMessage(MessageKind::kListedPort);
      m.listed_port.port = port;
      m.listed_port.list = static_cast<uint8_t>(row.id);
      run->Add(m);
    }
}

void AddNat64Prefixes(const Config& config, Run* run) {
  for (const Prefix& prefix : config.nat64_prefixes) {
    Message m = MakeMessage(MessageKind::kNat64Prefix);
    m.nat64_prefix.prefix = ToWire(prefix);
    run->Add(m);
  }
}

}  // namespace

std::vector<Message> CompileGeneration(const Config& config, const std::vector<Assignment>& assignments,
                                       Generation generation, const Merges& merges) {
  Run run(generation);
  AddSettings(config, &run);
  AddPorts(config, &run);
  AddSubscribers(config, merges, &run);
  AddPools(config, &run);
  AddUnits(config, assignments, &run);
  AddBypasses(config, &run);
  AddPortLists(config, &run);
  AddNat64Prefixes(config, &run);
  return run.Commit();
}

}  // namespace cfr
