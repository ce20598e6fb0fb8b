// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/admit.h"

#include <algorithm>

#include "dataplane/tcp_state.h"

namespace cfr {
namespace {

// Addresses no host can have, either family (RFC 1812 5.3.7, RFC 6890, RFC 4291).
bool IsMartian(const Address& a) {
  const uint8_t* b = a.bytes.data();
  if (a.family == Family::kV4) return b[0] == 0 || b[0] == 127 || b[0] >= 224 || (b[0] == 169 && b[1] == 254);
  if (b[0] == 0xff || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80)) return true;
  bool zero80 = std::all_of(b, b + 10, [](uint8_t byte) { return byte == 0; });
  if (!zero80) return false;
  bool mapped = b[10] == 0xff && b[11] == 0xff;
  bool unspecified_or_loopback =
      std::all_of(b + 10, b + 15, [](uint8_t byte) { return byte == 0; }) && b[15] <= 1;
  return mapped || unspecified_or_loopback;
}

// The broadcast address of a link of ours and its obsolete form, the first one (RFC 1812 4.2.3.1, 5.3.5.2);
// a link of one or two addresses has none.
bool IsLinkBroadcast(const Address& a, const Snapshot& snapshot) {
  if (a.family != Family::kV4) return false;
  return std::any_of(snapshot.own.begin(), snapshot.own.end(), [&](const PortAddress& own) {
    return own.prefix.length < 31 && own.prefix.Contains(a) &&
           (a == LastOf(own.prefix) || a == Masked(a, own.prefix.length));
  });
}

bool IsIcmp(const Packet& p) {
  return p.protocol == kProtocolIcmp || p.protocol == kProtocolIcmp6;
}

// Traffic to one of the relay's addresses: echo is answered where the address lives, the rest is not.
void Own(Packet& p, Side arrival, const PortAddress& own) {
  if (own.side == arrival && IsIcmp(p) && !p.is_echo_reply() && !p.in_pieces())
    p.verdict = Verdict::kConsume;
  else
    Drop(p, DropReason::kOwnAddress);
}

bool IsNat64(const Address& a, const Snapshot& snapshot) {
  return std::any_of(snapshot.nat64.begin(), snapshot.nat64.end(),
                     [&](const Prefix& p) { return p.Contains(a); });
}

bool IsUnroutableSource(const Address& a, const Snapshot& snapshot) {
  const Unroutable* unroutable = snapshot.unroutable.Find(a);
  return unroutable != nullptr && unroutable->on_access;
}

void Bypass(Packet& p) {
  p.bypassed = true;
}

bool IsBypassed(const Address& source, const Address& destination, const Snapshot& snapshot) {
  return snapshot.bypasses.Find(source) && snapshot.subscribers.Find(destination);
}

bool IsOnLink(Side side, const Address& a, const Snapshot& snapshot) {
  return std::any_of(snapshot.own.begin(), snapshot.own.end(),
                     [&](const PortAddress& own) { return own.side == side && own.prefix.Contains(a); });
}

// Routers of the core link, and what is bypassed, may well have private addresses.
bool MayBePrivate(const Address& source, const Address& destination, const Snapshot& snapshot) {
  return IsOnLink(Side::kCore, source, snapshot) || IsBypassed(source, destination, snapshot);
}

void AdmitAccessAddresses(Packet& p, const Snapshot& snapshot) {
  Address source = p.SourceAddress(), destination = p.DestinationAddress();
  if (IsMartian(source) || IsUnroutableSource(source, snapshot))
    Drop(p, DropReason::kMartianSource);
  else if (IsNoHost(destination, snapshot))
    Drop(p, DropReason::kMartianDestination);
  else if (source == destination)
    Drop(p, DropReason::kLand);
  else if (snapshot.FindOwn(source) || snapshot.pools.Find(source))
    Drop(p, DropReason::kSpoofAlias);
}

// What source and destination alone can tell.
void AdmitAddresses(Packet& p, const Snapshot& snapshot, SubscriberSpace* space) {
  Address source = p.SourceAddress(), destination = p.DestinationAddress();
  AdmitAccessAddresses(p, snapshot);
  if (p.decided()) return;
  const SubscriberSpace* found = snapshot.subscribers.Find(source);
  const PortAddress* own = snapshot.FindOwn(destination);
  // A gateway on the access side may ping the relay without being a subscriber.
  if (own != nullptr && (found || own->prefix.Contains(source))) return Own(p, Side::kAccess, *own);
  if (found == nullptr) return Drop(p, DropReason::kSpoofAccess);
  if (snapshot.pools.Find(destination)) return Drop(p, DropReason::kHairpin);
  if (snapshot.subscribers.Find(destination)) return Drop(p, DropReason::kAccessDestination);
  if (snapshot.bypasses.Find(destination)) return Bypass(p);
  // No flow opens to what AdmitCoreAddresses would not hear again.
  if (snapshot.unroutable.Find(destination)) return Drop(p, DropReason::kMartianDestination);
  if (snapshot.settings.Choice<Nat64>(Setting::kNat64) == Nat64::kDrop && IsNat64(destination, snapshot))
    return Drop(p, DropReason::kNat64Destination);
  *space = *found;
}

void AdmitCoreAddresses(Packet& p, const Snapshot& snapshot) {
  Address source = p.SourceAddress(), destination = p.DestinationAddress();
  if (IsMartian(source))
    Drop(p, DropReason::kMartianSource);
  else if (IsNoHost(destination, snapshot))
    Drop(p, DropReason::kMartianDestination);
  else if (source == destination)
    Drop(p, DropReason::kLand);
  else if (snapshot.FindOwn(source) || snapshot.pools.Find(source) || snapshot.subscribers.Find(source))
    Drop(p, DropReason::kSpoofCore);
  else if (snapshot.unroutable.Find(source) && !MayBePrivate(source, destination, snapshot))
    Drop(p, DropReason::kMartianSource);
}

}  // namespace

