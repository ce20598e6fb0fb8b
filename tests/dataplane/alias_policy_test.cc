// SPDX-License-Identifier: BSD-3-Clause
// Draft R3 and R5: which alias unit a subscriber shows, and when that changes.
#include "dataplane/alias_policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "tests/support/literals.h"
#include "tests/support/uniformity.h"

namespace cfr {
namespace {

using test::ExpectUniform;
using test::PairCounts;
using test::operator""_ip;

constexpr uint32_t kSubscribers = 100'000;
constexpr uint64_t kHourMs = 3'600'000;
constexpr SipKey kKey{0x0123456789abcdef, 0xfedcba9876543210}, kOtherKey{1, 2};

// Neighbouring addresses: the draw must not show that they are.
Address SubscriberV4(uint32_t n) {
  const uint8_t bytes[4] = {100, static_cast<uint8_t>(64 + (n >> 16)), static_cast<uint8_t>(n >> 8),
                            static_cast<uint8_t>(n)};
  return Address::FromV4(bytes);
}
Address SubscriberV6(uint32_t n) {
  Address a = "2001:db8::"_ip;
  for (size_t i = 0; i < 4; ++i) a.bytes[3 + i] = static_cast<uint8_t>(n >> (24 - 8 * i));  // a /56 each
  return a;
}

uint64_t EpochNumber(const SipKey& phase_key, const Address& subscriber, uint64_t now_ms,
                     uint64_t length_ms) {
  return EpochAt(now_ms, EpochPhase(phase_key, subscriber, length_ms), length_ms).number;
}

class AliasPolicyTest : public testing::Test {
 protected:
  AliasPolicyTest() {
    std::mt19937_64 random(1);
    for (Unit& unit : units_) unit.salt = random();
  }

  // The first `count` units.
  static std::vector<UnitIndex> First(UnitIndex count) {
    std::vector<UnitIndex> units(count);
    std::iota(units.begin(), units.end(), UnitIndex{0});
    return units;
  }
  UnitIndex DrawFrom(const std::vector<UnitIndex>& drawable, uint64_t seed) const {
    return DrawNext(seed, Drawn{}, drawable, units_).unit;
  }

