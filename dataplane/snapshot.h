// SPDX-License-Identifier: BSD-3-Clause
// The configuration as the workers read it, and the rest of the world they see.
//
//   main lcore                                          worker w, once per round
//   SnapshotBuilder --commit--> Snapshot --+
//   kEpochKey ----------------> EpochKeys -+-> World --store--> [current] --load--> const World&
//   Neighbours ---------------> NextHops --+      |
//                                                 +-- the former World is destroyed after every worker
//                                                     has begun a later round (grace period)
//
// Everything reachable from a World is immutable; only lease deadlines change in place (atomics).
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "common/address.h"
#include "common/limits.h"
#include "common/port_lists.h"
#include "common/settings.h"
#include "dataplane/epoch_keys.h"
#include "dataplane/flow.h"
#include "dataplane/headers.h"
#include "dataplane/port_set.h"
#include "dataplane/prefix_map.h"

namespace cfr {

class NextHops;
struct RingPair;

struct Unit {
  Address address;
  PrefixState state = PrefixState::kRetired;  // kRetired: the slot is empty
  PoolId pool = 0;
  RegionId region = 0;
  uint64_t salt = 0;                               // secret, spreads the alias draws over the units
  bool exclusive = false;                          // of its ports, see ExclusivePorts
  uint64_t drawn_from_ms = 0, drawn_until_ms = 0;  // see IsDrawn; 0: since ever, for ever
  bool carries_flows() const { return state == PrefixState::kActive || state == PrefixState::kDraining; }
  // Whether epochs that began then draw it: those in [from, until), or, if until lies before from, all but
  // those in between. So a pool that grows or shrinks moves each subscriber at its own epoch edge.
  bool IsDrawn(uint64_t began_ms) const {
    const bool since = drawn_from_ms <= began_ms, before = drawn_until_ms == 0 || began_ms < drawn_until_ms;
    const bool came_back = drawn_until_ms != 0 && drawn_until_ms < drawn_from_ms;
    return came_back ? since || before : since && before;
  }
};

struct SubscriberSpace {
  uint8_t per;  // prefix length of one subscriber
  RegionId region;
};

struct PoolPrefix {
  PoolId pool;
  RegionId region;
  PrefixState state;
  bool answer;  // ARP/ND for the prefix is answered on the core side
};

// Addresses no host has although their form allows it, as far as `admission.martians` goes.
struct Unroutable {
  bool on_access;  // there, too; otherwise subscribers may have them
};

struct PortAddress {
  Side side;
  Prefix prefix;  // host address with its on-link length
};

struct Snapshot {
  Generation generation = 0;
  Settings settings;
  Timeouts timeouts;
  PrefixMap<SubscriberSpace> subscribers;
  PrefixMap<PoolPrefix> pools;
  PrefixMap<uint16_t> bypasses;
  PrefixMap<Unroutable> unroutable;
  std::vector<Prefix> nat64;
  PortSet ports[kPortListCount];  // by PortList
  std::vector<PortAddress> own;
  std::optional<Address> gateway[kSides][kFamilies];
  PrefixMap<UnitIndex> unit_of;                             // by address
  std::vector<Unit> units = std::vector<Unit>(kUnitsMax);   // by UnitIndex
  std::vector<UnitIndex> drawable[kRegionsMax][kFamilies];  // active units new flows may take

  bool Lists(PortList list, Be16 port) const { return ports[static_cast<int>(list)].Has(port.host()); }
  const PortAddress* FindOwn(const Address& a) const {
    for (const PortAddress& o : own)
      if (o.prefix.address == a) return &o;
    return nullptr;
  }
};

// Deadlines of the assignments; written by the main lcore, read when a flow opens.
struct Leases {
  std::atomic<uint64_t> deadline_ms[kUnitsMax] = {};
  std::atomic<OpeningRule> rule = OpeningRule::kAny;
  bool Holds(UnitIndex unit, uint64_t now_ms) const {
    return now_ms < deadline_ms[unit].load(std::memory_order_relaxed);
  }
};

// A port as the packet path needs it. `mtu` in bytes of the IP packet; `vlan` outer first.
struct PortFacts {
  uint8_t mac[6] = {};
  uint16_t mtu = 1500;
  uint16_t vlan[kVlanTagsMax] = {};
  int vlan_count = 0;
};

struct World {
  const Settings& settings() const { return snapshot == nullptr ? kDefaultSettings : snapshot->settings; }

  std::shared_ptr<const Snapshot> snapshot;  // null before the first commit
  std::shared_ptr<const EpochKeys> keys;     // null before the first key
  std::shared_ptr<const NextHops> hops;      // set whenever snapshot is
  RingPair* link = nullptr;  // of the attached control process, else null: [0] main, [1 + worker], openings
  uint32_t attachment = 0;   // another one, another link, be it at the same place
};

}  // namespace cfr