bool IsNoHost(const Address& destination, const Snapshot& snapshot) {
  return IsMartian(destination) || IsLinkBroadcast(destination, snapshot);
}

void AdmitOutbound(Packet& p, const Snapshot& snapshot, SubscriberSpace* space) {
  AdmitAddresses(p, snapshot, space);
  if (p.decided() || p.bypassed) return;
  if (p.part == Part::kLater) return Drop(p, DropReason::kNoFlow);
  if (p.protocol == kProtocolTcp && !IsCleanSyn(p.tcp().flags)) return Drop(p, DropReason::kTcpNoFlow);
  if (p.is_echo_reply()) return Drop(p, DropReason::kIcmpType);
}

void AdmitInbound(Packet& p, const Snapshot& snapshot) {
  Address source = p.SourceAddress(), destination = p.DestinationAddress();
  AdmitCoreAddresses(p, snapshot);
  if (p.decided()) return;
  if (const PortAddress* own = snapshot.FindOwn(destination)) return Own(p, Side::kCore, *own);
  if (snapshot.pools.Find(destination)) return Drop(p, DropReason::kNoFlow);
  if (IsBypassed(source, destination, snapshot)) return Bypass(p);
  Drop(p, DropReason::kNotAlias);
}

void AdmitFragment(Direction direction, Packet& p, const Snapshot& snapshot) {
  SubscriberSpace space{};
  if (direction == Direction::kOutbound) {
    AdmitAddresses(p, snapshot, &space);
  } else if (snapshot.unit_of.Find(p.DestinationAddress()) != nullptr) {
    AdmitCoreAddresses(p, snapshot);
  } else {
    AdmitInbound(p, snapshot);
  }
  p.bypassed = false;  // asked again in its turn
}

void AdmitIcmpError(Direction direction, Packet& p, const Snapshot& snapshot, bool of_flow) {
  const bool outbound = direction == Direction::kOutbound;
  if (outbound)
    AdmitAccessAddresses(p, snapshot);
  else
    AdmitCoreAddresses(p, snapshot);
  if (p.decided()) return;
  const Address source = p.SourceAddress(), destination = p.DestinationAddress();
  if (snapshot.FindOwn(destination)) return Drop(p, DropReason::kOwnAddress);
  const bool subscriber = outbound && snapshot.subscribers.Find(source) != nullptr;
  // A gateway of the access link need not be a subscriber.
  if (outbound && !subscriber && !IsOnLink(Side::kAccess, source, snapshot))
    return Drop(p, DropReason::kSpoofAccess);
  if (of_flow) return;
  if (subscriber && snapshot.bypasses.Find(destination)) return Bypass(p);
  if (!outbound && IsBypassed(source, destination, snapshot)) return Bypass(p);
  if (!outbound && !snapshot.pools.Find(destination)) return Drop(p, DropReason::kNotAlias);
  Drop(p, DropReason::kIcmpNoFlow);
}

}  // namespace cfr
