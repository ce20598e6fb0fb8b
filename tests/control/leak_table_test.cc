// SPDX-License-Identifier: BSD-3-Clause
#include "control/leak_table.h"

#include <gtest/gtest.h>

#include <random>

namespace cfr {
namespace {

// Subscribers whose column is their own `percent` of the time, else any.
LeakTable Filled(uint64_t subscribers, int flows, size_t columns, uint64_t percent) {
  std::mt19937_64 random(1);
  LeakTable table(columns);
  for (uint64_t s = 0; s < subscribers; ++s)
    for (int n = 0; n < flows; ++n) table.Add(s, random() % 100 < percent ? s % columns : random() % columns);
  return table;
}

TEST(LeakTable, ChanceIsNoLeak) {
  for (uint64_t columns : {2, 16, 64}) {
    LeakTable::Leak leak = Filled(200, 300, columns, 0).Measure();
    EXPECT_EQ(leak.flows, 60'000u);
    EXPECT_NEAR(leak.bits, 0, 0.015) << columns;
    EXPECT_LT(leak.noise, 0.015) << columns;
  }
}

TEST(LeakTable, APlantedLeakHasItsBits) {
  EXPECT_NEAR(Filled(200, 300, 16, 20).Measure().bits, 0.259, 0.03);  // own column 1/4, others 1/20 each
  EXPECT_NEAR(Filled(200, 300, 16, 100).Measure().bits, 4, 0.05);
}

TEST(LeakTable, OneColumnLeaksNothing) {
  LeakTable table(64);
  for (uint64_t s = 0; s < 100; ++s)
    for (int n = 0; n < 10; ++n) table.Add(s, 3);
  EXPECT_EQ(table.Measure().bits, 0);
  EXPECT_EQ(table.Measure().flows, 1000u);
}

TEST(LeakTable, ThinRowsAndOneSubscriberSayNothing) {
  EXPECT_EQ(Filled(200, 63, 16, 0).Measure().flows, 0u);
  EXPECT_EQ(Filled(1, 1000, 16, 0).Measure().flows, 0u);
}

TEST(LeakTable, WhoIsNoLongerSampledIsForgotten) {
  LeakTable table = Filled(10, 100, 16, 0);
  table.Keep([](uint64_t s) { return s < 4; });
  EXPECT_EQ(table.Measure().flows, 400u);
}

}  // namespace
}  // namespace cfr
