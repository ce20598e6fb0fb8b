// SPDX-License-Identifier: BSD-3-Clause
// The VLAN tags of a port's attachment (IEEE 802.1Q, 802.1ad). A port is one attachment: a frame with
// other tags is not its subscribers'. Tags come off where a frame leaves a port and go on where it enters
// one, so that between the two every header lies where it lies in an untagged frame:
//
//   port --> TakeTags --> parse ... guard --> PutTags --> port
//            (MACs move up, 4 B a tag)        (MACs move down into the headroom)
//
// Handoff rings and the main lcore see untagged frames only.
#pragma once

#include "dataplane/packet.h"
#include "dataplane/snapshot.h"

namespace cfr {

inline constexpr int kVlanTagBytes = 4;
inline constexpr int kVlanRoomBytes = kVlanTagsMax * kVlanTagBytes;  // PutTags needs at most this headroom

constexpr bool IsTagEthertype(uint16_t ethertype) {
  return ethertype == kEthertypeVlan || ethertype == kEthertypeQinq;
}

// Takes the tags off a frame that arrived on `port`, or drops it when they are not the port's. A priority
// tag (VLAN id 0) counts as none (802.1Q 6.9).
void TakeTags(Packet& p, const PortFacts& port);

// Puts the tags of `port` on an untagged frame with kVlanRoomBytes in front of it; returns where it starts
// now. The priority is 0, whatever the frame arrived with.
uint8_t* PutTags(uint8_t* frame, const PortFacts& port);

}  // namespace cfr