  std::vector<Unit> units_ = std::vector<Unit>(64);
};

TEST_F(AliasPolicyTest, TheDrawIsUniform) {
  for (UnitIndex count : {2, 3, 4, 7, 16, 64})
    for (auto subscriber : {SubscriberV4, SubscriberV6}) {
      std::vector<uint64_t> drawn(count);
      const auto drawable = First(count);
      for (uint32_t n = 0; n < kSubscribers; ++n)
        ++drawn[DrawFrom(drawable, DrawSeed(kKey, subscriber(n), 7))];
      SCOPED_TRACE(count);
      ExpectUniform(drawn);
    }
}

TEST_F(AliasPolicyTest, EpochsAreIndependent) {
  const auto drawable = First(16);
  PairCounts next(16), after_next(16);
  for (uint32_t n = 0; n < kSubscribers; ++n) {
    auto in = [&](uint64_t epoch) { return DrawFrom(drawable, DrawSeed(kKey, SubscriberV4(n), epoch)); };
    next.Add(in(100), in(101));
    after_next.Add(in(100), in(102));
  }
  next.ExpectIndependent();
  after_next.ExpectIndependent();
}

// One subscriber over many epochs: it goes round all units, in no order.
TEST_F(AliasPolicyTest, OneSubscriberOverTime) {
  const auto drawable = First(16);
  std::vector<uint64_t> drawn(16);
  PairCounts pairs(16);
  UnitIndex former = 0;
  for (uint64_t epoch = 0; epoch < kSubscribers; ++epoch) {
    const UnitIndex unit = DrawFrom(drawable, DrawSeed(kKey, "100.64.0.1"_ip, epoch));
    ++drawn[unit];
    if (epoch > 0) pairs.Add(former, unit);
    former = unit;
  }
  ExpectUniform(drawn);
  pairs.ExpectIndependent();
}

TEST_F(AliasPolicyTest, EpochKeysAreIndependent) {
  const auto drawable = First(16);
  PairCounts pairs(16);
  for (uint32_t n = 0; n < kSubscribers; ++n)
    pairs.Add(DrawFrom(drawable, DrawSeed(kKey, SubscriberV6(n), 5)),
              DrawFrom(drawable, DrawSeed(kOtherKey, SubscriberV6(n), 5)));
  pairs.ExpectIndependent();
}

TEST_F(AliasPolicyTest, NeighbouringSubscribersAreIndependent) {
  const auto drawable = First(16);
  PairCounts v4(16), v6(16);
  for (uint32_t n = 0; n < kSubscribers; ++n) {
    v4.Add(DrawFrom(drawable, DrawSeed(kKey, SubscriberV4(2 * n), 5)),
           DrawFrom(drawable, DrawSeed(kKey, SubscriberV4(2 * n + 1), 5)));
    v6.Add(DrawFrom(drawable, DrawSeed(kKey, SubscriberV6(2 * n), 5)),
           DrawFrom(drawable, DrawSeed(kKey, SubscriberV6(2 * n + 1), 5)));
  }
  v4.ExpectIndependent();
  v6.ExpectIndependent();
}

TEST_F(AliasPolicyTest, AUnitThatJoinsMovesOnlyThoseDrawnToIt) {
  for (UnitIndex count : {1, 3, 15}) {
    const auto before = First(count), after = First(static_cast<UnitIndex>(count + 1));
    uint32_t moved = 0;
    for (uint32_t n = 0; n < kSubscribers; ++n) {
      const uint64_t seed = DrawSeed(kKey, SubscriberV4(n), 5);
      const UnitIndex was = DrawFrom(before, seed), is = DrawFrom(after, seed);
      if (is == was) continue;
      ASSERT_EQ(is, count) << "only to the unit that joined";
      ++moved;
    }
    const double share = 1.0 / (count + 1), deviation = std::sqrt(kSubscribers * share * (1 - share));
    EXPECT_NEAR(moved, kSubscribers * share, 5 * deviation);
  }
}

TEST_F(AliasPolicyTest, AUnitThatLeavesMovesOnlyThoseOnIt) {
  const auto before = First(8);
  std::vector<UnitIndex> after = before;
  after.erase(after.begin() + 3);
  std::vector<uint64_t> moved_to(8);
  for (uint32_t n = 0; n < kSubscribers; ++n) {
    const uint64_t seed = DrawSeed(kKey, SubscriberV4(n), 5);
    const UnitIndex was = DrawFrom(before, seed), is = DrawFrom(after, seed);
    if (was == 3) ++moved_to[is];
    ASSERT_TRUE(was == 3 ? is != 3 : is == was);
  }
  moved_to.erase(moved_to.begin() + 3);
  ExpectUniform(moved_to);
}

// The order does not depend on how the units are listed, only on their salts.
TEST_F(AliasPolicyTest, TheOrderOfTheListDoesNotMatter) {
  auto drawable = First(16);
  std::mt19937 random(2);
  for (uint32_t n = 0; n < 1000; ++n) {
    const uint64_t seed = DrawSeed(kKey, SubscriberV4(n), 5);
    const UnitIndex unit = DrawFrom(drawable, seed);
    std::shuffle(drawable.begin(), drawable.end(), random);
    ASSERT_EQ(DrawFrom(drawable, seed), unit);
  }
}

// RFC 4787 REQ-11: what comes after a unit without ports is fixed, too.
TEST_F(AliasPolicyTest, TheNextDrawsGoThroughAllUnitsOnce) {
  const auto drawable = First(16);
  std::vector<uint64_t> steps(15);  // from the first unit to the second, round the numbers
  for (uint32_t n = 0; n < kSubscribers / 5; ++n) {
    const uint64_t seed = DrawSeed(kKey, SubscriberV4(n), 5);
    std::vector<bool> seen(16);
    std::vector<UnitIndex> order;
    for (Drawn drawn; (drawn = DrawNext(seed, drawn, drawable, units_)).unit != kAllUnits;
         order.push_back(drawn.unit)) {
      ASSERT_FALSE(seen[drawn.unit]);
      seen[drawn.unit] = true;
    }
    ASSERT_EQ(order.size(), 16u);
    auto without_first = drawable;
    std::erase(without_first, order[0]);
    ASSERT_EQ(DrawFrom(without_first, seed), order[1])
        << "the second is who would be first without the first";
    ++steps[(order[1] + 16u - order[0]) % 16 - 1];
  }
  ExpectUniform(steps);
}

TEST_F(AliasPolicyTest, NoUnitNoDraw) {
  EXPECT_EQ(DrawFrom({}, DrawSeed(kKey, "100.64.0.1"_ip, 5)), kAllUnits);
}

TEST_F(AliasPolicyTest, FamiliesDoNotShareADraw) {
  Address v4 = "100.64.0.1"_ip, v6 = v4;
  v6.family = Family::kV6;
  EXPECT_NE(DrawSeed(kKey, v4, 5), DrawSeed(kKey, v6, 5));
}

// Every subscriber changes its epoch once a length, and the edges are spread evenly over it.
TEST_F(AliasPolicyTest, EpochEdgesAreStaggered) {
  constexpr uint64_t kStartMs = 1'000'000'007, kBins = 60;
  std::vector<uint64_t> edges(kBins);
  for (uint32_t n = 0; n < 20'000; ++n) {
    uint64_t number = EpochNumber(kKey, SubscriberV4(n), kStartMs, kHourMs), changes = 0;
    for (uint64_t bin = 0; bin < kBins; ++bin) {
      const uint64_t now =
          EpochNumber(kKey, SubscriberV4(n), kStartMs + (bin + 1) * kHourMs / kBins, kHourMs);
      ASSERT_TRUE(now == number || now == number + 1);
      if (now == number) continue;
      ++edges[bin];
      ++changes;
      number = now;
    }
    ASSERT_EQ(changes, 1u);
  }
  ExpectUniform(edges);
}

TEST_F(AliasPolicyTest, AnEpochLastsExactlyItsLength) {
  for (uint64_t length : {uint64_t{60'000}, kHourMs, uint64_t{86'400'000}})
    for (uint32_t n = 0; n < 100; ++n) {
      const uint64_t number = EpochNumber(kKey, SubscriberV6(n), 5'000'000'000, length);
      uint64_t edge = 5'000'000'000;  // the first millisecond of the next epoch, by bisection
      for (uint64_t step = length; step > 0; step /= 2)
        while (EpochNumber(kKey, SubscriberV6(n), edge + step, length) == number) edge += step;
      ++edge;
      EXPECT_EQ(EpochNumber(kKey, SubscriberV6(n), edge + length - 1, length), number + 1);
      EXPECT_EQ(EpochNumber(kKey, SubscriberV6(n), edge + length, length), number + 2);
      EXPECT_EQ(EpochNumber(kKey, SubscriberV6(n), edge - length, length), number);
      EXPECT_EQ(EpochNumber(kKey, SubscriberV6(n), edge - length - 1, length), number - 1);
    }
}

// An outsider who knows one subscriber's edge learns nothing of another's, nor of the draw.
TEST_F(AliasPolicyTest, PhasesOfNeighboursAreIndependent) {
  constexpr uint64_t kSixteenth = kHourMs / 16;
  PairCounts pairs(16);
  auto phase = [&](uint32_t n) {
    for (uint64_t bin = 0; bin < 16; ++bin)
      if (EpochNumber(kKey, SubscriberV4(n), kHourMs * 100 + (bin + 1) * kSixteenth, kHourMs) !=
          EpochNumber(kKey, SubscriberV4(n), kHourMs * 100, kHourMs)) {
        return bin;
      }
    return uint64_t{15};
  };
  for (uint32_t n = 0; n < 20'000; ++n) pairs.Add(phase(2 * n), phase(2 * n + 1));
  pairs.ExpectIndependent();
}

// The whole of it: a subscriber opens flows while time passes, keys and units change.
class AliasPolicyOverTime : public AliasPolicyTest {
 protected:
  AliasPolicyOverTime() { AdvanceKey(); }

  void AdvanceKey() { TakeKey(true); }
  void RotateKey() { TakeKey(false); }
  void TakeKey(bool at_once) {
    const uint64_t word = random_();
    keys_ = EpochKeys::Joined(keys_.get(), {now_ms_, ++version_, {word, ~word}}, at_once, now_ms_);
  }
  AliasDraw Begin(uint32_t subscriber, uint32_t remote) {
    return policy_.Begin(SubscriberV4(subscriber), RemoteV4(remote), now_ms_, AliasRules(settings_),
                         {*keys_, drawable_, units_});
  }
  // A flow that opens on the first unit of its draw.
  UnitIndex Open(uint32_t subscriber, uint32_t remote) {
    AliasDraw draw = Begin(subscriber, remote);
    const UnitIndex unit = draw.Next();
    if (unit != kAllUnits) seen_ = policy_.Opened(draw, unit);
    return unit;
  }
  static Address RemoteV4(uint32_t n) {
    const uint8_t bytes[4] = {198, 18, static_cast<uint8_t>(n >> 8), static_cast<uint8_t>(n)};
    return Address::FromV4(bytes);
  }
  std::vector<UnitIndex> OpenAll(uint32_t remote) {
    std::vector<UnitIndex> units;
    for (uint32_t n = 0; n < kCrowd; ++n) units.push_back(Open(n, remote));
    return units;
  }
  static double Changed(const std::vector<UnitIndex>& before, const std::vector<UnitIndex>& after) {
    double changed = 0;
    for (size_t n = 0; n < before.size(); ++n) changed += before[n] != after[n];
    return changed / static_cast<double>(before.size());
  }

  static constexpr uint32_t kCrowd = 2000;
  static constexpr uint64_t kMinuteMs = 60'000;
  std::mt19937_64 random_{3};
  ::cfr::AliasPolicy policy_{kKey, 1 << 16, {1, 2, 3, 4, 5, 6, 7, 8}};
  Settings settings_;
  std::vector<UnitIndex> drawable_ = First(16);
  std::shared_ptr<const EpochKeys> keys_;
  uint32_t version_ = 0;
  uint64_t now_ms_ = 1'000'000'000;
  AliasPolicy::Seen seen_{};
};

TEST_F(AliasPolicyOverTime, TheRemoteDoesNotEnterTheDraw) {
  const auto one = OpenAll(1);
  for (uint32_t remote = 2; remote < 10; ++remote) EXPECT_EQ(OpenAll(remote), one);
}

// In use every 20 minutes a pair keeps its unit over every edge until its cap; other remotes see each
// epoch's.
TEST_F(AliasPolicyOverTime, APairInUseKeepsItsUnitUntilTheCap) {
  const auto first = OpenAll(1);
  for (uint64_t minutes = 20; minutes <= 240; minutes += 20) {
    now_ms_ += 20 * kMinuteMs;
    EXPECT_EQ(OpenAll(1), first) << minutes;
    if (minutes >= 60) {
      EXPECT_NEAR(Changed(first, OpenAll(1000 + static_cast<uint32_t>(minutes))), 15.0 / 16, 0.03) << minutes;
    }
  }
  now_ms_ += 20 * kMinuteMs;
  EXPECT_NEAR(Changed(first, OpenAll(1)), 15.0 / 16, 0.03) << "beyond the cap";
}

TEST_F(AliasPolicyOverTime, AnIdlePairTakesTheEpochOfTheDay) {
  const auto first = OpenAll(1);
  now_ms_ += 31 * kMinuteMs;
  const auto next = OpenAll(1);
  EXPECT_EQ(next, OpenAll(2)) << "as any other remote does";
  EXPECT_NEAR(Changed(first, next), 31.0 / 60 * 15 / 16, 0.04) << "half of the edges have passed";
}

TEST_F(AliasPolicyOverTime, IdleTimeCountsFromTheLastFlow) {
  settings_.Set(Setting::kAffinityCap, 86'400);
  const auto first = OpenAll(1);
  for (int n = 0; n < 40; ++n) {
    now_ms_ += 30 * kMinuteMs;
    ASSERT_EQ(OpenAll(1), first);
  }
}

// The minute of an edge: what opened before it keeps the epoch before, what opened after it the one after.
TEST_F(AliasPolicyOverTime, AnEdgeWithinAMinuteIsRemembered) {
  const uint64_t start_ms = (now_ms_ / kMinuteMs + 1) * kMinuteMs;
  uint32_t edges = 0;
  for (uint32_t n = 0; n < 500; ++n) {
    uint64_t second = 1;
    auto epoch_at = [&](uint64_t s) {
      return EpochNumber(kKey, SubscriberV4(n), start_ms + s * 1000, kHourMs);
    };
    while (second < 59 && epoch_at(second) == epoch_at(0)) ++second;
    if (second == 59) continue;
    ++edges;
    now_ms_ = start_ms;
    const UnitIndex before = Open(n, 1);
    now_ms_ = start_ms + second * 1000;
    const UnitIndex after = Open(n, 2);
    EXPECT_EQ(Open(n, 1), before);
    now_ms_ = start_ms + 25 * kMinuteMs;
    EXPECT_EQ(Open(n, 1), before);
    EXPECT_EQ(Open(n, 2), after);
    now_ms_ = start_ms + 50 * kMinuteMs;
    EXPECT_EQ(Open(n, 1), before);
    EXPECT_EQ(Open(n, 2), after);
  }
  EXPECT_GT(edges, 2u);
}

// A key rotated daily moves nobody: each subscriber meets it at its own edge, and no earlier.
TEST_F(AliasPolicyOverTime, ARotatedKeyMovesEachAtItsOwnEdge) {
  const auto first = OpenAll(1);
  std::vector<uint64_t> epochs(kCrowd);
  auto epoch = [&](uint32_t n) { return EpochNumber(kKey, SubscriberV4(n), now_ms_, kHourMs); };
  for (uint32_t n = 0; n < kCrowd; ++n) epochs[n] = epoch(n);
  RotateKey();
  EXPECT_EQ(OpenAll(2), first);
  uint32_t moved = 0, edges = 0;
  for (uint32_t remote = 3; remote < 9; ++remote) {
    now_ms_ += 10 * kMinuteMs;
    for (uint32_t n = 0; n < kCrowd; ++n) {
      const UnitIndex unit = Open(n, remote);
      if (epoch(n) == epochs[n]) {
        ASSERT_EQ(unit, first[n]);
      } else {
        ++edges;
        moved += unit != first[n];
      }
    }
  }
  EXPECT_NEAR(moved / static_cast<double>(edges), 15.0 / 16, 0.03);
}

TEST_F(AliasPolicyOverTime, AnAdvancedKeyMovesEverybodyAtOnce) {
  const auto first = OpenAll(1);
  now_ms_ += 20 * kMinuteMs;
  AdvanceKey();
  EXPECT_NEAR(Changed(first, OpenAll(1)), 15.0 / 16, 0.03) << "a pair in use, too";
}

// The pool grows: whoever moves does it at his own edge, to the new unit or to none.
TEST_F(AliasPolicyOverTime, AUnitThatJoinsWaitsForTheEdge) {
  drawable_ = First(3);
  const auto first = OpenAll(1);
  now_ms_ += 1;  // an edge of somebody lies in every second or two
  drawable_ = First(4);
  units_[3].drawn_from_ms = now_ms_;
  EXPECT_EQ(OpenAll(2), first);
  std::vector<uint64_t> drawn(4);
  now_ms_ += kHourMs;
  for (UnitIndex unit : OpenAll(3)) ++drawn[unit];
  ExpectUniform(drawn);
}

TEST_F(AliasPolicyOverTime, AUnitThatRetiresIsDrawnUntilTheEdge) {
  drawable_ = First(4);
  const auto first = OpenAll(1);
  now_ms_ += 1000;
  units_[3].drawn_until_ms = now_ms_;
  EXPECT_EQ(OpenAll(2), first);
  now_ms_ += kHourMs;
  for (uint32_t n = 0; n < kCrowd; ++n) EXPECT_NE(Open(n, 3), 3) << "drawn after its time";
}

// Out at once, and the next in order stands in: same epoch, only those on it move.
TEST_F(AliasPolicyOverTime, AUnitWithdrawnIsOutAtOnce) {
  drawable_ = First(4);
  const auto first = OpenAll(1);
  drawable_ = First(3);
  const auto next = OpenAll(1);
  for (uint32_t n = 0; n < kCrowd; ++n) EXPECT_TRUE(first[n] == 3 ? next[n] < 3 : next[n] == first[n]);
}

TEST_F(AliasPolicyOverTime, IfNoUnitIsOfTheEpochAllAre) {
  for (Unit& unit : units_) unit.drawn_from_ms = now_ms_ + 1;
  std::vector<uint64_t> drawn(16);
  for (UnitIndex unit : OpenAll(1)) ++drawn[unit];
  ExpectUniform(drawn);
  units_[5].drawn_from_ms = 0;
  for (UnitIndex unit : OpenAll(2)) EXPECT_EQ(unit, 5);
}

TEST_F(AliasPolicyOverTime, TheDrawIsBoundedAndInOrder) {
  AliasDraw draw = Begin(1, 1);
  std::vector<UnitIndex> tried;
  for (UnitIndex unit; (unit = draw.Next()) != kAllUnits;) tried.push_back(unit);
  EXPECT_EQ(tried.size(), static_cast<size_t>(kAliasTriesMax));
  EXPECT_EQ(draw.Next(), kAllUnits);
  std::sort(tried.begin(), tried.end());
  EXPECT_EQ(std::unique(tried.begin(), tried.end()), tried.end());
}

TEST_F(AliasPolicyOverTime, WithoutAKeyNothingIsDrawn) {
  keys_ = std::make_shared<EpochKeys>();
  EXPECT_EQ(Open(1, 1), kAllUnits);
}

// A flow that did not open leaves no trace: the pair's first flow is the first that opened.
TEST_F(AliasPolicyOverTime, WhatDoesNotOpenIsNotRemembered) {
  (void)Begin(1, 1).Next();
  now_ms_ += kMinuteMs;
  Open(1, 1);
  EXPECT_FALSE(seen_.again);
}

TEST_F(AliasPolicyOverTime, SeesWhetherAPairComesAgainAndWhetherItChanged) {
  settings_.Set(Setting::kAffinityIdle, 60);
  drawable_ = First(2);
  UnitIndex former = Open(1, 1);
  EXPECT_FALSE(seen_.again || seen_.changed);
  bool changed = false;
  for (int n = 0; n < 50; ++n) {
    now_ms_ += 30 * kMinuteMs;
    const UnitIndex unit = Open(1, 1);
    EXPECT_TRUE(seen_.again);
    EXPECT_EQ(seen_.changed, unit != former);
    changed |= seen_.changed;
    former = unit;
  }
  EXPECT_TRUE(changed);
  now_ms_ += 31 * kMinuteMs;
  Open(1, 1);
  EXPECT_FALSE(seen_.again || seen_.changed) << "the visit was over";
  AliasDraw spilled = Begin(1, 1);
  spilled.Next();
  EXPECT_TRUE(policy_.Opened(spilled, spilled.Next()).changed) << "on another unit, as the first had no port";
}

// Another epoch length is an early edge for all. A pair keeps an epoch that holds its first flow, never one
// that is still to come.
TEST_F(AliasPolicyOverTime, AnotherLengthGivesNoEpochAhead) {
  for (uint64_t length : {600, 86'400, 60, 3600}) {
    OpenAll(1);
    settings_.Set(Setting::kEpochLength, length);
    now_ms_ += kMinuteMs;
    for (uint32_t n = 0; n < kCrowd; ++n)
      ASSERT_LE(Begin(n, 1).epoch().number, EpochNumber(kKey, SubscriberV4(n), now_ms_, length * 1000));
  }
}

}  // namespace
}  // namespace cfr
