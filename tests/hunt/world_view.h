// SPDX-License-Identifier: BSD-3-Clause
// What the configuration in force promises, as the auditor judges by it: made from the configuration and the
// assignments, not from the relay's own snapshot. Each worker may be one or more views behind.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "common/config.h"
#include "common/settings.h"
#include "dataplane/snapshot.h"

namespace cfr::hunt {

struct WorldView {
  World world;                // what the pipelines read
  uint32_t serial = 0;        // one more with each change
  uint32_t epoch_serial = 0;  // one more with each epoch key
  uint32_t units_serial = 0;  // one more when the units change that new flows of somebody may take
  Settings settings;
  struct Unit {
    Address address;
    std::string region;
    bool drawable;  // new flows may take it
  };
  std::vector<Unit> units;  // that carry flows
  std::vector<SubscribersConfig> subscribers;
  std::vector<Prefix> pools, bypasses;
  std::vector<Prefix> core_own;        // the relay's addresses on the core side
  std::vector<uint16_t> vlan[kSides];  // of the attachments
  uint32_t mtu[kSides] = {};
  std::vector<Prefix> answered;  // pools whose neighbours are answered for

  const Unit* FindUnit(const Address& a) const {
    auto found = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.address == a; });
    return found == units.end() ? nullptr : &*found;
  }
  const SubscribersConfig* FindSubscriber(const Address& a) const {
    auto found = std::find_if(subscribers.begin(), subscribers.end(),
                              [&](const SubscribersConfig& s) { return s.prefix.Contains(a); });
    return found == subscribers.end() ? nullptr : &*found;
  }
  bool IsOfPool(const Address& a) const { return Holds(pools, a); }
  bool IsBypassed(const Address& a) const { return Holds(bypasses, a); }
  bool IsOwn(const Address& a) const {
    return std::any_of(core_own.begin(), core_own.end(), [&](const Prefix& p) { return p.address == a; });
  }
  bool IsAnswered(const Address& a) const { return Holds(answered, a); }

 private:
  static bool Holds(const std::vector<Prefix>& prefixes, const Address& a) {
    return std::any_of(prefixes.begin(), prefixes.end(), [&](const Prefix& p) { return p.Contains(a); });
  }
};

}  // namespace cfr::hunt
