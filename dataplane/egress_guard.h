// SPDX-License-Identifier: BSD-3-Clause
// The last look before the core port, and the only way to it: the source address in the finished bytes
// must be the alias unit of the packet's flow, assigned to this relay and carrying flows, or the packet
// was marked by a bypass entry, or it is the relay's own (draft R8). Everything else dies here and
// rings an alarm: a hit is a bug of ours, never a normal event.
#pragma once

#include "dataplane/packet.h"
#include "dataplane/snapshot.h"

namespace cfr {

class EgressGuard {
 public:
  // A translated packet of a flow whose alias is `unit`.
  static bool PassesTranslated(const Packet& p, const Snapshot& snapshot, UnitIndex unit) {
    const Unit& u = snapshot.units[unit];
    return u.carries_flows() && p.SourceAddress() == u.address;
  }
  // A translated ICMP error of such a flow: the packet quoted at `quote` was sent to its alias.
  static bool PassesError(const Packet& p, uint16_t quote, const Snapshot& snapshot, UnitIndex unit);
  // A packet that left admission by a bypass entry: the entry is looked up again.
  static bool PassesBypassed(const Packet& p, const Snapshot& snapshot) {
    return snapshot.bypasses.Find(p.DestinationAddress()) != nullptr;
  }
  // A frame the relay made itself, whole and unparsed: ARP, neighbour discovery, an echo reply, or what a
  // remote is told of its own packet to an alias. It is from the relay, and neither to a subscriber nor about
  // one.
  static bool PassesOwn(const uint8_t* frame, uint16_t length, const Snapshot& snapshot);
};

}  // namespace cfr
