// SPDX-License-Identifier: BSD-3-Clause
#include "control/lift.h"

#include <gtest/gtest.h>

namespace cfr {
namespace {

Lift OfUnits(uint16_t units) {
  Lift lift;
  for (uint32_t n = 0; n < 1000u * units; ++n) lift.AddFlow(static_cast<UnitIndex>(n % units));
  return lift;
}
void AddPairs(Lift* lift, uint32_t lag_s, uint32_t pairs, uint32_t same) {
  for (uint32_t n = 0; n < pairs; ++n) lift->AddPair(lag_s, n < same);
}

TEST(Lift, IsTheRatioInBits) {
  Lift lift = OfUnits(4);
  AddPairs(&lift, 60, 1000, 1000);
  AddPairs(&lift, 3600, 1000, 500);
  AddPairs(&lift, 50'000, 1000, 250);
  EXPECT_NEAR(lift.Of(LagBand::kShort)->bits, 2, 0.01);
  EXPECT_NEAR(lift.Of(LagBand::kMiddle)->bits, 1, 0.01);
  EXPECT_NEAR(lift.Of(LagBand::kLong)->bits, 0, 0.01);
  EXPECT_NEAR(lift.Of(LagBand::kLong)->noise, 0.079, 0.005);
}

TEST(Lift, FewPairsSayNothing) {
  Lift lift = OfUnits(4);
  AddPairs(&lift, 60, 799, 400);
  EXPECT_FALSE(lift.Of(LagBand::kShort).has_value());
  AddPairs(&lift, 60, 1, 0);
  EXPECT_TRUE(lift.Of(LagBand::kShort).has_value());
  EXPECT_FALSE(lift.Of(LagBand::kMiddle).has_value());
}

TEST(Lift, BandsEndWhereTheNextBegins) {
  Lift lift = OfUnits(1);
  AddPairs(&lift, 9, 1000, 1000);
  AddPairs(&lift, 86400, 1000, 1000);
  for (LagBand band : {LagBand::kShort, LagBand::kMiddle, LagBand::kLong})
    EXPECT_FALSE(lift.Of(band).has_value());
  AddPairs(&lift, 599, 200, 200);
  EXPECT_TRUE(lift.Of(LagBand::kShort).has_value());
  AddPairs(&lift, 600, 200, 200);
  EXPECT_TRUE(lift.Of(LagBand::kMiddle).has_value());
}

TEST(Lift, TheHalfLifeIsTheFirstLagWithHalfTheBits) {
  Lift lift = OfUnits(4);
  AddPairs(&lift, 15, 1000, 1000);
  EXPECT_FALSE(lift.HalfLife_s().has_value());
  AddPairs(&lift, 400, 1000, 900);
  AddPairs(&lift, 1500, 1000, 450);
  AddPairs(&lift, 2000, 1000, 250);
  EXPECT_EQ(lift.HalfLife_s(), 1200u);
}

TEST(Lift, NoLiftHasNoHalfLife) {
  Lift lift = OfUnits(4);
  for (uint32_t lag : {15, 40, 100}) AddPairs(&lift, lag, 1000, 250);
  EXPECT_FALSE(lift.HalfLife_s().has_value());
}

// A subscriber that opens a flow every minute for a day finds pairs of every band.
TEST(Trail, ReachesAsFarAsADay) {
  Lift lift = OfUnits(1);
  Trail trail;
  for (uint32_t at = 1000; at < 1000 + 86'400; at += 60) trail.Walk(at, 0, &lift);
  for (LagBand band : {LagBand::kShort, LagBand::kMiddle, LagBand::kLong})
    EXPECT_TRUE(lift.Of(band).has_value()) << static_cast<int>(band);
}

TEST(Trail, FlowsOfOneActCountOnce) {
  Lift lift = OfUnits(1);
  Trail trail;
  for (int n = 0; n < 1000; ++n) trail.Walk(5000, 0, &lift);
  for (int n = 0; n < 1000; ++n) trail.Walk(5060, 0, &lift);
  EXPECT_FALSE(lift.Of(LagBand::kShort).has_value()) << "one pair";
  EXPECT_EQ(trail.last_s(), 5060u);
}

}  // namespace
}  // namespace cfr
