// SPDX-License-Identifier: BSD-3-Clause
// Step 6: the one place where a flow starts. Limits, alias unit, alias port, record, in that order; what
// fails undoes everything before it, and the packet that asked is dropped for the reason that failed.
#include <algorithm>

#include "dataplane/pipeline.h"
#include "dataplane/translate.h"

namespace cfr {
namespace {

SubscriberLimits LimitsOf(const Settings& settings, Family family) {
  Setting flows = family == Family::kV4 ? Setting::kSubscriberFlowsV4 : Setting::kSubscriberFlowsV6;
  return {static_cast<uint32_t>(settings[flows]),
          static_cast<uint32_t>(settings[Setting::kSubscriberNewRate]),
          static_cast<uint32_t>(settings[Setting::kSubscriberNewBurst])};
}

// How far the flow's TCP timestamps are moved. A flow keeps what the setting said when it opened.
uint32_t DrawTimestampOffset(const Settings& settings, RandomSource& random) {
  if (settings.Choice<TcpTimestamps>(Setting::kTcpTimestamps) != TcpTimestamps::kOffset) return 0;
  const uint32_t offset = random.Next32();
  return offset + (offset == 0);  // 0 is none
}

// A flow's label is random and its own for life (RFC 6437 section 3 wants it hard to guess).
uint32_t DrawFlowLabel(RandomSource& random) {
  constexpr uint32_t kLabels = 1u << 20;
  return 1 + random.Below(kLabels - 1);
}

template <class A>
void StartState(const Packet& p, const Snapshot& snapshot, Flow<A>* flow) {
  if (p.protocol == kProtocolTcp)
    StoreTcp(StartTcp(SegmentOf(p)), flow);
  else if (p.protocol != kProtocolUdp)
    flow->state = FlowState::kIcmpQuery;
  else if (snapshot.Lists(PortList::kUdpWellknown, Be16{flow->remote_port}))
    flow->state = FlowState::kUdpWellknown;
  else
    flow->state = FlowState::kUdpOneway;
}

Counter OpenedCounter(uint8_t protocol) {
  if (protocol == kProtocolTcp) return Counter::kOpenedTcp;
  return protocol == kProtocolUdp ? Counter::kOpenedUdp : Counter::kOpenedIcmp;
}

}  // namespace

bool Pipeline::MayOpen() {
  const OpeningRule rule = shared_.leases.rule.load(std::memory_order_relaxed);
  return rule == OpeningRule::kAny || (rule == OpeningRule::kTold && openings_.CanTell());
}

template <class A>
FlowIndex Pipeline::Open(Packet& p, const FlowKey<A>& key, const World& world, const SubscriberSpace& space) {
  constexpr Direction kOut = Direction::kOutbound;
  const Snapshot& snapshot = *world.snapshot;
  FlowTable<A>& flows = Table<A>();
  if (world.keys == nullptr || world.keys->InForce(now_ms_) == nullptr)
    return Drop(kOut, p, DropReason::kNoEpochKey), kNoFlow;
  if (!MayOpen()) return Drop(kOut, p, DropReason::kRecordBlocked), kNoFlow;
  if (flows.full()) return Drop(kOut, p, DropReason::kFlowTableFull), kNoFlow;

  Address subscriber = Masked(ToAddress(key.local), space.per);
  SubscriberLimits limits = LimitsOf(snapshot.settings, A::kFamily);
  SubscriberTable::Taken taken = shared_.subscribers.Take(subscriber, limits, now_ms_);
  if (taken.slot == SubscriberTable::kNoSlot) return Drop(kOut, p, taken.reason), kNoFlow;

  Flow<A> flow{};
  flow.subscriber = key.local;
  flow.subscriber_port = key.local_port;
  flow.remote = key.remote;
  flow.remote_port = key.remote_port;
  flow.protocol = key.protocol;
  flow.subscriber_slot = taken.slot;
  flow.last_seen_ms = static_cast<uint32_t>(now_ms_);
  const AliasOffer offer{*world.keys, snapshot.drawable[space.region][static_cast<int>(A::kFamily)],
                         snapshot.units};
  AliasDraw draw = shared_.alias_policy.Begin(subscriber, ToAddress(key.remote), now_ms_,
                                              AliasRules(snapshot.settings), offer);
  DropReason reason = DropReason::kPoolEmpty;
  if (!ChooseAlias(snapshot, &draw, &flow, &reason)) {
    shared_.subscribers.Undo(taken.slot, limits);
    return Drop(kOut, p, reason), kNoFlow;
  }
  StartState(p, snapshot, &flow);
  if (p.protocol == kProtocolTcp) flow.timestamp_offset = DrawTimestampOffset(snapshot.settings, random_);
  if constexpr (A::kFamily == Family::kV6) flow.flow_label = DrawFlowLabel(random_);
  PrepareTranslation(&flow);
  const AliasPolicy::Seen seen = shared_.alias_policy.Opened(draw, flow.unit);
  if (seen.again) page_.Count(kOut, Counter::kAffinityAgain);
  if (seen.changed) page_.Count(kOut, Counter::kAffinityChanged);
  page_.Count(kOut, OpenedCounter(p.protocol));
  page_.flows[static_cast<int>(A::kFamily)].Add(1);
  page_.unit_flows[flow.unit].Add(1);
  if (!openings_.Tell(flow, subscriber, now_ms_)) page_.Count(kOut, Counter::kOpeningsLost);
  return flows.Open(flow, now_ms_ + snapshot.timeouts[flow.state]);
}
template FlowIndex Pipeline::Open(Packet&, const FlowKey<V4>&, const World&, const SubscriberSpace&);
template FlowIndex Pipeline::Open(Packet&, const FlowKey<V6>&, const World&, const SubscriberSpace&);

// Units in the order of the draw (RFC 4787 REQ-11: the sequence is fixed, load only moves along it).
template <class A>
bool Pipeline::ChooseAlias(const Snapshot& snapshot, AliasDraw* draw, Flow<A>* flow, DropReason* reason) {
  bool first = true;
  for (UnitIndex unit; (unit = draw->Next()) != kAllUnits;) {
    if (!shared_.leases.Holds(unit, now_ms_)) {
      if (first) *reason = DropReason::kLeaseExpired;
      continue;
    }
    flow->unit = unit;
    flow->alias = LoadAddress<A>(snapshot.units[unit].address.bytes.data());
    if (alias_port_.Draw(snapshot, Table<A>(), now_ms_, flow)) {
      if (!first) page_.Count(Direction::kOutbound, Counter::kAliasSpill);
      return true;
    }
    *reason = DropReason::kPortsExhausted;
    first = false;
  }
  return false;
}

}  // namespace cfr
