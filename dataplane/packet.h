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

// What an IP packet is of its datagram.
enum class Part : uint8_t {
  kWhole,  // all of it, in an IPv6 Fragment header of its own too (RFC 6946)
  kFirst,  // a fragment with the transport header
  kLater,  // a fragment without
};

// Neither a fragment nor allowed to become some.
inline bool IsAtomic(const Ipv4Header& ip) {
  return (ip.flags_offset.host() & kIpv4FragmentOrDont) == kIpv4DontFragment;
}

// What a first fragment tells of the others; rides with them from worker to worker.
struct Resolution {
  uint8_t protocol = 0;  // of the transport; 0: not known yet
  uint16_t source_port = 0, destination_port = 0;
};

enum class Verdict : uint8_t {
  kUndecided,
  kIcmpError,  // read, not yet decided: the packet it quotes says whose it is
  kForward,    // translated, or bypassed: send on DepartureSide
  kDrop,       // for `reason`, counted
  kHandOff,    // belongs to worker `worker`
  kAnswer,     // dropped for `reason`, counted; the buffer now holds what goes back out of ArrivalSide
  kConsume,    // for the main lcore: neighbour discovery, echo to the relay, next hop unresolved
  kHold,       // an early fragment: the pipeline keeps its buffer until TakeReleased
};

struct Packet {
  uint8_t* data = nullptr;       // Ethernet header
  uint16_t length = 0;           // bytes of the frame; parse trims what lies behind the IP packet
  bool l4_checksum_bad = false;  // the network card says so
  Part part = Part::kWhole;      // by Parse, as the next two
  uint16_t fragment = 0;         // first byte in its datagram, and kMoreFragments
  uint16_t fragment_header = 0;  // IPv6, from data; 0: none
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
  uint8_t resolved = 0;        // transport protocol of a fragment whose datagram is known, see Resume
  uint8_t pieces = 0;          // kForward: packets that follow this one, see Pipeline::pieces

  static constexpr uint16_t kMoreFragments = 1;  // in `fragment`, whose other bits count bytes by 8
  // Of a packet that another worker, the main lcore or a wait returned; before Parse.
  void Resume(const Resolution& r) {
    resolved = r.protocol;
    source_port = r.source_port;
    destination_port = r.destination_port;
  }
  Resolution resolution() const { return {resolved, source_port, destination_port}; }
  bool in_pieces() const { return part != Part::kWhole; }
  bool more_fragments() const { return (fragment & kMoreFragments) != 0; }
  uint16_t fragment_start() const { return fragment & ~kMoreFragments; }
  // Where the part of the datagram that is cut into fragments begins, from data.
  uint16_t fragment_offset() const {
    return fragment_header != 0 ? static_cast<uint16_t>(fragment_header + sizeof(FragmentHeader)) : l4_offset;
  }

  // Its identification is read somewhere: that of an atomic IPv4 datagram is not (RFC 6864).
  bool has_id() const { return family == Family::kV4 ? !IsAtomic(ip4()) : fragment_header != 0; }
  bool decided() const { return verdict != Verdict::kUndecided; }
  EthernetHeader& ethernet() const { return *reinterpret_cast<EthernetHeader*>(data); }
  Ipv4Header& ip4() const { return *reinterpret_cast<Ipv4Header*>(data + kEthernetBytes); }
  Ipv6Header& ip6() const { return *reinterpret_cast<Ipv6Header*>(data + kEthernetBytes); }
  FragmentHeader& fragment6() const { return *reinterpret_cast<FragmentHeader*>(data + fragment_header); }
  TcpHeader& tcp() const { return *reinterpret_cast<TcpHeader*>(data + l4_offset); }
  UdpHeader& udp() const { return *reinterpret_cast<UdpHeader*>(data + l4_offset); }
  IcmpHeader& icmp() const { return *reinterpret_cast<IcmpHeader*>(data + l4_offset); }
  IcmpErrorHeader& icmp_error() const { return *reinterpret_cast<IcmpErrorHeader*>(data + l4_offset); }
  uint16_t ip_length() const { return static_cast<uint16_t>(length - kEthernetBytes); }
  // UDP without a checksum.
  bool is_unsummed() const {
    return protocol == kProtocolUdp && part != Part::kLater && udp().checksum.raw == 0;
  }
  bool is_echo_reply() const {
    return ((protocol == kProtocolIcmp && icmp().type == kIcmpEchoReply) ||
            (protocol == kProtocolIcmp6 && icmp().type == kIcmp6EchoReply)) &&
           part != Part::kLater;
  }
  // Only directly behind the IPv6 header (RFC 6980); what has extension headers or is shorter is none.
  bool is_neighbour_discovery() const {
    constexpr int kType = kEthernetBytes + sizeof(Ipv6Header);
    return family == Family::kV6 && ip6().next_header == kProtocolIcmp6 && length > kType &&
           data[kType] >= kNdRouterSolicit && data[kType] <= kNdRedirect;
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

static_assert(sizeof(Packet) == 64, "a burst of views is read and written by the line");

// Verdict and reason in one act; counted where the verdict is read.
inline void Drop(Packet& p, DropReason reason) {
  p.verdict = Verdict::kDrop;
  p.reason = reason;
}

}  // namespace cfr
