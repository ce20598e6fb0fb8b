// SPDX-License-Identifier: BSD-3-Clause
// Pairs of sightings that the games learn from and are judged on: of the same subscriber, and of strangers.
// They do not depend on the policy, so all policies are compared on the same pairs.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "bench/privacy/observer.h"

namespace cfr::privacy {

struct Pair {
  uint32_t earlier, later;  // sightings
};
using Pairs = std::vector<Pair>;

// Time between the two flows of a pair, in milliseconds.
struct LagBand {
  const char* name;
  uint32_t first_ms, last_ms;
};
inline constexpr int kLagBands = 4;
enum Lag : int { kSeconds, kMinutes, kHours, kDay };
inline constexpr std::array<LagBand, kLagBands> kBands{{{"0-5 s", 0, 5'000},
                                                        {"10 s-10 min", 10'000, 600'000},
                                                        {"10 min-2 h", 600'000, 7'200'000},
                                                        {"2-24 h", 7'200'000, 86'400'000}}};

// Learnt from even subscribers, judged on odd ones; strangers are anybody.
struct BandPairs {
  Pairs same_training, same_test, stranger_training, stranger_test;
  bool enough() const { return same_training.size() >= 500 && same_test.size() >= 300; }
};

// Two flows to different sites, in different visits: the same site knows its visitor anyway.
BandPairs SamplePairs(const Observer& observer, const LagBand& band);

// What the tracker learns from: a flow and its subscriber's previous one, or another's latest.
struct ConsecutivePairs {
  Pairs same, stranger;
};
ConsecutivePairs SampleConsecutive(const Observer& observer);

struct AllPairs {
  explicit AllPairs(const Observer& observer);
  std::array<BandPairs, kLagBands> band;
  ConsecutivePairs consecutive;
};

}  // namespace cfr::privacy
