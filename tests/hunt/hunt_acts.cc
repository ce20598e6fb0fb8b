// SPDX-License-Identifier: BSD-3-Clause
// What happens between bursts: time, and the acts of the scene.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "control/generation.h"
#include "tests/hunt/hunt.h"

namespace cfr::hunt {
namespace {

constexpr uint64_t kSecond = 1000, kHour = 3600 * kSecond, kDay = 24 * kHour;
constexpr int kQuietBursts = 12;
constexpr uint64_t kLeaseForEver = 1'000'000'000;

// Count and digest that fit the run as it stands.
void Seal(std::vector<Message>* run) {
  CommitBody& commit = run->back().commit;
  commit.messages = static_cast<uint32_t>(run->size() - 2);
  commit.digest = 0;
  for (size_t i = 1; i + 1 < run->size(); ++i) commit.digest = MessageDigest(commit.digest, (*run)[i]);
}

Message UnitMessage(UnitIndex index, const Address& address) {
  Message m = MakeMessage(MessageKind::kUnit);
  m.unit.address = ToWire(address);
  m.unit.state = static_cast<uint8_t>(PrefixState::kActive);
  m.unit.index = index;
  return m;
}

}  // namespace

void Hunt::RenewLease() {
  lease_back_ms_ = 0;
  relay_.RenewLease(kLeaseForEver);
}

// Mostly milliseconds; seconds and minutes often enough that flows end; hours and weeks in scenes that leap;
// now and then minutes in which only the core sends.
void Hunt::PassTime() {
  if (quiet_ == 0 && random_.OneIn(2048)) quiet_ = kQuietBursts;
  if (quiet_ > 0) {
    --quiet_;
    Wait(random_.Between(20, 59) * kSecond);
  }
  if (random_.OneIn(2)) relay_.Wait(random_.Below(20));
  TakeReleased();
  if (random_.OneIn(256)) Wait(random_.Between(1, 70) * kSecond);
  if (random_.OneIn(2048)) Wait(random_.Between(100, 400) * kSecond);
  if ((scene_.acts & kLeaps) != 0 && random_.OneIn(1024)) {
    TakeAllHandoffs();
    relay_.Leap(random_.Of({kHour, 3 * kHour, kDay, 49 * kDay, 50 * kDay}) + random_.Below(100'000));
    TakeReleased();
    if (lease_back_ms_ == 0) RenewLease();
  }
  if (lease_back_ms_ != 0 && relay_.now_ms() >= lease_back_ms_) RenewLease();
  if (stations_back_ms_ != 0 && relay_.now_ms() >= stations_back_ms_) {
    stations_back_ms_ = 0;
    relay_.SetStationsAnswer(true);
  }
}

void Hunt::Play(Act act) {
  if ((scene_.acts & act) == 0) return;
  switch (act) {
    case kNewEpoch:
      relay_.AdvanceEpoch();
      break;
    case kReapply:
      Reapply();
      break;
    case kRefused:
      Refused();
      break;
    case kLeaseLapses:
      relay_.RenewLease(0);
      lease_back_ms_ = relay_.now_ms() + random_.Below(2000);
      break;
    case kWithdraw:
      Withdraw();
      break;
    case kReassign:
      Reassign();
      break;
    case kStations:
      relay_.SetStationsAnswer(false);
      Wait(random_.Below(2) * 40 * kSecond);
      stations_back_ms_ = relay_.now_ms() + random_.Below(5000);
      break;
    case kLeaps:
      break;  // PassTime
    case kSubscribersMove:
      MoveSubscribers();
      break;
    case kBypassChanges:
      ChangeBypasses();
      break;
    case kForgetKeys: {
      auto view = std::make_shared<WorldView>(*latest_);
      view->world.keys.reset();
      seen_[random_.Below(static_cast<uint32_t>(seen_.size()))] = view;
    }
  }
  if (lease_back_ms_ == 0) RenewLease();  // new units have none yet
}

// The configuration allows flows to be opened, and nothing that is amiss will pass by itself.
bool Hunt::Open() const {
  bool active = std::all_of(config_.pools.begin(), config_.pools.end(),
                            [](const PoolConfig& pool) { return pool.state == PrefixState::kActive; });
  return active && lease_back_ms_ == 0 && latest_->world.keys != nullptr;
}

void Hunt::Apply(const Config& config) {
  AckStatus status = relay_.Apply(config);
  if (status != AckStatus::kOk)
    return findings_.Violation(absl::StrCat("a right configuration was refused: ", static_cast<int>(status)));
  config_ = config;
}

void Hunt::Look() {
  const World& world = relay_.world();
  const World& before = latest_->world;
  if (world.snapshot == before.snapshot && world.keys == before.keys && world.hops == before.hops) return;
  auto view = std::make_shared<WorldView>(*latest_);
  view->world = world;
  ++view->serial;
  view->epoch_serial += world.keys != before.keys;
  if (world.snapshot != before.snapshot) {
    view->settings = config_.settings;
    const bool moved = view->subscribers != config_.subscribers;
    view->subscribers = config_.subscribers;
    view->pools.clear();
    for (const PoolConfig& pool : config_.pools)
      view->pools.insert(view->pools.end(), pool.prefixes.begin(), pool.prefixes.end());
    view->bypasses.clear();
    for (const BypassConfig& bypass : config_.bypasses) view->bypasses.push_back(bypass.prefix);
    std::vector<Address> drawable, all;
    view->units.clear();
    for (const Assignment& a : relay_.assignments()) {
      const bool active = a.state == PrefixState::kActive;
      if (active) drawable.push_back(a.address);
      if (active || a.state == PrefixState::kDraining) view->units.push_back({a.address, a.region, active});
      all.push_back(a.address);
    }
    view->units_serial += moved || drawable != drawable_;
    drawable_ = drawable;
    traffic_.SetUnits(all);
  }
  latest_ = std::move(view);
}

// Pools drain, rest and come back; the number of units changes; what has drained is given up.
void Hunt::Reapply() {
  for (auto& seen : seen_) seen = latest_;  // a grace period: nobody draws from what is given up below
  std::vector<Assignment> assignments = relay_.assignments();
  auto flows = [this](UnitIndex unit) {
    uint64_t sum = 0;
    for (int w = 0; w < relay_.workers(); ++w) sum += relay_.page(w).unit_flows[unit].Get();
    return sum;
  };
  if (Age(&assignments, flows, relay_.now_ms(), latest_->settings) && relay_.snapshot() != nullptr)
    relay_.ApplyAssignments(std::move(assignments));
  Config next = config_.pools.empty() ? base_ : config_;
  PoolConfig& pool = next.pools[random_.Below(static_cast<uint32_t>(next.pools.size()))];
  switch (random_.Below(4)) {
    case 0:
      pool.state = random_.OneIn(2) ? PrefixState::kDraining : PrefixState::kStaged;
      break;
    case 1:
      pool.alias_units = random_.Between(1, 6);
      break;
    case 2:
      next.settings.Set(Setting::kTtlCap, random_.Between(32, 64));
      break;
    default:
      next.pools = base_.pools;
  }
  Apply(next);
  if (relay_.world().keys == nullptr && random_.OneIn(2)) relay_.AdvanceEpoch();
}

// Generations that would let something through, or do not add up. None may take effect.
void Hunt::Refused() {
  const Generation committed = relay_.snapshot() == nullptr ? 0 : relay_.snapshot()->generation;
  const Config& config = config_.pools.empty() ? base_ : config_;
  std::vector<Message> run = CompileGeneration(config, relay_.assignments(), committed + 1);
  auto insert = [&](const Message& m) { run.insert(run.end() - 1, m); };
  const Family family = random_.OneIn(2) ? Family::kV4 : Family::kV6;
  constexpr UnitIndex kFreeIndex = kUnitsMax - 1;
  Message m;
  switch (random_.Below(9)) {
    case 0:
      insert(UnitMessage(kFreeIndex, SubscriberAddress(family, static_cast<int>(random_.Below(kHosts)))));
      break;
    case 1:
      insert(UnitMessage(kFreeIndex, OtherAddress(family, random_.Below(20))));
      break;
    case 2:
      m = UnitMessage(kFreeIndex, PoolAddress(family, 3));
      insert(m);
      m.unit.index = kFreeIndex - 1;  // the same address again
      insert(m);
      break;
    case 3:
      m = MakeMessage(MessageKind::kPoolPrefix);
      m.pool_prefix.prefix = ToWire(
          Prefix{SubscriberAddress(family, 0), static_cast<uint8_t>(family == Family::kV4 ? 32 : 128)});
      insert(m);
      break;
    case 4:
      m = MakeMessage(MessageKind::kBypass);
      m.bypass.prefix = ToWire(
          random_.OneIn(2) && !config_.subscribers.empty()
              ? config_.subscribers[random_.Below(static_cast<uint32_t>(config_.subscribers.size()))].prefix
              : base_.pools[random_.Below(4)].prefixes[0]);
      insert(m);
      break;
    case 5:
      run.erase(run.begin() + 1 + random_.Below(static_cast<uint32_t>(run.size()) - 2));
      break;
    case 6:
      run.back().commit.digest ^= 1;
      break;
    case 7:
      run.pop_back();
      break;  // broken off
    default:
      run.front().begin.generation = run.back().commit.generation = committed;
  }
  if (run.back().kind == MessageKind::kCommit && random_.OneIn(8))
    run.back().commit.generation ^= 2;
  else if (run.size() > 2 && run.back().kind == MessageKind::kCommit &&
           run.back().commit.messages == run.size() - 3)
    Seal(&run);
  const Snapshot* before = relay_.snapshot();
  relay_.Commit(run);
  if (relay_.snapshot() != before) findings_.Violation("a generation that must be refused took effect");
}

// As a control process would that forgot about live flows.
void Hunt::Withdraw() {
  if (relay_.snapshot() == nullptr) return;
  std::vector<Assignment> left = relay_.assignments();
  std::erase_if(left, [this](const Assignment&) { return random_.OneIn(2); });
  relay_.ApplyAssignments(std::move(left));
}

void Hunt::Reassign() {
  if (relay_.snapshot() == nullptr) return;
  std::vector<Assignment> changed = relay_.assignments();
  for (Assignment& a : changed) {
    if (!random_.OneIn(2)) continue;
    const Address other = PoolAddress(a.address.family, random_.Below(200) + 2);
    bool taken =
        std::any_of(changed.begin(), changed.end(), [&](const Assignment& b) { return b.address == other; });
    bool of_pool = false;
    for (const PoolConfig& pool : config_.pools)
      for (const Prefix& prefix : pool.prefixes) of_pool |= pool.name == a.pool && prefix.Contains(other);
    if (!taken && of_pool) a.address = other;
  }
  relay_.ApplyAssignments(std::move(changed));
}

void Hunt::MoveSubscribers() {
  if (config_.pools.empty()) return;
  Config next = config_;
  next.subscribers = base_.subscribers;
  if (random_.OneIn(2)) next.subscribers.erase(next.subscribers.begin() + random_.Below(4));
  if (random_.OneIn(4)) std::swap(next.subscribers[0].region, next.subscribers[1].region);
  Apply(next);
}

void Hunt::ChangeBypasses() {
  if (config_.pools.empty()) return;
  Config next = config_;
  next.bypasses = base_.bypasses;
  if (random_.OneIn(2)) next.bypasses.clear();
  if (random_.OneIn(4))
    next.bypasses.push_back({"one remote", {RemoteAddress(Family::kV4, 0), 32}, "a test"});
  Apply(next);
}

}  // namespace cfr::hunt
