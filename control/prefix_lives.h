// SPDX-License-Identifier: BSD-3-Clause
// The life of each pool prefix, and since when it is where it is:
//
//   staged ---> active ---> draining ---> quarantined ---> retired
//                  ^            | undrained    | undrained    |
//                  +------------+--------------+--------------+ used again, or staged again
//
// staged, active and draining are what the configuration asks for; a draining prefix is quarantined when the
// last unit with flows is gone, retired when no unit rests any more. One that is configured no longer drains
// in the same way and is forgotten instead of retired.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/config.h"
#include "control/assignments.h"

namespace cfr {

struct PrefixLife {
  std::string pool;
  Prefix prefix;
  PrefixState state = PrefixState::kActive;
  uint64_t since_ms = 0;  // CLOCK_MONOTONIC
  friend bool operator==(const PrefixLife&, const PrefixLife&) = default;
};

// The lives under `config` and `assignments`, after `former`.
std::vector<PrefixLife> FollowPrefixes(const Config& config, const std::vector<Assignment>& assignments,
                                       const std::vector<PrefixLife>& former, uint64_t now_ms);

// kFailedPrecondition if `next` asks for a step that is not drawn above.
absl::Status CheckPrefixSteps(const std::vector<PrefixLife>& lives, const Config& next);

}  // namespace cfr
