// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/snapshot_builder.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/special_prefixes.h"

namespace cfr {
namespace {

// The first staged prefix that overlaps another of its own kind, else -1.
template <class List>
int64_t SelfOverlap(List list) {
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.prefix < b.prefix; });
  for (size_t i = 1; i < list.size(); ++i)
    if (list[i - 1].prefix.Overlaps(list[i].prefix)) return list[i].position;
  return -1;
}

template <class Value, class List>
void Fill(PrefixMap<Value>* map, const List& list) {
  std::vector<std::pair<Prefix, Value>> entries;
  for (const auto& staged : list) entries.emplace_back(staged.prefix, staged.value);
  map->Build(entries);
}

// What no remote, and with `production` no host, can have.
void FillUnroutable(Martians martians, PrefixMap<Unroutable>* map) {
  std::vector<std::pair<Prefix, Unroutable>> entries;
  auto add = [&](const auto& texts, bool on_access) {
    for (const char* text : texts) entries.push_back({*ParsePrefix(text), {on_access}});
  };
  if (martians != Martians::kLab) add(kPrivatePrefixes, false);
  if (martians == Martians::kProduction) add(kDocumentationPrefixes, true);
  map->Build(entries);
}

bool ValidSide(uint8_t side) {
  return side < kSides;
}

}  // namespace

SnapshotBuilder::SnapshotBuilder(std::vector<Prefix> egress_allowed, std::vector<uint64_t> unit_salts)
    : egress_allowed_(std::move(egress_allowed)), unit_salts_(std::move(unit_salts)) {}

void SnapshotBuilder::Abandon() {
  next_.reset();
  subscribers_.clear();
  pools_.clear();
  bypasses_.clear();
  units_.clear();
  std::fill(std::begin(listed_ports_), std::end(listed_ports_), 0);
  messages_ = 0;
  digest_ = 0;
}

bool SnapshotBuilder::Allowed(const Prefix& prefix) const {
  return std::any_of(egress_allowed_.begin(), egress_allowed_.end(),
                     [&](const Prefix& allowed) { return allowed.Contains(prefix); });
}

AckStatus SnapshotBuilder::Take(const Message& message, Generation committed) {
  if (message.kind == MessageKind::kBegin) {
    Abandon();
    if (message.begin.generation == 0) return AckStatus::kMalformed;
    if (committed != 0 && !IsNewer(message.begin.generation, committed)) return AckStatus::kStale;
    next_ = std::make_unique<Snapshot>();
    next_->generation = message.begin.generation;
    return AckStatus::kOk;
  }
  if (next_ == nullptr) return AckStatus::kNotInRun;
  AckStatus status = messages_ < kGenerationMessagesMax ? Add(message) : AckStatus::kTooMany;
  if (status != AckStatus::kOk) {
    Abandon();
    return status;
  }
  ++messages_;
  digest_ = MessageDigest(digest_, message);
  return AckStatus::kOk;
}

AckStatus SnapshotBuilder::Add(const Message& message) {
  switch (message.kind) {
    case MessageKind::kSetting:
      return AddSetting(message.setting);
    case MessageKind::kPortAddress:
      return AddPortAddress(message.port_address);
    case MessageKind::kGateway:
      return AddGateway(message.gateway);
    case MessageKind::kSubscribers:
      return AddSubscribers(message.subscribers);
    case MessageKind::kPoolPrefix:
      return AddPoolPrefix(message.pool_prefix);
    case MessageKind::kUnit:
      return AddUnit(message.unit);
    case MessageKind::kBypass:
      return AddBypass(message.bypass);
    case MessageKind::kListedPort:
      return AddListedPort(message.listed_port);
    case MessageKind::kNat64Prefix:
      return AddNat64Prefix(message.nat64_prefix);
    default:
      return AckStatus::kMalformed;
  }
}

