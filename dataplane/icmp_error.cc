// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/icmp_error.h"

#include <algorithm>
#include <cstring>

#include "dataplane/checksum.h"
#include "dataplane/ip6_chain.h"

namespace cfr {
namespace {

constexpr int kTransportMin = 8;  // RFC 792 quotes no less; ports and identifiers stand in it
constexpr int kIpv4MtuMin = 68, kIpv6MtuMin = 1280;
constexpr int kQuoteMax = 128;  // of an outbound error
constexpr int kTcpChecksumEnd = 18;

bool Refuse(Packet& p, DropReason reason) {
  Drop(p, reason);
  return false;
}
bool Malformed(Packet& p) {
  return Refuse(p, DropReason::kIcmpInnerMalformed);
}

// The ones' complement sum over the whole message: 0xffff if its checksum is right.
uint16_t MessageSum(const Packet& p) {
  const auto bytes = static_cast<uint16_t>(p.length - p.l4_offset);
  uint64_t pseudo = 0;
  if (p.family == Family::kV6)
    pseudo = Sum(p.ip6().source, 32, Be16::From(bytes).raw + uint64_t{Be16::From(kProtocolIcmp6).raw});
  return Sum(p.data + p.l4_offset, bytes, pseudo);
}

// Smaller than any link may be; an IPv4 router older than RFC 1191 says 0.
bool IsImpossibleMtu(const Packet& p) {
  const IcmpErrorHeader& icmp = p.icmp_error();
  const uint32_t word = icmp.word.host();
  if (p.family == Family::kV6) return icmp.type == kIcmp6TooBig && word < kIpv6MtuMin;
  const uint32_t mtu = word & 0xffff;
  return icmp.type == kIcmpUnreachable && icmp.code == kIcmpFragmentationNeeded && mtu != 0 &&
         mtu < kIpv4MtuMin;
}

// Bytes of the original datagram as RFC 4884 states them, padding included; 0: up to the end.
int StatedLength(const Packet& p) {
  const IcmpErrorHeader& icmp = p.icmp_error();
  const uint32_t word = icmp.word.host();
  if (p.family == Family::kV4) return static_cast<int>(word >> 16 & 0xff) * 4;
  bool has_length = icmp.type == kIcmp6Unreachable || icmp.type == kIcmp6TimeExceeded;
  return has_length ? static_cast<int>(word >> 24) * 8 : 0;
}

// The total length is not believed: some stacks quote it changed. Nor are TTL, TOS and ID compared.
bool ReadIpv4(Direction direction, Packet& p, const Settings& settings, Quote* quote) {
  const int bytes = quote->end - quote->ip;
  if (bytes < static_cast<int>(sizeof(Ipv4Header))) return Malformed(p);
  const auto* ip = reinterpret_cast<const Ipv4Header*>(p.data + quote->ip);
  const int header = (ip->version_ihl & 0xf) * 4;
  if (ip->version_ihl >> 4 != 4 || header < static_cast<int>(sizeof(Ipv4Header)) ||
      header + kTransportMin > bytes)
    return Malformed(p);
  // No packet with options is delivered, so a subscriber can quote none; they could carry its address.
  if (direction == Direction::kOutbound && header > static_cast<int>(sizeof(Ipv4Header))) return Malformed(p);
  bool verify = settings[Setting::kIcmpVerifyQuoted] != 0;
  if (verify && Sum(ip, static_cast<size_t>(header)) != 0xffff) return Malformed(p);
  if ((ip->flags_offset.host() & kIpv4FragmentBits & ~kIpv4MoreFragments) != 0)
    return Malformed(p);  // no ports
  quote->protocol = ip->protocol;
  quote->transport = static_cast<uint16_t>(quote->ip + header);
  return true;
}

// The extension headers the relay lets pass, under the limits of any packet.
bool ReadIpv6(Packet& p, const Settings& settings, Quote* quote) {
  const int bytes = quote->end - quote->ip;
  if (bytes < static_cast<int>(sizeof(Ipv6Header))) return Malformed(p);
  const auto* ip = reinterpret_cast<const Ipv6Header*>(p.data + quote->ip);
  if (ip->version_class_label.host() >> 28 != 6) return Malformed(p);
  const uint8_t* base = p.data + quote->ip;
  constexpr int kStart = sizeof(Ipv6Header);
  uint8_t next = ip->next_header;
  int at = kStart;
  for (uint64_t headers = 0;; ++headers) {
    if (at + kTransportMin > bytes) return Malformed(p);
    if (!IsIp6Extension(next)) break;
    const bool options = next == kIpv6Destination || (next == kIpv6HopByHop && at == kStart);
    const int length = options ? (base[at + 1] + 1) * 8 : static_cast<int>(sizeof(FragmentHeader));
    if (!options && next != kIpv6Fragment) return Malformed(p);
    if (headers == settings[Setting::kIp6Headers] || at + length > bytes ||
        static_cast<uint64_t>(at + length - kStart) > settings[Setting::kIp6ChainBytes]) {
      return Malformed(p);
    }
    if (options && !IsZeroPadding(base + at + 2, length - 2)) return Malformed(p);
    const auto* fragment = reinterpret_cast<const FragmentHeader*>(base + at);
    if (!options && fragment->offset_flags.host() >> 3 != 0) return Malformed(p);  // no ports
    next = base[at];
    at += length;
  }
  quote->protocol = next;
  quote->transport = static_cast<uint16_t>(quote->ip + at);
  return true;
}

// Of ICMP, only requests leave and only replies are delivered, so nothing else can be quoted of a flow.
bool ReadIcmp(Direction direction, Packet& p, Quote* quote) {
  const auto* icmp = reinterpret_cast<const IcmpHeader*>(p.data + quote->transport);
  if (IsAnyIcmpError(p.family, icmp->type)) return Refuse(p, DropReason::kIcmpInnerError);
  bool v4 = p.family == Family::kV4;
  if (direction == Direction::kInbound) {
    if (icmp->type != (v4 ? kIcmpEchoRequest : kIcmp6EchoRequest)) return Refuse(p, DropReason::kIcmpNoFlow);
    quote->source_port = icmp->identifier.raw;
  } else {
    if (icmp->type != (v4 ? kIcmpEchoReply : kIcmp6EchoReply)) return Refuse(p, DropReason::kIcmpNoFlow);
    quote->destination_port = icmp->identifier.raw;
  }
  return true;
}

bool ReadTransport(Direction direction, Packet& p, Quote* quote) {
  if (quote->protocol == kProtocolTcp || quote->protocol == kProtocolUdp) {
    const auto* udp = reinterpret_cast<const UdpHeader*>(p.data + quote->transport);  // TCP begins alike
    quote->source_port = udp->source_port.raw;
    quote->destination_port = udp->destination_port.raw;
    return true;
  }
  if (quote->protocol == (p.family == Family::kV4 ? kProtocolIcmp : kProtocolIcmp6))
    return ReadIcmp(direction, p, quote);
  return Refuse(p, DropReason::kIcmpNoFlow);
}

// A quoted checksum: 0 was never filled in; wrong stays equally wrong.
void UpdateQuoted(Be16& checksum, uint16_t delta, uint8_t protocol) {
  if (checksum.raw == 0) return;
  checksum.raw = Updated(checksum.raw, delta);
  if (protocol == kProtocolUdp && checksum.raw == 0) checksum.raw = 0xffff;
}

// Our end of the quoted packet: only bytes that were quoted are changed.
template <Direction kDirection>
void SetQuotedPort(const Packet& p, const Quote& quote, uint16_t port, uint16_t tuple_delta) {
  uint8_t* transport = p.data + quote.transport;
  if (quote.protocol == kProtocolTcp || quote.protocol == kProtocolUdp) {
    auto* udp = reinterpret_cast<UdpHeader*>(transport);
    (kDirection == Direction::kInbound ? udp->source_port : udp->destination_port).raw = port;
    if (quote.protocol == kProtocolUdp)
      UpdateQuoted(udp->checksum, tuple_delta, kProtocolUdp);
    else if (quote.transport + kTcpChecksumEnd <= quote.end)
      UpdateQuoted(reinterpret_cast<TcpHeader*>(transport)->checksum, tuple_delta, kProtocolTcp);
    return;
  }
  auto* icmp = reinterpret_cast<IcmpHeader*>(transport);
  const uint16_t before = icmp->identifier.raw;
  icmp->identifier.raw = port;
  UpdateQuoted(icmp->checksum, quote.protocol == kProtocolIcmp ? Delta(before, port) : tuple_delta,
               quote.protocol);
}

// Objects can name interfaces and their addresses, TCP options carry the host's clock; a sender needs
// neither to find its flow (RFC 792: header and 64 bits). What the header words mean stays.
void Strip(Packet& p, const Quote& quote) {
  const int least = quote.transport - quote.ip + kTransportMin, whole = quote.end - quote.ip;
  const int kept = quote.protocol == kProtocolTcp ? least : std::min(whole, std::max(kQuoteMax, least));
  const auto removed = static_cast<uint16_t>(p.length - quote.ip - kept);
  p.length = static_cast<uint16_t>(p.length - removed);
  IcmpErrorHeader& icmp = p.icmp_error();
  uint32_t meaning = 0;
  if (p.family == Family::kV4) {
    Ipv4Header& ip = p.ip4();
    const Be16 before = ip.total_length;
    ip.total_length = Be16::From(static_cast<uint16_t>(before.host() - removed));
    ip.checksum.raw = Updated(ip.checksum.raw, Delta(before.raw, ip.total_length.raw));
    if (icmp.type == kIcmpParameterProblem) meaning = 0xff000000;
    if (icmp.type == kIcmpUnreachable && icmp.code == kIcmpFragmentationNeeded) meaning = 0x0000ffff;
  } else {
    p.ip6().payload_length = Be16::From(static_cast<uint16_t>(p.ip6().payload_length.host() - removed));
    if (icmp.type == kIcmp6TooBig || icmp.type == kIcmp6ParameterProblem) meaning = 0xffffffff;
  }
  icmp.word = Be32::From(icmp.word.host() & meaning);
}

}  // namespace

bool ReadQuote(Direction direction, Packet& p, const Settings& settings, Quote* quote) {
  if (MessageSum(p) != 0xffff) return Refuse(p, DropReason::kIcmpChecksum);
  if (IsImpossibleMtu(p)) return Refuse(p, DropReason::kIcmpMtu);
  quote->ip = static_cast<uint16_t>(p.l4_offset + sizeof(IcmpErrorHeader));
  quote->end = p.length;
  if (int stated = StatedLength(p); stated != 0) {
    if (quote->ip + stated > quote->end) return Malformed(p);
    quote->end = static_cast<uint16_t>(quote->ip + stated);
  }
  bool read =
      p.family == Family::kV4 ? ReadIpv4(direction, p, settings, quote) : ReadIpv6(p, settings, quote);
  if (!read) return false;
  // The error goes back to where the quoted packet came from.
  const uint8_t* quoted = p.data + quote->ip;
  bool matches =
      p.family == Family::kV4
          ? reinterpret_cast<const Ipv4Header*>(quoted)->source == p.ip4().destination
          : std::memcmp(reinterpret_cast<const Ipv6Header*>(quoted)->source, p.ip6().destination, 16) == 0;
  if (!matches) return Refuse(p, DropReason::kIcmpInnerMismatch);
  return ReadTransport(direction, p, quote);
}

template <class A>
FlowKey<A> KeyOf(Direction direction, const Packet& p, const Quote& quote) {
  constexpr size_t kSourceAt =
      A::kFamily == Family::kV4 ? offsetof(Ipv4Header, source) : offsetof(Ipv6Header, source);
  const A source = LoadAddress<A>(p.data + quote.ip + kSourceAt);
  const A destination = LoadAddress<A>(p.data + quote.ip + kSourceAt + sizeof(A));
  if (direction == Direction::kInbound)
    return {source, destination, quote.source_port, quote.destination_port, quote.protocol, direction};
  return {destination, source, quote.destination_port, quote.source_port, quote.protocol, direction};
}
template FlowKey<V4> KeyOf(Direction, const Packet&, const Quote&);
template FlowKey<V6> KeyOf(Direction, const Packet&, const Quote&);

template <class A, Direction kDirection>
void TranslateIcmpError(Packet& p, const Quote& quote, const Flow<A>& flow) {
  constexpr bool kOut = kDirection == Direction::kOutbound;
  const A& address = kOut ? flow.alias : flow.subscriber;
  const uint16_t address_delta = kOut ? flow.address_delta : Negated(flow.address_delta);
  const uint16_t tuple_delta = kOut ? flow.tuple_delta : Negated(flow.tuple_delta);
  uint8_t* quoted = p.data + quote.ip;
  if constexpr (A::kFamily == Family::kV4) {
    auto* inner = reinterpret_cast<Ipv4Header*>(quoted);
    (kOut ? inner->destination : inner->source).raw = address.word;
    inner->checksum.raw = Updated(inner->checksum.raw, address_delta);
    Ipv4Header& outer = p.ip4();
    Be32& mine = kOut ? outer.source : outer.destination;  // outbound: whoever sent it, RFC 5508 REQ-5
    outer.checksum.raw = Updated(outer.checksum.raw, Delta(&mine, &address, sizeof address));
    mine.raw = address.word;
  } else {
    auto* inner = reinterpret_cast<Ipv6Header*>(quoted);
    std::memcpy(kOut ? inner->destination : inner->source, &address, sizeof address);
    Ipv6Header& outer = p.ip6();
    std::memcpy(kOut ? outer.source : outer.destination, &address, sizeof address);
  }
  SetQuotedPort<kDirection>(p, quote, kOut ? flow.alias_port : flow.subscriber_port, tuple_delta);
  if constexpr (kOut) Strip(p, quote);
  // The checksum that came was right, so a new one repairs nothing.
  p.icmp_error().checksum.raw = 0;
  p.icmp_error().checksum.raw = static_cast<uint16_t>(~MessageSum(p));
}
template void TranslateIcmpError<V4, Direction::kOutbound>(Packet&, const Quote&, const Flow<V4>&);
template void TranslateIcmpError<V4, Direction::kInbound>(Packet&, const Quote&, const Flow<V4>&);
template void TranslateIcmpError<V6, Direction::kOutbound>(Packet&, const Quote&, const Flow<V6>&);
template void TranslateIcmpError<V6, Direction::kInbound>(Packet&, const Quote&, const Flow<V6>&);

}  // namespace cfr
