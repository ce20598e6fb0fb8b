// SPDX-License-Identifier: BSD-3-Clause
#include "control/reuse.h"

#include <gtest/gtest.h>

namespace cfr {
namespace {

constexpr uint64_t kSampled = 16 * 77, kNotSampled = kSampled + 1;

TEST(ReuseTable, AnotherSubscriberOfTheSameTupleIsAReuse) {
  ReuseTable table;
  EXPECT_FALSE(table.Add(kSampled, 1, 10'000).has_value());
  EXPECT_FALSE(table.Add(kSampled, 1, 60'000).has_value()) << "its own again";
  EXPECT_EQ(table.Add(kSampled, 2, 250'000), 190'000u);
}

TEST(ReuseTable, OtherTuplesAreNone) {
  ReuseTable table;
  constexpr uint64_t kSamePlace = kSampled + 16 * (1 << 15);
  EXPECT_FALSE(table.Add(kSampled, 1, 10'000).has_value());
  EXPECT_FALSE(table.Add(kSamePlace, 2, 20'000).has_value());
  EXPECT_FALSE(table.Add(kSampled, 2, 30'000).has_value()) << "pushed out";
  EXPECT_FALSE(table.Add(kNotSampled, 1, 40'000).has_value());
  EXPECT_FALSE(table.Add(kNotSampled, 2, 50'000).has_value());
}

TEST(ReuseIntervals, ShortestAndPercentile) {
  ReuseIntervals intervals;
  EXPECT_FALSE(intervals.Shortest_s().has_value());
  for (uint64_t n = 0; n < 99; ++n) intervals.Add(300'000 + n * 1000);
  EXPECT_EQ(intervals.Shortest_s(), 300);
  EXPECT_FALSE(intervals.Percentile_s().has_value());
  for (uint64_t n = 99; n < 400; ++n) intervals.Add(300'000 + n * 1000);
  EXPECT_EQ(intervals.Percentile_s(), 303);
  intervals.Add(119'500);
  EXPECT_EQ(intervals.Shortest_s(), 119.5);
}

}  // namespace
}  // namespace cfr
