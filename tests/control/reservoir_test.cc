// SPDX-License-Identifier: BSD-3-Clause
#include "control/reservoir.h"

#include <gtest/gtest.h>

#include <functional>

namespace cfr {
namespace {

double EffectiveSetOf(uint64_t flows, const std::function<uint64_t(std::mt19937_64&)>& subscriber) {
  std::mt19937_64 random(1);
  Reservoir reservoir;
  for (uint64_t n = 0; n < flows; ++n) reservoir.Add(subscriber(random), random);
  return reservoir.EffectiveSet().value_or(0);
}

TEST(Reservoir, SaysNothingBeforeItIsFull) {
  std::mt19937_64 random(1);
  Reservoir reservoir;
  for (uint64_t n = 0; n < Reservoir::kPlaces; ++n) {
    EXPECT_FALSE(reservoir.EffectiveSet().has_value());
    reservoir.Add(n, random);
  }
  EXPECT_EQ(reservoir.EffectiveSet(), 32640) << "no two flows of one subscriber: at least";
}

TEST(Reservoir, EqualSubscribersAreTheirNumber) {
  EXPECT_EQ(EffectiveSetOf(5000, [](auto&) { return uint64_t{3}; }), 1);
  EXPECT_NEAR(EffectiveSetOf(20'000, [](auto& random) { return random() % 50; }), 50, 10);
  EXPECT_NEAR(EffectiveSetOf(20'000, [](auto& random) { return random() % 400; }), 400, 130);
}

// Half of all flows of one subscriber: whoever guesses that one is right half the time, the others do not
// count.
TEST(Reservoir, OneHeavySubscriberMakesASmallCrowd) {
  EXPECT_NEAR(EffectiveSetOf(20'000, [](auto& r) { return r() % 2 == 0 ? 0 : r() % 1000; }), 4, 0.7);
}

// Late flows have the same chance as early ones.
TEST(Reservoir, IsFair) {
  EXPECT_NEAR(EffectiveSetOf(40'000, [n = 0](auto&) mutable { return uint64_t{n++ < 20'000}; }), 2, 0.1);
}

}  // namespace
}  // namespace cfr
