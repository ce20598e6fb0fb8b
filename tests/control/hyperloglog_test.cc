// SPDX-License-Identifier: BSD-3-Clause
#include "control/hyperloglog.h"

#include <gtest/gtest.h>

#include "common/siphash.h"

namespace cfr {
namespace {

uint64_t Hash(uint64_t key, uint64_t n) {
  return SipHash({key, 1}).Add(n).Finish();
}

TEST(DistinctCount, IsExactForAFew) {
  DistinctCount count;
  EXPECT_EQ(count.Estimate(), 0);
  for (uint64_t n = 1; n <= 64; ++n) {
    for (int again = 0; again < 3; ++again) count.Add(Hash(0, n));
    EXPECT_EQ(count.Estimate(), static_cast<double>(n));
  }
  EXPECT_TRUE(count.exact());
  count.Add(Hash(0, 65));
  EXPECT_FALSE(count.exact());
}

TEST(DistinctCount, IsWithinFivePercentOfManyUnderEachKey) {
  for (uint64_t n : {65, 200, 1000, 5000, 10'000, 20'000, 200'000})
    for (uint64_t key = 0; key < 10; ++key) {
      DistinctCount count;
      for (uint64_t i = 0; i < n; ++i) count.Add(Hash(key, i));
      for (uint64_t i = 0; i < n; i += 2) count.Add(Hash(key, i));  // seen before
      EXPECT_NEAR(count.Estimate(), static_cast<double>(n), 0.05 * static_cast<double>(n)) << "key " << key;
    }
}

// A register that is full, and one that never was touched.
TEST(HyperLogLog, TheExtremesAreNumbers) {
  HyperLogLog sketch;
  EXPECT_EQ(sketch.Estimate(), 0);
  sketch.Add(0);
  EXPECT_NEAR(sketch.Estimate(), 1, 0.1);
  sketch.Add(~uint64_t{0});
  EXPECT_NEAR(sketch.Estimate(), 2, 0.1);
}

}  // namespace
}  // namespace cfr
