// SPDX-License-Identifier: BSD-3-Clause
// Step 7 and the end of a flow: state, idle time, closing, quarantine, release. A flow ends by its timer
// alone, or by a clean SYN that replaces one that is over; no RST, FIN or ICMP ends it.
#include "dataplane/pipeline.h"

namespace cfr {
namespace {

template <class A>
uint32_t IdleMs(const Flow<A>& flow, uint64_t now_ms) {
  return static_cast<uint32_t>(now_ms) - flow.last_seen_ms;
}

}  // namespace

template <class A>
FlowIndex Pipeline::FindLive(const FlowKey<A>& key, uint64_t hash, const Snapshot& snapshot) {
  FlowTable<A>& flows = Table<A>();
  FlowIndex i = flows.Find(key, hash);
  if (i == kNoFlow || flows[i].state == FlowState::kQuarantine) return kNoFlow;
  if (IdleMs(flows[i], now_ms_) < snapshot.timeouts[flows[i].state]) return i;
  Close<A>(i);
  flows.Rearm(i, now_ms_ + snapshot.timeouts[FlowState::kQuarantine]);
  return kNoFlow;
}
template FlowIndex Pipeline::FindLive(const FlowKey<V4>&, uint64_t, const Snapshot&);
template FlowIndex Pipeline::FindLive(const FlowKey<V6>&, uint64_t, const Snapshot&);

// False: the flow is over and this packet, a clean SYN, opens another; it was closed.
template <class A>
bool Pipeline::Advance(FlowIndex i, Direction direction, const Packet& p, const Snapshot& snapshot) {
  Flow<A>& flow = Table<A>()[i];
  const auto now = static_cast<uint32_t>(now_ms_);
  if (p.part == Part::kLater) return true;  // its first fragment spoke for the whole datagram
  if (flow.protocol != kProtocolTcp) {
    // The subscriber keeps a UDP or echo flow alive, the remote only by a setting and never an echo
    // (RFC 4787 REQ-6); the first reply names a UDP flow answered.
    if (direction == Direction::kOutbound) return flow.last_seen_ms = now, true;
    if (flow.state == FlowState::kUdpOneway) flow.state = FlowState::kUdp;
    if (flow.protocol == kProtocolUdp && snapshot.settings[Setting::kUdpInboundRefresh] != 0)
      flow.last_seen_ms = now;
    return true;
  }
  const Segment segment = SegmentOf(p);
  if (AdvanceEstablished(flow, direction, segment)) return flow.last_seen_ms = now, true;
  return AdvanceConnection<A>(i, direction, segment, snapshot);
}
template bool Pipeline::Advance<V4>(FlowIndex, Direction, const Packet&, const Snapshot&);
template bool Pipeline::Advance<V6>(FlowIndex, Direction, const Packet&, const Snapshot&);

// Any segment in any state. Apart, because its registers would be saved for every packet.
template <class A>
[[gnu::noinline]] bool Pipeline::AdvanceConnection(FlowIndex i, Direction direction, const Segment& segment,
                                                   const Snapshot& snapshot) {
  FlowTable<A>& flows = Table<A>();
  Flow<A>& flow = flows[i];
  TcpMemory memory = LoadTcp(flow);
  TcpStep step = AdvanceTcp(memory, direction, segment);
  if (step == TcpStep::kNewFlow) {
    Close<A>(i);
    flows.Rearm(i, now_ms_ + snapshot.timeouts[FlowState::kQuarantine]);
    return false;
  }
  bool sooner = snapshot.timeouts[memory.state] < snapshot.timeouts[flow.state];
  StoreTcp(memory, &flow);
  if (step == TcpStep::kRefresh) flow.last_seen_ms = static_cast<uint32_t>(now_ms_);
  if (sooner) flows.Rearm(i, now_ms_ + snapshot.timeouts[flow.state]);
  return true;
}

// Live -> quarantine; the caller arms the timer.
template <class A>
void Pipeline::Close(FlowIndex i) {
  FlowTable<A>& flows = Table<A>();
  shared_.subscribers.Release(flows[i].subscriber_slot);
  page_.unit_flows[flows[i].unit].Subtract(1);
  page_.flows[static_cast<int>(A::kFamily)].Subtract(1);
  page_.quarantined[static_cast<int>(A::kFamily)].Add(1);
  page_.Count(Direction::kOutbound, Counter::kClosed);
  flows.Close(i, static_cast<uint32_t>(now_ms_));
}

template <class A>
bool Pipeline::ExpireOne(const Snapshot& snapshot) {
  FlowTable<A>& flows = Table<A>();
  FlowIndex i = flows.TakeDue(now_ms_);
  if (i == kNoFlow) return false;
  const FlowState state = flows[i].state;
  const uint32_t idle = IdleMs(flows[i], now_ms_), timeout = snapshot.timeouts[state];
  if (idle < timeout) {
    flows.Arm(i, now_ms_ + (timeout - idle));
  } else if (state != FlowState::kQuarantine) {
    Close<A>(i);
    flows.Arm(i, now_ms_ + snapshot.timeouts[FlowState::kQuarantine]);
  } else {
    const Flow<A>& flow = flows[i];
    if (flow.exclusive) shared_.exclusive_ports.Release(flow.unit, flow.protocol, Be16{flow.alias_port});
    flows.Release(i);
    page_.quarantined[static_cast<int>(A::kFamily)].Subtract(1);
    page_.Count(Direction::kOutbound, Counter::kReleased);
  }
  return true;
}

int Pipeline::Expire(uint64_t now_ms, int budget, const World& world) {
  now_ms_ = now_ms;
  if (world.snapshot == nullptr) return 0;
  int done = 0;
  while (done < budget && ExpireOne<V4>(*world.snapshot)) ++done;
  while (done < budget && ExpireOne<V6>(*world.snapshot)) ++done;
  const Settings& settings = world.snapshot->settings;
  return done + fragments_.Expire(now_ms, settings[Setting::kTimerFragHold] * 1000,
                                  settings[Setting::kTimerFragMap] * 1000, budget - done);
}

}  // namespace cfr
