// SPDX-License-Identifier: BSD-3-Clause
// Draft R3 and R5: which alias unit a subscriber shows, and when that changes.
#include "dataplane/alias_policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
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

class AliasPolicy : public testing::Test {
 protected:
  AliasPolicy() {
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

TEST_F(AliasPolicy, TheDrawIsUniform) {
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

TEST_F(AliasPolicy, EpochsAreIndependent) {
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
TEST_F(AliasPolicy, OneSubscriberOverTime) {
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

TEST_F(AliasPolicy, EpochKeysAreIndependent) {
  const auto drawable = First(16);
  PairCounts pairs(16);
  for (uint32_t n = 0; n < kSubscribers; ++n)
    pairs.Add(DrawFrom(drawable, DrawSeed(kKey, SubscriberV6(n), 5)),
              DrawFrom(drawable, DrawSeed(kOtherKey, SubscriberV6(n), 5)));
  pairs.ExpectIndependent();
}

TEST_F(AliasPolicy, NeighbouringSubscribersAreIndependent) {
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

TEST_F(AliasPolicy, AUnitThatJoinsMovesOnlyThoseDrawnToIt) {
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

TEST_F(AliasPolicy, AUnitThatLeavesMovesOnlyThoseOnIt) {
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
TEST_F(AliasPolicy, TheOrderOfTheListDoesNotMatter) {
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
TEST_F(AliasPolicy, TheNextDrawsGoThroughAllUnitsOnce) {
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

TEST_F(AliasPolicy, NoUnitNoDraw) {
  EXPECT_EQ(DrawFrom({}, DrawSeed(kKey, "100.64.0.1"_ip, 5)), kAllUnits);
}

TEST_F(AliasPolicy, FamiliesDoNotShareADraw) {
  Address v4 = "100.64.0.1"_ip, v6 = v4;
  v6.family = Family::kV6;
  EXPECT_NE(DrawSeed(kKey, v4, 5), DrawSeed(kKey, v6, 5));
}

// Every subscriber changes its epoch once a length, and the edges are spread evenly over it.
TEST_F(AliasPolicy, EpochEdgesAreStaggered) {
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

TEST_F(AliasPolicy, AnEpochLastsExactlyItsLength) {
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
TEST_F(AliasPolicy, PhasesOfNeighboursAreIndependent) {
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

}  // namespace
}  // namespace cfr
