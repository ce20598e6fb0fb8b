// SPDX-License-Identifier: BSD-3-Clause
// A flow: one transport 5-tuple of a subscriber and the source alias it is shown under (RFC 2663 names
// it a session; docs/glossary.md). Endpoint-dependent: another remote is another flow.
//
//   outbound key  (protocol, subscriber:port, remote:port)   as the subscriber sends
//   inbound key   (protocol, alias:port,      remote:port)   as the remote answers
//
// Ports and addresses are kept in network order, as raw words, so that a packet is compared without
// conversion. For ICMP echo the identifier plays the part of both local ports and the remote port is 0.
// One cache line for IPv4, two for IPv6; no pointer, so an arena can be mapped anywhere.
#pragma once

#include <cstdint>
#include <cstring>

#include "common/address.h"
#include "common/messages.h"
#include "common/settings.h"
#include "common/types.h"

namespace cfr {

struct V4 {
  uint32_t word;
  static constexpr Family kFamily = Family::kV4;
  friend bool operator==(const V4&, const V4&) = default;
};
struct V6 {
  uint64_t high, low;
  static constexpr Family kFamily = Family::kV6;
  friend bool operator==(const V6&, const V6&) = default;
};

template <class A>
A LoadAddress(const void* bytes) {
  A a;
  std::memcpy(&a, bytes, sizeof a);
  return a;
}
template <class A>
Address ToAddress(const A& a) {
  if constexpr (A::kFamily == Family::kV4)
    return Address::FromV4(&a);
  else
    return Address::FromV6(&a);
}

// The order is that of kFlowStateNames (common/messages.h).
enum class FlowState : uint8_t {
  kFree,
  kUdpOneway,  // no reply seen yet
  kUdp,
  kUdpWellknown,  // towards a listed remote port, answered or not
  kIcmpQuery,
  kTcpInit,  // the subscriber's SYN
  kTcpHalf,  // and a SYN from the remote
  kTcpEstablished,
  kTcpClientFin,
  kTcpServerFin,
  kTcpBothFin,
  kTcpTrans,    // after an exact RST
  kQuarantine,  // closed; only the inbound key is held
};
inline constexpr int kFlowStates = 13;
static_assert(sizeof kFlowStateNames / sizeof kFlowStateNames[0] == kFlowStates);

// Idle time of each state in milliseconds.
struct Timeouts {
  uint32_t ms[kFlowStates] = {};
  explicit Timeouts(const Settings& settings);
  Timeouts() = default;
  uint32_t operator[](FlowState s) const { return ms[static_cast<int>(s)]; }
};

using FlowIndex = uint32_t;
inline constexpr FlowIndex kNoFlow = 0xffffffff;

template <class A>
struct alignas(64) Flow {
  A subscriber, remote, alias;
  uint16_t subscriber_port, remote_port, alias_port;  // network order
  uint8_t protocol;                                   // IANA number
  FlowState state;
  UnitIndex unit;              // of `alias` in the snapshot
  FlowState before_trans;      // the state an exact RST interrupted
  uint8_t server_fin_pending;  // a core-side FIN ending at server_fin_end awaits its acknowledgment
  uint32_t last_seen_ms;       // low 32 bits of the monotonic clock; quarantine: when the flow closed
  uint32_t subscriber_slot;    // in the shared limit table
  uint32_t client_ack;         // newest acknowledgment number the subscriber sent
  uint32_t client_next;        // subscriber's next sequence number
  uint32_t server_fin_end;
  uint16_t address_delta;  // checksum change of the outbound address replacement
  uint16_t tuple_delta;    // the same with the port
  uint32_t packets_out, packets_in;
  uint32_t timestamp_offset;  // added to TSval outbound, constant for life; 0: timestamps are kept
  uint32_t exclusive : 1;     // the alias port is held in ExclusivePorts, until quarantine ends
  uint32_t flow_label : 20;   // IPv6: the one shown to the core, never 0
};
static_assert(sizeof(Flow<V4>) == 64, "an established IPv4 packet dirties one line");
static_assert(sizeof(Flow<V6>) == 128);

// What a packet says of its flow, from the relay's point of view: `local` is the subscriber outbound
// and the alias inbound.
template <class A>
struct FlowKey {
  A local, remote;
  uint16_t local_port, remote_port;  // network order
  uint8_t protocol;
  Direction direction;
};

template <class A>
FlowKey<A> OutboundKey(const Flow<A>& f) {
  return {f.subscriber, f.remote, f.subscriber_port, f.remote_port, f.protocol, Direction::kOutbound};
}
template <class A>
FlowKey<A> InboundKey(const Flow<A>& f) {
  return {f.alias, f.remote, f.alias_port, f.remote_port, f.protocol, Direction::kInbound};
}

template <class A>
bool Matches(const Flow<A>& f, const FlowKey<A>& k) {
  bool outbound = k.direction == Direction::kOutbound;
  return f.remote == k.remote && f.remote_port == k.remote_port && f.protocol == k.protocol &&
         (outbound ? f.subscriber : f.alias) == k.local &&
         (outbound ? f.subscriber_port : f.alias_port) == k.local_port && f.state != FlowState::kFree &&
         !(outbound && f.state == FlowState::kQuarantine);
}

}  // namespace cfr
