// SPDX-License-Identifier: BSD-3-Clause
// Where a finished packet goes on its link: destination address -> MAC, immutable, rebuilt by the main
// lcore when an address, a gateway or a neighbour changes (dataplane/neighbours.h) and published with
// the World. On-link destinations are looked up themselves, all others go to the side's gateway.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/flow.h"
#include "dataplane/snapshot.h"

namespace cfr {

using Mac = std::array<uint8_t, 6>;

struct ResolvedNeighbour {
  Side side;
  Address address;
  Mac mac;
};

class NextHops {
 public:
  // `salt` spreads the table; any secret word.
  NextHops(const Snapshot& snapshot, const std::vector<ResolvedNeighbour>& neighbours, uint64_t salt);

  // The station a packet to `destination` is sent to, nullptr while it is unknown.
  template <class A>
  const Mac* Find(Side side, const A& destination) const;

  // The address whose station that is: `destination` itself if on-link, else the gateway, if there is one.
  std::optional<Address> HopAddress(Side side, const Address& destination) const;

 private:
  template <class A>
  struct OnLink {
    A value, mask;
    bool Contains(const A& a) const;
  };
  template <class A>
  struct Links {
    std::vector<OnLink<A>> on_link[kSides];
  };
  struct Entry {
    V6 address;  // IPv4 in `low`
    Mac mac;
    uint8_t kind = 0;  // 0: empty, else 1 + side * 2 + family
  };
  template <class A>
  const Mac* FindNeighbour(Side side, const A& a) const;
  size_t Slot(const V6& address, uint8_t kind) const;
  template <class A>
  const Links<A>& LinksOf() const;

  uint64_t salt_;
  Links<V4> links4_;
  Links<V6> links6_;
  std::optional<Address> gateway_address_[kSides][kFamilies];
  std::optional<Mac> gateway_[kSides][kFamilies];
  std::vector<Entry> entries_;  // open addressing, at most half full
};

}  // namespace cfr
