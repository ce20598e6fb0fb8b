// SPDX-License-Identifier: BSD-3-Clause
// What the relay promises (profile CFR-U1), each bound against what was measured. Absolute figures of the
// games mean nothing: time and client class alone tell a lot. So the games are judged by their excess over
// the ideal policy, on the same pairs of the same trace.
#pragma once

#include <string>
#include <vector>

#include "bench/privacy/laboratory.h"

namespace cfr::privacy {

struct Target {
  std::string sentence, unit;
  double bound, measured;
  bool at_least = false;  // else at most
  bool met() const { return at_least ? measured >= bound : measured <= bound; }
};

// Those whose studies were played.
std::vector<Target> JudgeTargets(const Outcomes& outcomes);

}  // namespace cfr::privacy
