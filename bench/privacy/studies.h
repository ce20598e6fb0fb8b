// SPDX-License-Identifier: BSD-3-Clause
// What the program plays, by the question each group of studies answers; the names tie them to targets,
// tables and plots.
#pragma once

#include <string>
#include <vector>

#include "bench/privacy/laboratory.h"

namespace cfr::privacy {

// Names of the relay's studies. `default` is the default profile over the number of units asked for.
inline constexpr char kIdeal[] = "ideal", kDefault[] = "default", kStrict[] = "strict", kCompat[] = "compat";
inline constexpr char kDefaultV6[] = "default_v6", kStrictV6[] = "strict_v6", kFourWorkers[] = "default_4w";
inline constexpr char kPortSlice[] = "port_slice", kPaired[] = "cgn";

inline constexpr uint32_t kPlottedDraws[] = {1, 4, 16, 64, 256, 1024, 4096};
inline constexpr uint32_t kPlottedRelays[] = {1, 2, 4, 8, 16};
inline constexpr uint32_t kPlottedEpochsMin[] = {1, 5, 10, 30, 60, 240};
inline constexpr uint32_t kPlottedIdlesMin[] = {1, 5, 15, 30, 60};
inline constexpr uint32_t kLeastIdleMin = 1, kUsualIdleMin = 30, kShortEpochMin = 10, kUsualEpochMin = 60;
inline constexpr uint32_t kAllies = 10;  // CFS groups that share what they see

std::string DrawName(uint32_t units);  // of an hour's keyed draw without affinity
// Of the default profile, where the profiles have `profile_units`.
std::string RelayName(uint32_t units, uint32_t profile_units);
std::string EpochName(uint32_t epoch_min, uint32_t idle_min);

// What a relay that does not scrub would let through; the last is all of it.
struct Unscrubbed {
  const char* title;
  Visible visible;
};
inline constexpr Unscrubbed kUnscrubbed[] = {{"TTL", {true, true, false, false}},
                                             {"IPv4 ID", {true, false, true, false}},
                                             {"TCP timestamps", {true, false, false, true}},
                                             {"all three", {true, true, true, true}}};
inline constexpr Visible kNothingVisible{false, false, false, false};

// `units` of the profiles. The studies that take longest come first.
std::vector<Study> AllStudies(uint32_t units);

}  // namespace cfr::privacy
