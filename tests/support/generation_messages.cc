// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/generation_messages.h"

#include <algorithm>

namespace cfr::test {
namespace {

RegionId RegionNumber(const Config& config, const std::string& region) {
  auto found = std::find(config.regions.begin(), config.regions.end(), region);
  return static_cast<RegionId>(found - config.regions.begin());
}

// The n-th address of a prefix, counted from 1.
Address Nth(const Prefix& prefix, uint32_t n) {
  Address a = prefix.address;
  size_t last = static_cast<size_t>(a.bits() / 8 - 1);
  a.bytes[last] = static_cast<uint8_t>(a.bytes[last] + n);
  return a;
}

void AddPort(const PortConfig& port, uint8_t side, std::vector<Message>* run) {
  for (const Prefix& prefix : port.addresses) {
    Message m = MakeMessage(MessageKind::kPortAddress);
    m.port_address.prefix = ToWire(prefix);
    m.port_address.side = side;
    run->push_back(m);
  }
  for (const auto& gateway : port.gateway) {
    if (!gateway.has_value()) continue;
    Message m = MakeMessage(MessageKind::kGateway);
    m.gateway.address = ToWire(*gateway);
    m.gateway.side = side;
    run->push_back(m);
  }
}

void AddPlain(const Config& config, std::vector<Message>* run) {
  for (const SettingRow& row : kSettingRows) {
    if (row.when != SettingWhen::kLive) continue;
    Message m = MakeMessage(MessageKind::kSetting);
    m.setting.setting = static_cast<uint16_t>(row.id);
    m.setting.value = config.settings[row.id];
    run->push_back(m);
  }
  for (uint8_t side = 0; side < kSides; ++side) AddPort(config.port[side], side, run);
  for (const SubscribersConfig& s : config.subscribers) {
    Message m = MakeMessage(MessageKind::kSubscribers);
    m.subscribers.prefix = ToWire(s.prefix);
    m.subscribers.per = s.per;
    m.subscribers.region = RegionNumber(config, s.region);
    run->push_back(m);
  }
  for (size_t i = 0; i < config.bypasses.size(); ++i) {
    Message m = MakeMessage(MessageKind::kBypass);
    m.bypass.prefix = ToWire(config.bypasses[i].prefix);
    m.bypass.index = static_cast<uint16_t>(i);
    run->push_back(m);
  }
}

}  // namespace

UnitIndex GenerationMaker::NumberOf(const Address& unit) {
  return numbers_.emplace(unit, static_cast<UnitIndex>(numbers_.size())).first->second;
}

void GenerationMaker::Rotate() {
  for (auto& [unit, number] : numbers_) number = static_cast<UnitIndex>((number + 1u) % numbers_.size());
}

std::vector<Message> GenerationMaker::Make(const Config& config, Generation generation) {
  std::vector<Message> run;
  AddPlain(config, &run);
  for (size_t p = 0; p < config.pools.size(); ++p) {
    const PoolConfig& pool = config.pools[p];
    for (const Prefix& prefix : pool.prefixes) {
      Message m = MakeMessage(MessageKind::kPoolPrefix);
      m.pool_prefix = {ToWire(prefix), static_cast<uint8_t>(pool.state), pool.answer_neighbours,
                       static_cast<PoolId>(p), RegionNumber(config, pool.region)};
      run.push_back(m);
    }
    if (pool.state == PrefixState::kStaged) continue;
    for (uint32_t n = 1; n <= pool.alias_units; ++n) {
      Address unit = Nth(pool.prefixes.front(), n);
      Message m = MakeMessage(MessageKind::kUnit);
      m.unit = {ToWire(unit), static_cast<uint8_t>(pool.state), NumberOf(unit), static_cast<PoolId>(p),
                RegionNumber(config, pool.region)};
      run.push_back(m);
    }
  }
  Message begin = MakeMessage(MessageKind::kBegin), commit = MakeMessage(MessageKind::kCommit);
  begin.begin.generation = generation;
  uint64_t digest = 0;
  for (const Message& m : run) digest = MessageDigest(digest, m);
  commit.commit = {generation, static_cast<uint32_t>(run.size()), digest};
  run.insert(run.begin(), begin);
  run.push_back(commit);
  return run;
}

}  // namespace cfr::test
