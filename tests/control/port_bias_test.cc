// SPDX-License-Identifier: BSD-3-Clause
#include "control/port_bias.h"

#include <gtest/gtest.h>

#include <random>

namespace cfr {
namespace {

constexpr int kFlows = 50'000;

TEST(PortBias, UniformPortsHaveNearlyEightBits) {
  std::mt19937 random(1);
  for (auto [first, last] : {std::pair{1024, 65535}, std::pair{20'000, 40'999}}) {
    std::uniform_int_distribution<int> port(first, last);
    PortBias bias(static_cast<uint16_t>(first), static_cast<uint16_t>(last));
    for (int n = 0; n < kFlows; ++n) bias.Add(static_cast<uint16_t>(port(random)));
    EXPECT_EQ(bias.flows(), uint64_t{kFlows});
    EXPECT_NEAR(bias.Entropy(), 8, 0.005) << first;
    EXPECT_GT(bias.Chance(), 1e-3) << first;
  }
}

TEST(PortBias, APreferredQuarterIsSeen) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> any(1024, 65535), low(1024, 17'151), percent(0, 99);
  PortBias bias(1024, 65535);
  for (int n = 0; n < kFlows; ++n)
    bias.Add(static_cast<uint16_t>(percent(random) < 30 ? low(random) : any(random)));
  EXPECT_LT(bias.Entropy(), 7.9);
  EXPECT_LT(bias.Chance(), 1e-9);
}

TEST(PortBias, OnePortHasNone) {
  PortBias bias(1024, 65535);
  for (int n = 0; n < kFlows; ++n) bias.Add(5000);
  EXPECT_NEAR(bias.Entropy(), 0, 0.01);
}

TEST(PortBias, PortsOfAFormerRangeDoNotCount) {
  PortBias bias(2000, 3000);
  for (uint16_t port : {1999, 3001, 0, 65535}) bias.Add(port);
  EXPECT_EQ(bias.flows(), 0u);
  for (uint16_t port : {2000, 3000}) bias.Add(port);
  EXPECT_EQ(bias.flows(), 2u);
}

}  // namespace
}  // namespace cfr
