// SPDX-License-Identifier: BSD-3-Clause
// The way of an ICMP error through a worker (RFC 5508 REQ-4, REQ-5). It is found, handed off and
// translated by the packet it quotes; the flow itself stays as it is, timer and all.
#include "dataplane/admit.h"
#include "dataplane/egress_guard.h"
#include "dataplane/icmp_error.h"
#include "dataplane/pipeline.h"
#include "dataplane/scrub.h"
#include "dataplane/translate.h"

namespace cfr {

void Pipeline::RelayIcmpError(Direction direction, Origin origin, Packet& p, const World& world) {
  p.verdict = Verdict::kUndecided;
  if (world.snapshot == nullptr) return Drop(direction, p, DropReason::kNoSnapshot);
  if (direction == Direction::kOutbound) {
    p.family == Family::kV4 ? RelayIcmpError<V4, Direction::kOutbound>(origin, p, world)
                            : RelayIcmpError<V6, Direction::kOutbound>(origin, p, world);
  } else {
    p.family == Family::kV4 ? RelayIcmpError<V4, Direction::kInbound>(origin, p, world)
                            : RelayIcmpError<V6, Direction::kInbound>(origin, p, world);
  }
}

template <class A, Direction kDirection>
void Pipeline::RelayIcmpError(Origin origin, Packet& p, const World& world) {
  constexpr bool kOut = kDirection == Direction::kOutbound;
  const Snapshot& snapshot = *world.snapshot;
  FlowTable<A>& flows = Table<A>();
  Quote quote;
  if (!ReadQuote(kDirection, p, snapshot.settings, &quote)) return Drop(kDirection, p, p.reason);
  const FlowKey<A> key = KeyOf<A>(kDirection, p, quote);
  if (int owner = shared_.owner.WorkerOf(key); owner != worker_ && origin == Origin::kPort) {
    p.verdict = Verdict::kHandOff;
    p.worker = static_cast<uint8_t>(owner);
    return;
  }
  const FlowIndex i = FindLive<A>(key, flows.Hash(key), snapshot);
  AdmitIcmpError(kDirection, p, snapshot, i != kNoFlow);
  if (p.verdict == Verdict::kDrop) return Drop(kDirection, p, p.reason);
  if (p.bypassed) return RelayBypassed<A>(kDirection, p, world);
  if (!Fits(kDirection, p)) return;
  const Flow<A>& flow = flows[i];
  if (!Carries(snapshot.units[flow.unit], kDirection, p))
    return Drop(kDirection, p, DropReason::kAliasWithdrawn);
  const Mac* station = FindStation<A>(kDirection, p, kOut ? flow.remote : flow.subscriber, world);
  if (station == nullptr) return;
  SetStations(kDirection, p, *station);
  TranslateIcmpError<A, kDirection>(p, quote, flow);
  if constexpr (kOut) {
    const uint32_t id = p.has_id() ? ids_.Next(flow.alias, flow.remote, p.protocol) : 0;
    Scrub(p, snapshot.settings, flow.flow_label, id);
    if (!EgressGuard::PassesError(p, quote.ip, snapshot, flow.unit))
      return Drop(kDirection, p, DropReason::kEgressGuard);
  } else {
    DecrementTtl(p);
  }
  Forward(kDirection, p);
}

}  // namespace cfr
