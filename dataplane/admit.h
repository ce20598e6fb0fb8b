// SPDX-License-Identifier: BSD-3-Clause
// Steps 2 and 3 for packets that belong to no flow, and for ICMP errors: traffic to the relay itself, who may
// use the relay (draft R8, RFC 2827), what may be addressed through it. A packet of a live flow passed all
// this when the flow was opened (docs/decisions/0002-admission-on-a-miss.md).
#pragma once

#include "dataplane/packet.h"
#include "dataplane/snapshot.h"

namespace cfr {

// Whether `destination` can be no host's unicast address, or is the broadcast address of a link of ours.
bool IsNoHost(const Address& destination, const Snapshot& snapshot);

// On kUndecided the packet is bypassed (p.bypassed), or `*space` is the subscriber's and it may open a
// flow. Otherwise dropped with the first reason found, or consumed: echo to the relay.
void AdmitOutbound(Packet& p, const Snapshot& snapshot, SubscriberSpace* space);

// An ICMP error, `of_flow` if the packet it quotes belongs to a live flow: bypassed or, with a flow,
// kUndecided; otherwise dropped. Routers on the way are no subscribers, but the first one is on our link.
void AdmitIcmpError(Direction direction, Packet& p, const Snapshot& snapshot, bool of_flow);

// Whether `p`, of a flow of `unit`, may pass. The unit's number may belong to another address by now; of a
// source the guard asks that, too.
inline bool Carries(const Unit& unit, Direction direction, const Packet& p) {
  return unit.carries_flows() &&
         (direction == Direction::kOutbound || p.DestinationAddress() == unit.address);
}

// A packet of no flow from the core: bypassed (kUndecided), for the relay itself, or dropped.
void AdmitInbound(Packet& p, const Snapshot& snapshot);

// A fragment of a datagram not seen before, judged by its addresses before it leaves a trace: dropped or
// kUndecided.
void AdmitFragment(Direction direction, Packet& p, const Snapshot& snapshot);

}  // namespace cfr