AckStatus SnapshotBuilder::AddSetting(const SettingBody& body) {
  if (body.setting >= kSettingCount) return AckStatus::kMalformed;
  auto setting = static_cast<Setting>(body.setting);
  if (Row(setting).when != SettingWhen::kLive || !InRange(setting, body.value)) return AckStatus::kMalformed;
  next_->settings.Set(setting, body.value);
  return AckStatus::kOk;
}

AckStatus SnapshotBuilder::AddPortAddress(const PortAddressBody& body) {
  Prefix prefix;
  if (!ReadPrefix(body.prefix, true, &prefix) || !ValidSide(body.side)) return AckStatus::kMalformed;
  if (next_->own.size() >= kPortAddressesMax) return AckStatus::kTooMany;
  if (next_->FindOwn(prefix.address) != nullptr) return AckStatus::kConflict;
  next_->own.push_back({static_cast<Side>(body.side), prefix});
  return AckStatus::kOk;
}

AckStatus SnapshotBuilder::AddGateway(const GatewayBody& body) {
  Prefix host;
  if (!ReadPrefix(body.address, false, &host) || host.length != host.address.bits() || !ValidSide(body.side))
    return AckStatus::kMalformed;
  auto& gateway = next_->gateway[body.side][static_cast<int>(host.address.family)];
  if (gateway.has_value()) return AckStatus::kConflict;
  gateway = host.address;
  return AckStatus::kOk;
}

AckStatus SnapshotBuilder::AddSubscribers(const SubscribersBody& body) {
  Prefix prefix;
  if (!ReadPrefix(body.prefix, false, &prefix) || body.region >= kRegionsMax || body.per < prefix.length ||
      body.per > prefix.address.bits()) {
    return AckStatus::kMalformed;
  }
  if (subscribers_.size() >= kSubscriberPrefixesMax) return AckStatus::kTooMany;
  subscribers_.push_back({prefix, {body.per, body.region}, messages_});
  return AckStatus::kOk;
}

AckStatus SnapshotBuilder::AddPoolPrefix(const PoolPrefixBody& body) {
  Prefix prefix;
  if (!ReadPrefix(body.prefix, false, &prefix) || body.pool >= kPoolsMax || body.region >= kRegionsMax ||
      body.state >= kPrefixStates || body.answer > 1) {
    return AckStatus::kMalformed;
  }
  if (pools_.size() >= kPoolPrefixesMax) return AckStatus::kTooMany;
  if (!Allowed(prefix)) return AckStatus::kOutsideAllowed;
  pools_.push_back(
      {prefix, {body.pool, body.region, static_cast<PrefixState>(body.state), body.answer == 1}, messages_});
  return AckStatus::kOk;
}

AckStatus SnapshotBuilder::AddUnit(const UnitBody& body) {
  Prefix host;
  if (!ReadPrefix(body.address, false, &host) || host.length != host.address.bits() ||
      body.index >= kUnitsMax || body.pool >= kPoolsMax || body.region >= kRegionsMax || body.exclusive > 1) {
    return AckStatus::kMalformed;
  }
  auto state = static_cast<PrefixState>(body.state);
  if (state != PrefixState::kActive && state != PrefixState::kDraining) return AckStatus::kMalformed;
  if (!Allowed(host)) return AckStatus::kOutsideAllowed;
  Unit& unit = next_->units[body.index];
  if (unit.carries_flows()) return AckStatus::kConflict;
  unit = {host.address,
          state,
          body.pool,
          body.region,
          unit_salts_[body.index],
          body.exclusive == 1,
          body.drawn_from_ms,
          body.drawn_until_ms};
  units_.push_back({host, body.index, messages_});
  return AckStatus::kOk;
}

AckStatus SnapshotBuilder::AddBypass(const BypassBody& body) {
  Prefix prefix;
  if (!ReadPrefix(body.prefix, false, &prefix) || body.index >= kBypassMax) return AckStatus::kMalformed;
  if (bypasses_.size() >= kBypassMax) return AckStatus::kTooMany;
  bypasses_.push_back({prefix, body.index, messages_});
  return AckStatus::kOk;
}

