// SPDX-License-Identifier: BSD-3-Clause
// Both games on policies whose outcome is known beforehand.
#include <gtest/gtest.h>

#include <cmath>

#include "bench/privacy/pair_game.h"
#include "bench/privacy/tracker_game.h"
#include "tests/privacy/sample.h"

namespace cfr::privacy {
namespace {

const Outcome& Played(const std::string& policy, const View& view = {}) {
  static const Outcomes kOutcomes = [] {
    const View raw_timestamps{1, {true, false, false, true}, true},
        blind{1, {false, false, false, false}, true};
    return Sample().Play({{Nothing(), {{}, raw_timestamps, blind}},
                          {Everything(), {{}}},
                          {Ideal(), {{}, {10, {}, false}}},
                          {KeyedDraw(86400, 8), {{}}},
                          {KeyedDraw(600, 8), {{}}}},
                         2);
  }();
  const Outcome* found = Find(kOutcomes, policy, view);
  EXPECT_NE(found, nullptr) << policy;
  return *found;
}
const BandResult& Band(const Outcome& o, Lag lag) {
  return o.pairs[lag].value();
}

TEST(Judge, ReadsTheCurve) {
  BandResult r{};
  Judge({3, 4, 5}, {0, 1, 2}, &r);
  EXPECT_DOUBLE_EQ(r.auc, 1);
  EXPECT_DOUBLE_EQ(r.advantage, 1);
  EXPECT_DOUBLE_EQ(r.tpr, 1);
  Judge({0, 1, 2}, {3, 4, 5}, &r);
  EXPECT_DOUBLE_EQ(r.auc, 0);
  EXPECT_DOUBLE_EQ(r.advantage, 0);
  EXPECT_DOUBLE_EQ(r.tpr, 0);
  Judge({1, 3}, {0, 2}, &r);
  EXPECT_DOUBLE_EQ(r.auc, .75);
  EXPECT_DOUBLE_EQ(r.advantage, .5);
}

TEST(Judge, TiesCountOneHalfAndTheRateIsReadWithinThem) {
  BandResult r{};
  Judge({1, 1}, {1, 1}, &r);
  EXPECT_DOUBLE_EQ(r.auc, .5);
  EXPECT_DOUBLE_EQ(r.tpr, kFalsePositives);
  // Half of the true pairs above all strangers, the others tied with them.
  Judge({2, 1}, {1, 1}, &r);
  EXPECT_DOUBLE_EQ(r.auc, .75);
  EXPECT_DOUBLE_EQ(r.tpr, .5 + .5 * kFalsePositives);
}

TEST(PairGame, OneUnitForEverybodyTellsNothingOfTheUnit) {
  for (Lag lag : {kMinutes, kHours, kDay}) {
    EXPECT_DOUBLE_EQ(Band(Played("nothing"), lag).lift_bits, 0);
    EXPECT_FALSE(Band(Played("nothing"), lag).lift_is_floor);
    EXPECT_NEAR(Band(Played("nothing"), lag).auc, Band(Played("ideal"), lag).auc, .01);
  }
}

TEST(PairGame, AUnitOfOnesOwnTellsEverything) {
  for (Lag lag : {kMinutes, kHours, kDay}) {
    const BandResult& r = Band(Played("everything"), lag);
    EXPECT_TRUE(r.lift_is_floor);
    EXPECT_GT(r.lift_bits, 16);
    EXPECT_NEAR(r.auc, 1, 1e-6);
    EXPECT_NEAR(r.tpr, 1, 1e-6);
    EXPECT_NEAR(r.advantage, 1, 1e-6);
  }
}

TEST(PairGame, TheIdealHasNoLift) {
  // 16 units: a sixteenth of 40,000 pairs agrees by chance, 2 % of which is 0.03 bit.
  for (Lag lag : {kMinutes, kHours, kDay}) EXPECT_NEAR(Band(Played("ideal"), lag).lift_bits, 0, .15);
}

TEST(PairGame, APseudonymOfADayHasTheBitsOfItsUnits) {
  EXPECT_NEAR(Band(Played("draw_1440m_8"), kMinutes).lift_bits, 3, .1);
}

TEST(PairGame, LiftEndsWithTheEpoch) {
  EXPECT_NEAR(Band(Played("draw_10m_8"), kHours).lift_bits, 0, .1);
  EXPECT_NEAR(Band(Played("draw_10m_8"), kDay).lift_bits, 0, .1);
  EXPECT_GT(Band(Played("draw_10m_8"), kMinutes).lift_bits, 1.5);
}

TEST(PairGame, WithoutAnySignalItIsAGuess) {
  const Outcome& o = Played("nothing", {1, {false, false, false, false}});
  EXPECT_NEAR(Band(o, kDay).auc, .5, .03);
  EXPECT_LT(Band(o, kDay).tpr, .02);
}

TEST(PairGame, MoreGroupsAreAnObserverOfItsOwn) {
  const Outcome& alone = Played("ideal");
  const Outcome& together = Played("ideal", {10, {}, false});
  EXPECT_GT(Sample().observer(10).size(), Sample().observer(1).size() * 5 / 4);
  EXPECT_FALSE(together.tracker.has_value());
  EXPECT_NE(Band(alone, kMinutes).auc, Band(together, kMinutes).auc);
}

TEST(TrackerGame, AUnitOfOnesOwnIsFollowedFromFirstToLast) {
  const Observer& observer = Sample().observer(1);
  double minutes = 0, count = 0;
  for (uint32_t s = 0; s < 1024; ++s) {
    auto seen = observer.Of(s);
    if (seen.size() < 2) continue;
    ++count;
    minutes += (observer.Truth(seen.back()).time_ms - observer.Truth(seen.front()).time_ms) / 60e3;
  }
  const TrackerResult& r = Played("everything").tracker.value();
  EXPECT_NEAR(r.tracked_mean_min, minutes / count, .02 * minutes / count);
  EXPECT_NEAR(r.profile, 1, .02);
  EXPECT_NEAR(r.purity, 1, 1e-6);
  EXPECT_NEAR(r.link_precision, 1, 1e-6);
}

TEST(TrackerGame, WithoutAnySignalNobodyIsFollowed) {
  const TrackerResult& r = Played("nothing", {1, {false, false, false, false}}).tracker.value();
  EXPECT_LT(r.tracked_mean_min, .1);
}

TEST(TrackerGame, TimestampsFollowASubscriberWhereUnitsDoNot) {
  const double scrubbed = Played("nothing").tracker->tracked_mean_min;
  const double raw = Played("nothing", {1, {true, false, false, true}}).tracker->tracked_mean_min;
  EXPECT_LT(scrubbed, 5);
  EXPECT_GT(raw, 60);
  // The pairs do not notice.
  EXPECT_NEAR(Band(Played("nothing"), kMinutes).auc,
              Band(Played("nothing", {1, {true, false, false, true}}), kMinutes).auc, .02);
}

}  // namespace
}  // namespace cfr::privacy
