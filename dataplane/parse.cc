// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/parse.h"

#include <cstring>

#include "dataplane/checksum.h"
#include "dataplane/icmp_error.h"
#include "dataplane/ip6_chain.h"
#include "dataplane/part.h"
#include "dataplane/tcp_state.h"
#include "dataplane/vlan.h"

namespace cfr {
namespace {

bool IsGroup(const uint8_t* mac) {
  return (mac[0] & 1) != 0;
}
bool IsZero(const uint8_t* mac) {
  static constexpr uint8_t kZero[6] = {};
  return std::memcmp(mac, kZero, 6) == 0;
}

void ParsePorts(Packet& p, Be16 source, Be16 destination) {
  p.source_port = source.raw;
  p.destination_port = destination.raw;
  if (source.raw == 0 || destination.raw == 0) Drop(p, DropReason::kPortZero);
}

// The packet ends inside its transport header; a datagram must not be cut there (RFC 1858).
void DropTruncated(Packet& p) {
  Drop(p, p.part == Part::kFirst ? DropReason::kFragmentTiny : DropReason::kL4Truncated);
}

void ParseTcp(Packet& p, uint16_t bytes) {
  if (bytes < sizeof(TcpHeader)) return DropTruncated(p);
  const TcpHeader& tcp = p.tcp();
  int header = (tcp.data_offset >> 4) * 4;
  if (header < static_cast<int>(sizeof(TcpHeader))) return Drop(p, DropReason::kTcpHeader);
  if (header > bytes && p.part == Part::kFirst) return Drop(p, DropReason::kFragmentTiny);
  if (header > bytes) return Drop(p, DropReason::kTcpHeader);
  if (ImpossibleFlags(tcp.flags)) return Drop(p, DropReason::kTcpFlags);
  ParsePorts(p, tcp.source_port, tcp.destination_port);
}

void ParseUdp(Packet& p, uint16_t bytes) {
  if (bytes < sizeof(UdpHeader)) return DropTruncated(p);
  const UdpHeader& udp = p.udp();
  const bool beyond = udp.length.host() > bytes && p.part != Part::kFirst;
  if (udp.length.host() < sizeof(UdpHeader) || beyond) return Drop(p, DropReason::kUdpLength);
  ParsePorts(p, udp.source_port, udp.destination_port);
}

void ParseIcmp(Packet& p, uint16_t bytes, uint8_t request, uint8_t reply) {
  if (bytes < sizeof(IcmpHeader)) return DropTruncated(p);
  const IcmpHeader& icmp = p.icmp();
  if (p.part == Part::kFirst && IsAnyIcmpError(p.family, icmp.type))
    return Drop(p, DropReason::kFragmentIcmpError);
  if (IsRelayedIcmpError(p.family, icmp.type, icmp.code)) {
    p.verdict = Verdict::kIcmpError;
    return;
  }
  if (icmp.code != 0 || (icmp.type != request && icmp.type != reply)) return Drop(p, DropReason::kIcmpType);
  (icmp.type == request ? p.source_port : p.destination_port) = icmp.identifier.raw;
}

void ParseTransport(Packet& p, uint16_t bytes) {
  if (p.protocol == kProtocolTcp)
    ParseTcp(p, bytes);
  else if (p.protocol == kProtocolUdp)
    ParseUdp(p, bytes);
  else if (p.protocol == kProtocolIcmp && p.family == Family::kV4)
    ParseIcmp(p, bytes, kIcmpEchoRequest, kIcmpEchoReply);
  else if (p.protocol == kProtocolIcmp6 && p.family == Family::kV6)
    ParseIcmp(p, bytes, kIcmp6EchoRequest, kIcmp6EchoReply);
  else
    Drop(p, DropReason::kProtocolUnsupported);
  if (!p.decided() && p.l4_checksum_bad && !p.is_unsummed()) Drop(p, DropReason::kL4ChecksumNic);
}

// Kept out of the way of whole packets, as what else is rare below.
[[gnu::cold]] void ParseFragment(Packet& p) {
  const uint16_t flags = p.ip4().flags_offset.host();
  const auto more = static_cast<uint16_t>(flags >> 13 & Packet::kMoreFragments);
  SetPart(p, static_cast<uint16_t>(flags << 3 | more), p.l4_offset, sizeof(Ipv4Header));
  if (p.decided()) return;
  if (p.part == Part::kLater)
    ParseLater(p);
  else
    ParseTransport(p, static_cast<uint16_t>(p.length - p.l4_offset));
}

void ParseIpv4(Packet& p) {
  int available = p.length - kEthernetBytes;
  if (available < static_cast<int>(sizeof(Ipv4Header))) return Drop(p, DropReason::kIp4Length);
  const Ipv4Header& ip = p.ip4();
  int header = (ip.version_ihl & 0xf) * 4, total = ip.total_length.host();
  if (ip.version_ihl >> 4 != 4) return Drop(p, DropReason::kIpVersion);
  if (header < static_cast<int>(sizeof(Ipv4Header))) return Drop(p, DropReason::kIp4Header);
  if (total < static_cast<int>(sizeof(Ipv4Header)) || total > available)
    return Drop(p, DropReason::kIp4Length);
  if (header > total) return Drop(p, DropReason::kIp4Header);
  if (Sum(&ip, static_cast<size_t>(header)) != 0xffff) return Drop(p, DropReason::kIp4Checksum);
  if (header > static_cast<int>(sizeof(Ipv4Header))) return Drop(p, DropReason::kIp4Option);
  uint16_t flags = ip.flags_offset.host();
  if ((flags & kIpv4Reserved) != 0) return Drop(p, DropReason::kIp4ReservedFlag);
  p.family = Family::kV4;
  p.protocol = ip.protocol;
  p.length = static_cast<uint16_t>(kEthernetBytes + total);
  p.l4_offset = static_cast<uint16_t>(kEthernetBytes + header);
  if ((flags & kIpv4FragmentBits) != 0) return ParseFragment(p);
  ParseTransport(p, static_cast<uint16_t>(total - header));
}

// Neighbour discovery, or what leads to the transport header.
[[gnu::cold]] void ParseIp6Chain(Packet& p, const Settings& settings) {
  if (p.is_neighbour_discovery()) {
    p.verdict = Verdict::kConsume;
    return;
  }
  if (IsIp6Extension(p.protocol)) WalkIp6Chain(p, settings);
  if (p.decided()) return;
  if (p.part == Part::kLater)
    ParseLater(p);
  else
    ParseTransport(p, static_cast<uint16_t>(p.length - p.l4_offset));
}

void ParseIpv6(Packet& p, const Settings& settings) {
  int available = p.length - kEthernetBytes;
  if (available < static_cast<int>(sizeof(Ipv6Header))) return Drop(p, DropReason::kIp6Length);
  const Ipv6Header& ip = p.ip6();
  int payload = ip.payload_length.host();
  if (ip.version_class_label.host() >> 28 != 6) return Drop(p, DropReason::kIpVersion);
  if (payload == 0 && ip.next_header != kIpv6NoNext) return Drop(p, DropReason::kIp6Jumbo);
  if (payload > available - static_cast<int>(sizeof(Ipv6Header))) return Drop(p, DropReason::kIp6Length);
  p.family = Family::kV6;
  p.protocol = ip.next_header;
  p.length = static_cast<uint16_t>(kEthernetBytes + sizeof(Ipv6Header) + payload);
  p.l4_offset = kEthernetBytes + sizeof(Ipv6Header);
  const bool plain = ip.next_header == kProtocolTcp || ip.next_header == kProtocolUdp;
  if (!plain) return ParseIp6Chain(p, settings);
  ParseTransport(p, static_cast<uint16_t>(payload));
}

// Tags on a port that has none: priority tags are looked behind, once.
[[gnu::cold]] void ParseTagged(Packet& p, const PortFacts& port, const Settings& settings) {
  TakeTags(p, port);
  if (!p.decided()) Parse(p, port, settings);
}

}  // namespace

void Parse(Packet& p, const PortFacts& port, const Settings& settings) {
  if (p.length < kEthernetBytes) return Drop(p, DropReason::kL2Malformed);
  const EthernetHeader& ethernet = p.ethernet();
  uint16_t ethertype = ethernet.ethertype.host();
  if (p.length > kEthernetBytes + port.mtu && !IsTagEthertype(ethertype))
    return Drop(p, DropReason::kRxOversize);
  if (IsGroup(ethernet.source) || IsZero(ethernet.source)) return Drop(p, DropReason::kL2Source);
  bool group = IsGroup(ethernet.destination);
  if (!group && std::memcmp(ethernet.destination, port.mac, 6) != 0) return Drop(p, DropReason::kNotMyMac);
  switch (ethertype) {
    case kEthertypeArp:
      p.verdict = Verdict::kConsume;
      return;
    case kEthertypeIpv4:
      ParseIpv4(p);
      break;
    case kEthertypeIpv6:
      ParseIpv6(p, settings);
      break;
    case kEthertypeVlan:
    case kEthertypeQinq:
      return ParseTagged(p, port, settings);
    default:
      return Drop(p, DropReason::kEthertype);
  }
  // Neighbour discovery is multicast by nature; everything else by group MAC is no unicast traffic.
  const bool open = !p.decided() || p.verdict == Verdict::kIcmpError;
  if (group && open) Drop(p, DropReason::kL2GroupDestination);
}

}  // namespace cfr
