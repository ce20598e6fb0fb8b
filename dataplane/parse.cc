// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/parse.h"

#include <cstring>

#include "dataplane/checksum.h"
#include "dataplane/icmp_error.h"
#include "dataplane/tcp_state.h"

namespace cfr {
namespace {

void Drop(Packet& p, DropReason reason) {
  p.verdict = Verdict::kDrop;
  p.reason = reason;
}

bool IsGroup(const uint8_t* mac) { return (mac[0] & 1) != 0; }
bool IsZero(const uint8_t* mac) {
  static constexpr uint8_t kZero[6] = {};
  return std::memcmp(mac, kZero, 6) == 0;
}

void ParsePorts(Packet& p, Be16 source, Be16 destination) {
  p.source_port = source.raw;
  p.destination_port = destination.raw;
  if (source.raw == 0 || destination.raw == 0) Drop(p, DropReason::kPortZero);
}

void ParseTcp(Packet& p, uint16_t bytes) {
  if (bytes < sizeof(TcpHeader)) return Drop(p, DropReason::kL4Truncated);
  const TcpHeader& tcp = p.tcp();
  int header = (tcp.data_offset >> 4) * 4;
  if (header < static_cast<int>(sizeof(TcpHeader)) || header > bytes) return Drop(p, DropReason::kTcpHeader);
  if (ImpossibleFlags(tcp.flags)) return Drop(p, DropReason::kTcpFlags);
  ParsePorts(p, tcp.source_port, tcp.destination_port);
}

void ParseUdp(Packet& p, uint16_t bytes) {
  if (bytes < sizeof(UdpHeader)) return Drop(p, DropReason::kL4Truncated);
  const UdpHeader& udp = p.udp();
  if (udp.length.host() < sizeof(UdpHeader) || udp.length.host() > bytes) return Drop(p, DropReason::kUdpLength);
  if (p.family == Family::kV6 && udp.checksum.raw == 0) return Drop(p, DropReason::kUdp6ZeroChecksum);
  ParsePorts(p, udp.source_port, udp.destination_port);
}

void ParseIcmp(Packet& p, uint16_t bytes, uint8_t request, uint8_t reply) {
  if (bytes < sizeof(IcmpHeader)) return Drop(p, DropReason::kL4Truncated);
  const IcmpHeader& icmp = p.icmp();
  if (IsIcmpError(p.family, icmp.type, icmp.code)) {
    p.verdict = Verdict::kIcmpError;
    return;
  }
  if (icmp.code != 0 || (icmp.type != request && icmp.type != reply)) return Drop(p, DropReason::kIcmpType);
  (icmp.type == request ? p.source_port : p.destination_port) = icmp.identifier.raw;
}

// `transport`: of a first fragment. An error in pieces cannot be verified.
void DropFragment(Packet& p, bool first, uint8_t protocol, const uint8_t* transport, int bytes) {
  bool icmp = first && bytes >= 2 && protocol == (p.family == Family::kV4 ? kProtocolIcmp : kProtocolIcmp6);
  bool error = icmp && IsIcmpError(p.family, transport[0], transport[1]);
  Drop(p, error ? DropReason::kFragmentIcmpError : DropReason::kFragment);
}

void ParseTransport(Packet& p, uint16_t bytes) {
  if (p.protocol == kProtocolTcp) ParseTcp(p, bytes);
  else if (p.protocol == kProtocolUdp) ParseUdp(p, bytes);
  else if (p.protocol == kProtocolIcmp && p.family == Family::kV4)
    ParseIcmp(p, bytes, kIcmpEchoRequest, kIcmpEchoReply);
  else if (p.protocol == kProtocolIcmp6 && p.family == Family::kV6)
    ParseIcmp(p, bytes, kIcmp6EchoRequest, kIcmp6EchoReply);
  else Drop(p, DropReason::kProtocolUnsupported);
  if (!p.decided() && p.l4_checksum_bad) Drop(p, DropReason::kL4ChecksumNic);
}

void ParseIpv4(Packet& p) {
  int available = p.length - kEthernetBytes;
  if (available < static_cast<int>(sizeof(Ipv4Header))) return Drop(p, DropReason::kIp4Length);
  const Ipv4Header& ip = p.ip4();
  int header = (ip.version_ihl & 0xf) * 4, total = ip.total_length.host();
  if (ip.version_ihl >> 4 != 4) return Drop(p, DropReason::kIpVersion);
  if (header < static_cast<int>(sizeof(Ipv4Header))) return Drop(p, DropReason::kIp4Header);
  if (total < static_cast<int>(sizeof(Ipv4Header)) || total > available) return Drop(p, DropReason::kIp4Length);
  if (header > total) return Drop(p, DropReason::kIp4Header);
  if (Sum(&ip, static_cast<size_t>(header)) != 0xffff) return Drop(p, DropReason::kIp4Checksum);
  if (header > static_cast<int>(sizeof(Ipv4Header))) return Drop(p, DropReason::kIp4Option);
  uint16_t flags = ip.flags_offset.host();
  if ((flags & kIpv4Reserved) != 0) return Drop(p, DropReason::kIp4ReservedFlag);
  p.family = Family::kV4;
  if ((flags & kIpv4FragmentBits) != 0)
    return DropFragment(p, (flags & kIpv4OffsetBits) == 0, ip.protocol, p.data + kEthernetBytes + header, total - header);
  p.protocol = ip.protocol;
  p.length = static_cast<uint16_t>(kEthernetBytes + total);
  p.l4_offset = static_cast<uint16_t>(kEthernetBytes + header);
  ParseTransport(p, static_cast<uint16_t>(total - header));
}

bool IsNeighbourDiscovery(const Packet& p, uint16_t bytes) {
  return p.protocol == kProtocolIcmp6 && bytes >= 1 && p.data[p.l4_offset] >= kNdRouterSolicit &&
         p.data[p.l4_offset] <= kNdRedirect;
}

void ParseIpv6(Packet& p) {
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
  auto bytes = static_cast<uint16_t>(payload);
  if (IsNeighbourDiscovery(p, bytes)) {
    p.verdict = Verdict::kConsume;
    return;
  }
  switch (ip.next_header) {
    case kIpv6Fragment: {
      const uint8_t* fragment = p.data + p.l4_offset;
      bool first = bytes > 8 && ((fragment[2] << 8 | fragment[3]) & 0xfff8) == 0;
      return DropFragment(p, first, first ? fragment[0] : uint8_t{0}, fragment + 8, bytes - 8);
    }
    case kIpv6HopByHop:
    case kIpv6Routing:
    case kIpv6Esp:
    case kIpv6Ah:
    case kIpv6NoNext:
    case kIpv6Destination:
    case kIpv6Mobility:
    case kIpv6Hip:
    case kIpv6Shim6: return Drop(p, DropReason::kIp6Extension);
    default: return ParseTransport(p, bytes);
  }
}

}  // namespace

void Parse(Packet& p, const PortFacts& port) {
  if (p.length < kEthernetBytes) return Drop(p, DropReason::kL2Malformed);
  if (p.length > kEthernetBytes + port.mtu) return Drop(p, DropReason::kRxOversize);
  const EthernetHeader& ethernet = p.ethernet();
  uint16_t ethertype = ethernet.ethertype.host();
  if (IsGroup(ethernet.source) || IsZero(ethernet.source)) return Drop(p, DropReason::kL2Source);
  bool group = IsGroup(ethernet.destination);
  if (!group && std::memcmp(ethernet.destination, port.mac, 6) != 0) return Drop(p, DropReason::kNotMyMac);
  switch (ethertype) {
    case kEthertypeArp: p.verdict = Verdict::kConsume; return;
    case kEthertypeIpv4: ParseIpv4(p); break;
    case kEthertypeIpv6: ParseIpv6(p); break;
    case kEthertypeVlan:
    case kEthertypeQinq: return Drop(p, DropReason::kVlanUnknown);
    default: return Drop(p, DropReason::kEthertype);
  }
  // Neighbour discovery is multicast by nature; everything else by group MAC is no unicast traffic.
  if (group && !p.decided()) Drop(p, DropReason::kL2GroupDestination);
}

}  // namespace cfr