AckStatus SnapshotBuilder::AddListedPort(const ListedPortBody& body) {
  if (body.list >= kPortListCount) return AckStatus::kMalformed;
  const PortListRow& row = kPortListRows[body.list];
  if (body.port < row.min || body.port > row.max) return AckStatus::kMalformed;
  if (++listed_ports_[body.list] > kListedPortsMax) return AckStatus::kTooMany;
  next_->ports[body.list].Add(body.port);
  return AckStatus::kOk;
}

AckStatus SnapshotBuilder::AddNat64Prefix(const Nat64PrefixBody& body) {
  Prefix prefix;
  if (!ReadPrefix(body.prefix, false, &prefix) || prefix.address.family != Family::kV6)
    return AckStatus::kMalformed;
  if (next_->nat64.size() >= kNat64PrefixesMax) return AckStatus::kTooMany;
  next_->nat64.push_back(prefix);
  return AckStatus::kOk;
}

// Relations between objects: whatever could let a subscriber's address pass as an alias is refused.
AckStatus SnapshotBuilder::Check(uint32_t* position) const {
  for (int64_t at :
       {SelfOverlap(subscribers_), SelfOverlap(pools_), SelfOverlap(bypasses_), SelfOverlap(units_)}) {
    if (at < 0) continue;
    *position = static_cast<uint32_t>(at);
    return AckStatus::kConflict;
  }
  auto refuse = [&](uint32_t at) {
    *position = at;
    return AckStatus::kConflict;
  };
  for (const auto& pool : pools_)
    if (next_->subscribers.FindOverlap(pool.prefix) != nullptr) return refuse(pool.position);
  for (const auto& bypass : bypasses_)
    if (next_->subscribers.FindOverlap(bypass.prefix) || next_->pools.FindOverlap(bypass.prefix))
      return refuse(bypass.position);
  // A draining unit may outlive its pool, but no unit may ever be a subscriber or the relay itself.
  for (const auto& unit : units_)
    if (next_->subscribers.FindOverlap(unit.prefix) || next_->FindOwn(unit.prefix.address) ||
        next_->bypasses.FindOverlap(unit.prefix)) {
      return refuse(unit.position);
    }
  for (const PortAddress& own : next_->own)
    if (own.side == Side::kCore && next_->subscribers.Find(own.prefix.address)) return AckStatus::kConflict;
  if (next_->settings[Setting::kPortFirst] > next_->settings[Setting::kPortLast])
    return AckStatus::kMalformed;
  return AckStatus::kOk;
}

AckStatus SnapshotBuilder::Commit(const Message& message, std::shared_ptr<const Snapshot>* snapshot,
                                  uint32_t* position) {
  if (next_ == nullptr) return AckStatus::kNotInRun;
  const CommitBody& body = message.commit;
  AckStatus status = AckStatus::kDigest;
  if (body.generation == next_->generation && body.messages == messages_ && body.digest == digest_) {
    Fill(&next_->subscribers, subscribers_);
    Fill(&next_->pools, pools_);
    Fill(&next_->bypasses, bypasses_);
    Fill(&next_->unit_of, units_);
    status = Check(position);
  }
  if (status == AckStatus::kOk) {
    for (UnitIndex i = 0; i < kUnitsMax; ++i) {
      const Unit& unit = next_->units[i];
      if (unit.state == PrefixState::kActive)
        next_->drawable[unit.region][static_cast<int>(unit.address.family)].push_back(i);
    }
    next_->timeouts = Timeouts(next_->settings);
    next_->nat64.push_back(*ParsePrefix(kNat64Prefix));
    FillUnroutable(next_->settings.Choice<Martians>(Setting::kMartians), &next_->unroutable);
    *snapshot = std::shared_ptr<const Snapshot>(std::move(next_));
  }
  Abandon();
  return status;
}

}  // namespace cfr
