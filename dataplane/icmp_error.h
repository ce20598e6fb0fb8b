// SPDX-License-Identifier: BSD-3-Clause
// ICMP errors of other nodes (RFC 5508, RFC 4443, RFC 4884): each quotes the packet it is about, and only
// that packet says whose error it is. It travelled the other way, so what is translated in the quote is
// the end that the error itself is sent to.
//
//   inbound    router > alias       quotes  alias:port > remote:port    -> subscriber
//   outbound   host or router > remote  quotes  remote:port > subscriber:port  -> alias
//
//   | IP | ICMP 8 | quoted IP | at least 8 bytes of its transport | ... | objects of RFC 4884 |
//   p.data    ^l4_offset  ^ip      ^transport                          ^end
//
// An error never opens, refreshes or ends a flow (RFC 5508 REQ-6). Nothing here is kept.
#pragma once

#include "common/settings.h"
#include "dataplane/flow.h"
#include "dataplane/packet.h"

namespace cfr {

// Errors of any kind, of which nothing is ever said in an error (RFC 792, RFC 4443 2.1).
constexpr bool IsAnyIcmpError(Family family, uint8_t type) {
  if (family == Family::kV6) return type < 128;
  return type == kIcmpUnreachable || type == kIcmpSourceQuench || type == kIcmpRedirect ||
         type == kIcmpTimeExceeded || type == kIcmpParameterProblem;
}

// Those that are relayed (RFC 5508 REQ-10, RFC 4890 4.3).
constexpr bool IsRelayedIcmpError(Family family, uint8_t type, uint8_t code) {
  if (family == Family::kV4)
    return type == kIcmpUnreachable || type == kIcmpTimeExceeded || type == kIcmpParameterProblem;
  return type == kIcmp6Unreachable || type == kIcmp6TooBig || (type == kIcmp6TimeExceeded && code <= 1) ||
         (type == kIcmp6ParameterProblem && code <= 2);
}

// The packet an error quotes: offsets from the frame's first byte, ports as in Packet.
struct Quote {
  uint16_t ip = 0, transport = 0, end = 0;
  uint8_t protocol = 0;
  uint16_t source_port = 0, destination_port = 0;
};

// Checks an error that Parse accepted and finds its quote; false: dropped with the first reason found.
bool ReadQuote(Direction direction, Packet& p, const Settings& settings, Quote* quote);

// Of the flow the quoted packet belongs to.
template <class A>
FlowKey<A> KeyOf(Direction direction, const Packet& p, const Quote& quote);

// Puts the flow's addresses and ports into the error and its quote. Outbound: takes away what no router
// on the way needs and a host could be known by, so the packet may get shorter.
template <class A, Direction kDirection>
void TranslateIcmpError(Packet& p, const Quote& quote, const Flow<A>& flow);

}  // namespace cfr
