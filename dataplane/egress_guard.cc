// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/egress_guard.h"

namespace cfr {
namespace {

bool IsOwnCore(const Address& a, const Snapshot& snapshot) {
  const PortAddress* own = snapshot.FindOwn(a);
  return own != nullptr && own->side == Side::kCore;
}

// The relay speaks IPv6 from its addresses and, for neighbour discovery, for pool addresses it answers.
bool MaySpeakFor(const Address& a, const Snapshot& snapshot) {
  if (IsOwnCore(a, snapshot)) return true;
  const PoolPrefix* pool = snapshot.pools.Find(a);
  return pool != nullptr && pool->answer;
}

bool IsSubscriber(const Address& a, const Snapshot& snapshot) {
  return snapshot.subscribers.Find(a) != nullptr;
}

// Addresses of the packet an ICMP error quotes.
struct Quoted {
  Address source, destination;
};
Quoted ReadQuoted(Family family, const uint8_t* packet) {
  if (family == Family::kV4) {
    const auto* ip = reinterpret_cast<const Ipv4Header*>(packet);
    return {Address::FromV4(&ip->source), Address::FromV4(&ip->destination)};
  }
  const auto* ip = reinterpret_cast<const Ipv6Header*>(packet);
  return {Address::FromV6(ip->source), Address::FromV6(ip->destination)};
}

// The core hears echo replies, neighbour discovery, and that a packet expired or is too big; the packet
// quoted then went to an alias and came from no subscriber.
bool MaySayToCore(Family family, uint8_t protocol, const uint8_t* message, size_t bytes,
                  const Snapshot& snapshot) {
  const bool v4 = family == Family::kV4;
  if (protocol != (v4 ? kProtocolIcmp : kProtocolIcmp6) || bytes < sizeof(IcmpErrorHeader)) return false;
  const auto* icmp = reinterpret_cast<const IcmpErrorHeader*>(message);
  if (icmp->type == (v4 ? kIcmpEchoReply : kIcmp6EchoReply)) return true;
  if (!v4 && (icmp->type == kNdNeighbourSolicit || icmp->type == kNdNeighbourAdvert))
    return bytes >= sizeof(NeighbourMessage) &&
           !IsSubscriber(Address::FromV6(reinterpret_cast<const NeighbourMessage*>(message)->target),
                         snapshot);
  const bool expired = icmp->type == (v4 ? kIcmpTimeExceeded : kIcmp6TimeExceeded);
  const bool too_big = v4 ? icmp->type == kIcmpUnreachable && icmp->code == kIcmpFragmentationNeeded
                          : icmp->type == kIcmp6TooBig;
  if (!expired && !too_big) return false;
  if (bytes < sizeof *icmp + (v4 ? sizeof(Ipv4Header) : sizeof(Ipv6Header))) return false;
  const Quoted quoted = ReadQuoted(family, message + sizeof *icmp);
  return !IsSubscriber(quoted.source, snapshot) && !IsSubscriber(quoted.destination, snapshot);
}

}  // namespace

bool EgressGuard::PassesError(const Packet& p, uint16_t quote, const Snapshot& snapshot, UnitIndex unit) {
  const Quoted quoted = ReadQuoted(p.family, p.data + quote);
  return PassesTranslated(p, snapshot, unit) && quoted.destination == snapshot.units[unit].address &&
         !IsSubscriber(quoted.source, snapshot);
}

bool EgressGuard::PassesOwn(const uint8_t* frame, uint16_t length, const Snapshot& snapshot) {
  if (length < kEthernetBytes) return false;
  const uint8_t* body = frame + kEthernetBytes;
  size_t bytes = static_cast<size_t>(length - kEthernetBytes);
  switch (reinterpret_cast<const EthernetHeader*>(frame)->ethertype.host()) {
    case kEthertypeArp: {
      const auto* arp = reinterpret_cast<const ArpPacket*>(body);
      return bytes >= sizeof *arp && MaySpeakFor(Address::FromV4(arp->sender_ip), snapshot) &&
             !IsSubscriber(Address::FromV4(arp->target_ip), snapshot);
    }
    case kEthertypeIpv4: {
      const auto* ip = reinterpret_cast<const Ipv4Header*>(body);
      return bytes >= sizeof *ip && IsOwnCore(Address::FromV4(&ip->source), snapshot) &&
             !IsSubscriber(Address::FromV4(&ip->destination), snapshot) &&
             MaySayToCore(Family::kV4, ip->protocol, body + sizeof *ip, bytes - sizeof *ip, snapshot);
    }
    case kEthertypeIpv6: {
      const auto* ip = reinterpret_cast<const Ipv6Header*>(body);
      return bytes >= sizeof *ip && MaySpeakFor(Address::FromV6(ip->source), snapshot) &&
             !IsSubscriber(Address::FromV6(ip->destination), snapshot) &&
             MaySayToCore(Family::kV6, ip->next_header, body + sizeof *ip, bytes - sizeof *ip, snapshot);
    }
    default:
      return false;
  }
}

}  // namespace cfr
