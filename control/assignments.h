// SPDX-License-Identifier: BSD-3-Clause
// Which addresses are this node's alias units: drawn at random from the pools, numbered, kept while
// flows use them.
//
//   pool wants a unit ---> active ---> draining ---> quarantined ---> number free again
//                             ^            |  no live flow      |  port quarantine over
//                             +------------+ undrained          |
//                                                               v
// A pool that grows or shrinks does so at the epoch edge of each subscriber: a unit that joins others is
// drawn by epochs that begin from then on, one too many no longer, and drains when the last that drew it is
// over. A unit never changes its address or number while it is in this list, and control never gives the same
// address two numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/config.h"
#include "control/merges.h"

namespace cfr {

struct Assignment {
  UnitIndex index = 0;
  Address address;
  std::string pool, region;
  PrefixState state = PrefixState::kActive;        // kActive, kDraining or kQuarantined
  uint64_t quiet_since_ms = 0;                     // kQuarantined: when its last flow was gone
  PortMode port_mode = PortMode::kPerRemote;       // for the unit's life: flows of both would share its ports
  uint64_t drawn_from_ms = 0, drawn_until_ms = 0;  // beginnings of epochs that draw it, dataplane's IsDrawn
  // Active: it is drawn now and later, or no longer. Draining.
  bool IsDrawn() const { return state == PrefixState::kActive && !IsRetiring(); }
  bool IsRetiring() const {
    return state == PrefixState::kActive && drawn_until_ms != 0 && drawn_until_ms >= drawn_from_ms;
  }
  bool IsDraining() const { return state == PrefixState::kDraining; }
  friend bool operator==(const Assignment&, const Assignment&) = default;
};

// `bound` random words below it; tests pass a fixed sequence.
using RandomBelow = std::function<uint64_t(uint64_t bound)>;
RandomBelow KernelRandom();

// A change of units is told this long ahead, so that the dataplane knows of it when it comes.
inline constexpr uint64_t kAssignmentLeadMs = 10'000;

// The assignments that `config` asks for: units of active pools kept and topped up to alias_units, a surplus
// drawn no longer, units of pools that drain, are merged or are gone put to draining, the rest untouched.
// kResourceExhausted when a pool has fewer free addresses than it needs or the node more than kUnitsMax
// units.
absl::StatusOr<std::vector<Assignment>> Assign(const Config& config, const std::vector<Assignment>& current,
                                               const RandomBelow& random, uint64_t now_ms,
                                               const Merges& merges = {});

// Drains units no epoch draws any more, lets draining units without flows rest and forgets those that have
// rested for the port quarantine. `flows(index)`: live flows of a unit. True if something changed.
bool Age(std::vector<Assignment>* assignments, const std::function<uint64_t(UnitIndex)>& flows,
         uint64_t now_ms, const Settings& settings);

}  // namespace cfr
