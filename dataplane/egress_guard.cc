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

}  // namespace

bool EgressGuard::PassesError(const Packet& p, uint16_t quote, const Snapshot& snapshot, UnitIndex unit) {
  const Quoted quoted = ReadQuoted(p.family, p.data + quote);
  return PassesTranslated(p, snapshot, unit) && quoted.destination == snapshot.units[unit].address &&
         snapshot.subscribers.Find(quoted.source) == nullptr;
}

bool EgressGuard::PassesOwn(const uint8_t* frame, uint16_t length, const Snapshot& snapshot) {
  if (length < kEthernetBytes) return false;
  const uint8_t* body = frame + kEthernetBytes;
  size_t bytes = static_cast<size_t>(length - kEthernetBytes);
  switch (reinterpret_cast<const EthernetHeader*>(frame)->ethertype.host()) {
    case kEthertypeArp:
      return bytes >= sizeof(ArpPacket) &&
             MaySpeakFor(Address::FromV4(reinterpret_cast<const ArpPacket*>(body)->sender_ip), snapshot);
    case kEthertypeIpv4:
      return bytes >= sizeof(Ipv4Header) &&
             IsOwnCore(Address::FromV4(&reinterpret_cast<const Ipv4Header*>(body)->source), snapshot);
    case kEthertypeIpv6:
      return bytes >= sizeof(Ipv6Header) &&
             MaySpeakFor(Address::FromV6(reinterpret_cast<const Ipv6Header*>(body)->source), snapshot);
    default: return false;
  }
}

}  // namespace cfr
