// SPDX-License-Identifier: BSD-3-Clause
// A view of one frame on its way through the pipeline. The bytes and the buffer belong to the caller
// (a port, a test, a bench); the pipeline rewrites bytes in place and writes the verdict.
#pragma once

#include <cstdint>
#include <optional>

#include "common/counters.h"
#include "dataplane/flow.h"
#include "dataplane/headers.h"

namespace cfr {

enum class Verdict : uint8_t {
  kUndecided,
  kIcmpError,  // read, not yet decided: the packet it quotes says whose it is
  kForward,   // translated, or bypassed: send on DepartureSide
  kDrop,      // for `reason`, counted
  kHandOff,   // belongs to worker `worker`
  kAnswer,    // dropped for `reason`, counted; the buffer now holds what goes back out of ArrivalSide
  kConsume,   // for the main lcore: neighbour discovery, echo to the relay, next hop unresolved
};

struct Packet {
  uint8_t* data = nullptr;       // Ethernet header
  uint16_t length = 0;           // bytes of the frame; parse trims what lies behind the IP packet
  bool l4_checksum_bad = false;  // the network card says so
  uint16_t room = 0;             // bytes at `data` that may be written, for an answer
  void* buffer = nullptr;        // the caller's

  // written by Parse
  Family family = Family::kV4;
  uint8_t protocol = 0;           // kProtocolTcp, kProtocolUdp, kProtocolIcmp or kProtocolIcmp6
  uint16_t l4_offset = 0;         // from data
  uint16_t source_port = 0;       // network order; echo request: identifier, echo reply: 0
  uint16_t destination_port = 0;  // network order; echo reply: identifier, echo request: 0

  // written by the pipeline
  uint64_t hash = 0;
  Verdict verdict = Verdict::kUndecided;
  DropReason reason{};
  uint8_t worker = 0;
  bool bypassed = false;
  std::optional<Address> hop;  // kConsume because the station for this address is unknown

  bool decided() const { return verdict != Verdict::kUndecided; }
  EthernetHeader& ethernet() const { return *reinterpret_cast<EthernetHeader*>(data); }
  Ipv4Header& ip4() const { return *reinterpret_cast<Ipv4Header*>(data + kEthernetBytes); }
  Ipv6Header& ip6() const { return *reinterpret_cast<Ipv6Header*>(data + kEthernetBytes); }
  TcpHeader& tcp() const { return *reinterpret_cast<TcpHeader*>(data + l4_offset); }
  UdpHeader& udp() const { return *reinterpret_cast<UdpHeader*>(data + l4_offset); }
  IcmpHeader& icmp() const { return *reinterpret_cast<IcmpHeader*>(data + l4_offset); }
  IcmpErrorHeader& icmp_error() const { return *reinterpret_cast<IcmpErrorHeader*>(data + l4_offset); }
  uint16_t ip_length() const { return static_cast<uint16_t>(length - kEthernetBytes); }
  bool is_echo_reply() const {
    return (protocol == kProtocolIcmp && icmp().type == kIcmpEchoReply) ||
           (protocol == kProtocolIcmp6 && icmp().type == kIcmp6EchoReply);
  }
  uint8_t ttl() const { return family == Family::kV4 ? ip4().ttl : ip6().hop_limit; }

  template <class A>
  A source() const {
    return LoadAddress<A>(A::kFamily == Family::kV4 ? static_cast<const void*>(&ip4().source) : ip6().source);
  }
  template <class A>
  A destination() const {
    return LoadAddress<A>(A::kFamily == Family::kV4 ? static_cast<const void*>(&ip4().destination)
                                                    : ip6().destination);
  }
  Address SourceAddress() const {
    return family == Family::kV4 ? ToAddress(source<V4>()) : ToAddress(source<V6>());
  }
  Address DestinationAddress() const {
    return family == Family::kV4 ? ToAddress(destination<V4>()) : ToAddress(destination<V6>());
  }
  template <class A>
  FlowKey<A> Key(Direction d) const {
    if (d == Direction::kOutbound)
      return {source<A>(), destination<A>(), source_port, destination_port, protocol, d};
    return {destination<A>(), source<A>(), destination_port, source_port, protocol, d};
  }
};

}  // namespace cfr
