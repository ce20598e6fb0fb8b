// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/next_hops.h"

#include <bit>
#include <cstring>

namespace cfr {
namespace {

V6 Widened(const V4& a) {
  return {0, a.word};
}
V6 Widened(const V6& a) {
  return a;
}

uint8_t KindOf(Side side, Family family) {
  return static_cast<uint8_t>(1 + static_cast<int>(side) * 2 + static_cast<int>(family));
}

// All bits of a prefix of `length` set, in network order.
template <class A>
A MaskOf(int length) {
  Address ones;
  ones.family = A::kFamily;
  ones.bytes.fill(0xff);
  return LoadAddress<A>(Masked(ones, length).bytes.data());
}

}  // namespace

template <>
bool NextHops::OnLink<V4>::Contains(const V4& a) const {
  return (a.word & mask.word) == value.word;
}
template <>
bool NextHops::OnLink<V6>::Contains(const V6& a) const {
  return (a.high & mask.high) == value.high && (a.low & mask.low) == value.low;
}
template <>
const NextHops::Links<V4>& NextHops::LinksOf<V4>() const {
  return links4_;
}
template <>
const NextHops::Links<V6>& NextHops::LinksOf<V6>() const {
  return links6_;
}

size_t NextHops::Slot(const V6& address, uint8_t kind) const {
  uint64_t h = (address.high ^ salt_) * 0x9e3779b97f4a7c15ull;
  h = (h ^ h >> 29 ^ address.low ^ kind) * 0xbf58476d1ce4e5b9ull;
  return (h ^ h >> 32) & (entries_.size() - 1);
}

NextHops::NextHops(const Snapshot& snapshot, const std::vector<ResolvedNeighbour>& neighbours, uint64_t salt)
    : salt_(salt), entries_(std::bit_ceil(neighbours.size() * 2 + 2)) {
  for (const PortAddress& own : snapshot.own) {
    Address value = Masked(own.prefix.address, own.prefix.length);
    auto side = static_cast<size_t>(own.side);
    if (value.family == Family::kV4)
      links4_.on_link[side].push_back({LoadAddress<V4>(value.bytes.data()), MaskOf<V4>(own.prefix.length)});
    else
      links6_.on_link[side].push_back({LoadAddress<V6>(value.bytes.data()), MaskOf<V6>(own.prefix.length)});
  }
  for (const ResolvedNeighbour& n : neighbours) {
    int side = static_cast<int>(n.side), family = static_cast<int>(n.address.family);
    V6 address = n.address.family == Family::kV4 ? Widened(LoadAddress<V4>(n.address.bytes.data()))
                                                 : LoadAddress<V6>(n.address.bytes.data());
    size_t slot = Slot(address, KindOf(n.side, n.address.family));
    while (entries_[slot].kind != 0) slot = (slot + 1) & (entries_.size() - 1);
    entries_[slot] = {address, n.mac, KindOf(n.side, n.address.family)};
    if (snapshot.gateway[side][family] == n.address) gateway_[side][family] = n.mac;
  }
  for (int s = 0; s < kSides; ++s)
    for (int f = 0; f < kFamilies; ++f) gateway_address_[s][f] = snapshot.gateway[s][f];
}

template <class A>
const Mac* NextHops::FindNeighbour(Side side, const A& a) const {
  V6 address = Widened(a);
  uint8_t kind = KindOf(side, A::kFamily);
  for (size_t slot = Slot(address, kind); entries_[slot].kind != 0; slot = (slot + 1) & (entries_.size() - 1))
    if (entries_[slot].kind == kind && entries_[slot].address == address) return &entries_[slot].mac;
  return nullptr;
}

template <class A>
const Mac* NextHops::Find(Side side, const A& destination) const {
  for (const OnLink<A>& link : LinksOf<A>().on_link[static_cast<int>(side)])
    if (link.Contains(destination)) return FindNeighbour(side, destination);
  const auto& gateway = gateway_[static_cast<int>(side)][static_cast<int>(A::kFamily)];
  return gateway.has_value() ? &*gateway : nullptr;
}
template const Mac* NextHops::Find(Side, const V4&) const;
template const Mac* NextHops::Find(Side, const V6&) const;

std::optional<Address> NextHops::HopAddress(Side side, const Address& destination) const {
  auto on_link = [&](const auto& links, const auto& a) {
    for (const auto& link : links.on_link[static_cast<int>(side)])
      if (link.Contains(a)) return true;
    return false;
  };
  bool direct = destination.family == Family::kV4
                    ? on_link(links4_, LoadAddress<V4>(destination.bytes.data()))
                    : on_link(links6_, LoadAddress<V6>(destination.bytes.data()));
  if (direct) return destination;
  return gateway_address_[static_cast<int>(side)][static_cast<int>(destination.family)];
}

}  // namespace cfr
