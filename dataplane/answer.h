// SPDX-License-Identifier: BSD-3-Clause
// What the relay itself says about a packet it dropped, and to whom: ICMP errors, and a RST for a TCP
// segment of no flow. To the subscriber that sent it; to the core only that a packet of a live flow
// expired or is too big. The answer is made of the packet, in its own memory where it may be.
//
//   reason                                                  to the subscriber            to the remote of a
//   flow ttl_expired                                             time exceeded                time exceeded
//   too_big                                                 too big, MTU of the core     too big, MTU of the
//   access no resources for a flow, no station                     host unreachable hairpin,
//   access_destination, protocol_unsupported       administratively prohibited martian_source, if link-local
//   beyond scope of the source fragment_bounds, IPv6                                   parameter problem
//   tcp_no_flow                                             RST
//   everything else                                         silence
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/packet.h"
#include "dataplane/snapshot.h"

namespace cfr {

struct Answer {
  uint8_t type = 0, code = 0;  // of the ICMP error
  bool reset = false;          // a RST instead
  uint32_t word = 0;           // MTU or pointer of an error that states one
  Address source;              // the relay's own, on the side the packet came from
  Address receiver;            // whose rate it counts for
};

// For a packet dropped for p.reason and otherwise as it arrived; inbound, and not bypassed, one of a live
// flow. nullopt: it is dropped in silence (RFC 1812 4.3.2.7, RFC 4443 2.4(e)).
std::optional<Answer> AnswerTo(Direction direction, const Packet& p, const Snapshot& snapshot,
                               const PortFacts (&ports)[kSides]);

// A frame of this size holds any answer: 1280 bytes of IPv6 and what layer 2 puts in front.
inline constexpr uint16_t kAnswerMax = 1280 + 64;

// Writes the frame that goes back, at most `room` bytes; `frame` may be p.data. Returns its length, 0 if
// the room is too small.
uint16_t WriteAnswer(const Packet& p, const Answer& answer, uint8_t* frame, uint16_t room);

}  // namespace cfr
