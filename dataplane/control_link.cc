// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/control_link.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstring>

#include "dataplane/alias_policy.h"

namespace cfr {
namespace {

Generation CommittedOf(const World& world) {
  return world.snapshot == nullptr ? 0 : world.snapshot->generation;
}

}  // namespace

ControlLink::ControlLink(AttachServer& server, SnapshotBuilder builder, Leases& leases, World& world)
    : server_(server), page_(server.page()), builder_(std::move(builder)), leases_(leases), world_(world) {}

bool ControlLink::Poll(int budget, uint64_t now_ms) {
  changed_ = server_.Poll();
  if (changed_) {
    world_.link = server_.link();
    ++world_.attachment;
    commands_ = std::make_unique<RingConsumer>(&world_.link->commands);
    events_ = std::make_unique<RingProducer>(&world_.link->events);
    last_sequence_ = 0;
    page_.ring_corrupt.Set(0);
    builder_.Abandon();
  } else if (world_.link != nullptr && !server_.attached()) {  // nobody listens to the workers
    world_.link = nullptr;
    ++world_.attachment;
    changed_ = true;
  }
  EraseOutlivedKeys(now_ms);
  if (commands_ == nullptr) return changed_;
  // A command is taken only when its answer has room: no acknowledgment is ever lost.
  for (Message m; budget > 0 && events_->free_slots() > 0; --budget) {
    RingResult result = commands_->Pop(&m);
    if (result == RingResult::kCorrupt) page_.ring_corrupt.Set(1);
    if (result != RingResult::kOk) break;
    Message answer = MakeMessage(MessageKind::kAck);
    if (m.sequence == last_sequence_ + 1) {
      last_ack_ = Obey(m, now_ms);
      last_sequence_ = m.sequence;
      page_.commands.Add(1);
      page_.commands_refused.Add(last_ack_.status == AckStatus::kOk ? 0 : 1);
      answer.ack = last_ack_;
    } else if (m.sequence == last_sequence_) {
      answer.ack = last_ack_;
    } else {
      bool repeated = static_cast<int32_t>(m.sequence - last_sequence_) < 0;
      answer.ack = {CommittedOf(world_), m.sequence, repeated ? AckStatus::kOk : AckStatus::kOutOfOrder,
                    static_cast<uint16_t>(m.kind), 0};
    }
    OPENSSL_cleanse(&m, sizeof m);
    events_->Push(answer);
  }
  return changed_;
}

AckBody ControlLink::Obey(const Message& m, uint64_t now_ms) {
  AckBody ack{CommittedOf(world_), m.sequence, AckStatus::kOk, static_cast<uint16_t>(m.kind), 0};
  switch (m.kind) {
    case MessageKind::kEpochKey:
      ack.status = TakeKey(m.epoch_key, now_ms);
      break;
    case MessageKind::kLease:
      ack.status = TakeLease(m.lease, now_ms);
      break;
    case MessageKind::kCommit: {
      std::shared_ptr<const Snapshot> snapshot;
      ack.status = builder_.Commit(m, &snapshot, &ack.position);
      if (ack.status != AckStatus::kOk) break;
      world_.snapshot = std::move(snapshot);
      // Control is alive, so no unit of the new generation has to wait for the next renewal.
      Lease(kAllUnits, now_ms + LeaseMs());
      ack.generation = world_.snapshot->generation;
      changed_ = true;
      break;
    }
    default:
      ack.status = builder_.Take(m, CommittedOf(world_));
      break;
  }
  return ack;
}

AckStatus ControlLink::TakeKey(const EpochKeyBody& body, uint64_t now_ms) {
  const EpochKeys* former = world_.keys.get();
  if (body.version == 0 || body.at_once > 1) return AckStatus::kMalformed;
  if (former != nullptr) {
    const EpochKeys::Key& newest = former->key[0];
    if (body.version == newest.version) return AckStatus::kOk;
    if (!IsNewer(body.version, newest.version)) return AckStatus::kStale;
  }
  EpochKeys::Key newer{body.effective_ms, body.version, {}};
  std::memcpy(&newer.key.low, body.key, 8);
  std::memcpy(&newer.key.high, body.key + 8, 8);
  world_.keys = EpochKeys::Joined(former, newer, body.at_once == 1, now_ms);
  OPENSSL_cleanse(&newer, sizeof newer);
  page_.key_version.Set(body.version);
  page_.epoch_advances.Add(1);
  changed_ = true;
  return AckStatus::kOk;
}

// With a key goes the last way to tell past assignments from the addresses.
void ControlLink::EraseOutlivedKeys(uint64_t now_ms) {
  if (world_.keys == nullptr || world_.snapshot == nullptr) return;
  auto left = world_.keys->WithoutOutlived(now_ms, AliasRules(world_.snapshot->settings).key_use_ms());
  if (left == nullptr) return;
  world_.keys = std::move(left);
  changed_ = true;
}

// No deadline may lie further ahead than the configured lease, whoever asks.
AckStatus ControlLink::TakeLease(const LeaseBody& body, uint64_t now_ms) {
  if (world_.snapshot == nullptr) return AckStatus::kNotInRun;
  if (body.unit != kAllUnits && body.unit >= kUnitsMax) return AckStatus::kMalformed;
  if (body.rule > static_cast<uint8_t>(OpeningRule::kNone)) return AckStatus::kMalformed;
  leases_.rule.store(static_cast<OpeningRule>(body.rule), std::memory_order_relaxed);
  Lease(body.unit, std::min(body.deadline_ms, now_ms + LeaseMs()));
  return AckStatus::kOk;
}

uint64_t ControlLink::LeaseMs() const {
  return world_.snapshot->settings[Setting::kLease] * 1000;
}

void ControlLink::Lease(UnitIndex unit, uint64_t deadline_ms) {
  for (UnitIndex i = 0; i < kUnitsMax; ++i)
    if ((unit == kAllUnits || unit == i) && world_.snapshot->units[i].carries_flows())
      leases_.deadline_ms[i].store(deadline_ms, std::memory_order_relaxed);
  page_.lease_deadline_ms.Set(deadline_ms);
}

}  // namespace cfr
