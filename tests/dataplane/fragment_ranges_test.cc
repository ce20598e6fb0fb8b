// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/fragment_ranges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

namespace cfr {
namespace {

using Fit = FragmentRanges::Fit;

TEST(FragmentRanges, InOrder) {
  FragmentRanges ranges;
  EXPECT_EQ(ranges.Add(0, 1480, true), Fit::kNew);
  EXPECT_EQ(ranges.Add(1480, 2960, true), Fit::kNew);
  EXPECT_FALSE(ranges.complete());
  EXPECT_EQ(ranges.Add(2960, 3008, false), Fit::kNew);
  EXPECT_TRUE(ranges.complete());
}

TEST(FragmentRanges, RepetitionsAreNoOverlap) {
  FragmentRanges ranges;
  ranges.Add(0, 16, true);
  ranges.Add(16, 20, false);
  EXPECT_EQ(ranges.Add(0, 16, true), Fit::kDuplicate);
  EXPECT_EQ(ranges.Add(16, 20, false), Fit::kDuplicate);
  EXPECT_TRUE(ranges.complete());
}

TEST(FragmentRanges, Overlaps) {
  for (auto [start, end] :
       {std::pair{0, 8}, {8, 16}, {0, 24}, {8, 24}, {16, 40}, {24, 32}, {16, 24}, {0, 48}}) {
    FragmentRanges ranges;
    ranges.Add(0, 16, true);
    ranges.Add(16, 32, true);
    EXPECT_EQ(ranges.Add(static_cast<uint16_t>(start), static_cast<uint16_t>(end), true), Fit::kOverlap)
        << start;
  }
}

TEST(FragmentRanges, TheEndIsWhereTheLastFragmentEnds) {
  FragmentRanges ranges;
  ranges.Add(16, 32, false);
  EXPECT_EQ(ranges.Add(32, 40, true), Fit::kOverlap);
  EXPECT_EQ(ranges.Add(32, 40, false), Fit::kOverlap);
  EXPECT_EQ(ranges.Add(0, 8, false), Fit::kOverlap);
  EXPECT_EQ(ranges.Add(8, 32, true), Fit::kOverlap);
  EXPECT_EQ(ranges.Add(16, 32, true), Fit::kOverlap);
  EXPECT_EQ(ranges.Add(0, 16, true), Fit::kNew);
  EXPECT_TRUE(ranges.complete());
}

TEST(FragmentRanges, ALastFragmentBeforeBytesSeenIsAContradiction) {
  FragmentRanges ranges;
  ranges.Add(64, 72, true);
  EXPECT_EQ(ranges.Add(8, 16, false), Fit::kOverlap);
  EXPECT_EQ(ranges.Add(64, 72, false), Fit::kOverlap);
  EXPECT_EQ(ranges.Add(72, 73, false), Fit::kNew);
}

TEST(FragmentRanges, ALongDatagramInAnyDirection) {
  for (bool reversed : {false, true}) {
    FragmentRanges ranges;
    for (int n = 0; n < 45; ++n) {
      int i = reversed ? 44 - n : n;
      auto start = static_cast<uint16_t>(i * 1448), end = static_cast<uint16_t>(i * 1448 + 1448);
      ASSERT_EQ(ranges.Add(start, end, i < 44), Fit::kNew) << i;
    }
    EXPECT_TRUE(ranges.complete());
    EXPECT_EQ(ranges.Add(2 * 1448, 3 * 1448, true), Fit::kDuplicate);
    EXPECT_EQ(ranges.Add(43 * 1448, 44 * 1448, true), Fit::kDuplicate);
  }
}

TEST(FragmentRanges, MoreHolesThanRangesAreRefusedAlone) {
  FragmentRanges ranges;
  for (int i = 0; i < kFragmentRangesMax; ++i)
    ASSERT_EQ(ranges.Add(static_cast<uint16_t>(i * 16), static_cast<uint16_t>(i * 16 + 8), true), Fit::kNew);
  EXPECT_EQ(ranges.Add(1600, 1608, true), Fit::kTooMany);
  EXPECT_EQ(ranges.Add(8, 16, true), Fit::kNew);  // fills a hole: two ranges become one
  EXPECT_EQ(ranges.Add(24, 32, true), Fit::kNew);
  EXPECT_EQ(ranges.Add(8, 24, true), Fit::kDuplicate);  // inside what became one
  EXPECT_EQ(ranges.Add(16, 40, true), Fit::kOverlap);
}

// Any order, any cut, repetitions among them: never two fits for one byte, and everything fits once.
TEST(FragmentRanges, AgainstABitmap) {
  std::mt19937 random(1);
  int overlaps = 0, complete = 0;
  for (int round = 0; round < 20'000; ++round) {
    FragmentRanges ranges;
    std::vector<bool> seen(33);
    bool ended = false, poisoned = false;
    for (int n = 0; n < 12 && !poisoned; ++n) {
      auto start = static_cast<uint16_t>(random() % 32),
           end = static_cast<uint16_t>(start + 1 + random() % (32 - start));
      bool more = end < 32;
      size_t known = static_cast<size_t>(std::count(seen.begin() + start, seen.begin() + end, true));
      Fit fit = ranges.Add(start, end, more);
      if (fit == Fit::kNew) {
        ASSERT_EQ(known, 0u);
        std::fill(seen.begin() + start, seen.begin() + end, true);
        ended |= !more;
      } else {
        ASSERT_GT(known, 0u);
        if (fit == Fit::kDuplicate) {
          ASSERT_EQ(known, static_cast<size_t>(end - start));
        }
        poisoned = fit == Fit::kOverlap;
      }
      ASSERT_EQ(ranges.complete(), ended && std::count(seen.begin(), seen.begin() + 32, true) == 32);
    }
    overlaps += poisoned;
    complete += ranges.complete();
  }
  EXPECT_GT(overlaps, 1000);
  EXPECT_GT(complete, 20);
}

}  // namespace
}  // namespace cfr
