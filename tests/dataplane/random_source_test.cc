// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/random_source.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "tests/support/uniformity.h"

namespace cfr {
namespace {

using test::ExpectUniform;

std::array<uint8_t, 32> Seed(uint8_t first) {
  return {first};
}

TEST(RandomSource, SameSeedSameStream) {
  RandomSource a(Seed(1)), b(Seed(1)), c(Seed(2));
  bool differs = false;
  for (int i = 0; i < 10'000; ++i) {
    uint64_t value = a.Next64();
    EXPECT_EQ(value, b.Next64());
    differs |= value != c.Next64();
  }
  EXPECT_TRUE(differs);
}

TEST(RandomSource, KernelSeedsDiffer) {
  RandomSource a, b;
  EXPECT_NE(a.Next64(), b.Next64());
}

// Across many refills of its buffer: no word of one is seen again.
TEST(RandomSource, NothingRepeatsAcrossRefills) {
  RandomSource source(Seed(3));
  std::set<uint64_t> seen;
  for (int i = 0; i < 20'000; ++i) EXPECT_TRUE(seen.insert(source.Next64()).second);
}

TEST(RandomSource, BytesAreUniform) {
  RandomSource source(Seed(4));
  std::vector<uint64_t> counts(256);
  for (int i = 0; i < 1'000'000; ++i) {
    uint16_t v = source.Next16();
    ++counts[v >> 8];
    ++counts[v & 255];
  }
  ExpectUniform(counts);
}

TEST(RandomSource, BelowIsUniformForAnyBound) {
  RandomSource source(Seed(5));
  for (uint64_t bound : {2u, 3u, 7u, 100u, 1000u}) {
    std::vector<uint64_t> counts(bound);
    for (int i = 0; i < 300'000; ++i) {
      uint32_t v = source.Below(bound);
      ASSERT_LT(v, bound);
      ++counts[v];
    }
    ExpectUniform(counts);
  }
}

// A plain modulo or multiplication would show here: three quarters of 2^32 do not divide it.
TEST(RandomSource, BelowHasNoBiasForLargeBounds) {
  RandomSource source(Seed(6));
  const uint64_t bound = 3ull << 30;
  std::vector<uint64_t> counts(3);
  for (int i = 0; i < 600'000; ++i) ++counts[source.Below(bound) >> 30];
  ExpectUniform(counts);
}

TEST(RandomSource, BelowOneAndBelowAll) {
  RandomSource source(Seed(7));
  uint32_t all_bits = 0;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(source.Below(1), 0u);
    all_bits |= source.Below(uint64_t{1} << 32);
  }
  EXPECT_EQ(all_bits, 0xffffffffu);
}

}  // namespace
}  // namespace cfr
