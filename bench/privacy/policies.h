// SPDX-License-Identifier: BSD-3-Clause
// What a relay could show instead of the subscriber: today's practice, textbook variants, and the ideal. A
// policy gives each flow an alias unit and a port. Ours is not here: cfr_policy.h runs the production code.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bench/privacy/trace.h"

namespace cfr::privacy {

struct Alias {
  uint32_t unit;
  uint16_t port;
  uint8_t worker = 0;  // what one who knew the steering key could compute: the owner of the inbound tuple
};
using Aliases = std::vector<Alias>;  // as Trace::openings

struct Policy {
  std::string name;   // for --policies and JSON
  std::string title;  // for people
  std::function<Aliases(const Trace&)> draw;
};

// Draws in these tables have 64 subscribers per unit, as CGNs are usually sized.
inline constexpr uint32_t kSubscribersPerUnit = 64;

// What the excess of every other policy is measured against: unit and port uniform per flow.
Policy Ideal();
std::vector<Policy> Baselines();

// A keyed draw, new each `epoch_s` seconds (edges staggered), per subscriber and what `scope` adds.
enum class Scope { kSubscriber, kGroup, kServer };
Policy KeyedDraw(uint32_t epoch_s, uint32_t units, Scope scope = Scope::kSubscriber);

// The number N/64 of units that the baselines share.
uint32_t BaselineUnits(const Trace& trace);

}  // namespace cfr::privacy
