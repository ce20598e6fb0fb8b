// SPDX-License-Identifier: BSD-3-Clause
// What is remembered of a pair, what of it is lost, and that no race makes it another pair's.
#include "dataplane/affinity.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

#include "common/limits.h"
#include "tests/support/literals.h"

namespace cfr {
namespace {

using test::operator""_ip;

constexpr FlowHash::Key kKey{1, 2, 3, 4, 5, 6, 7, 8}, kOtherKey{8, 7, 6, 5, 4, 3, 2, 1};
constexpr uint64_t kNow = 1'000'000;  // minutes; wrapped often already
constexpr uint64_t kWrap = 4096;

Address Numbered(Address a, uint32_t n) {
  const size_t last = a.family == Family::kV4 ? 3 : 15;
  a.bytes[last] = static_cast<uint8_t>(n);
  a.bytes[last - 1] = static_cast<uint8_t>(n >> 8);
  return a;
}
Address Remote(uint32_t n) {
  return Numbered("198.18.0.0"_ip, n);
}

class AffinityTest : public testing::Test {
 protected:
  Affinity::Pair Pair(uint32_t remote) const { return affinity_.Locate("100.64.0.1"_ip, Remote(remote)); }
  std::optional<Affinity::Memory> Recall(uint32_t remote, uint64_t minute) const {
    return affinity_.Recall(Pair(remote), minute);
  }

  Affinity affinity_{8192, kKey};
  Affinity one_line_{1, kKey};
};

TEST_F(AffinityTest, TellsWhatItWasTold) {
  EXPECT_FALSE(Recall(1, kNow).has_value());
  for (bool late : {false, true})
    for (uint64_t age : {0, 1, 100, 2000, 4095})
      for (UnitIndex unit : {0, 1, 512, kUnitsMax - 1}) {
        affinity_.Remember(Pair(1), {kNow - age, kNow - age / 2, late, unit});
        const auto memory = Recall(1, kNow);
        ASSERT_TRUE(memory.has_value());
        EXPECT_EQ(memory->first_minute, kNow - age);
        EXPECT_EQ(memory->last_minute, kNow - age / 2);
        EXPECT_EQ(memory->late, late);
        EXPECT_EQ(memory->unit, unit);
      }
  EXPECT_FALSE(Recall(2, kNow).has_value());
}

TEST_F(AffinityTest, RoundsUpToWholeLines) {
  EXPECT_EQ(Affinity(1, kKey).lines(), 1u);
  EXPECT_EQ(Affinity(8, kKey).lines(), 1u);
  EXPECT_EQ(Affinity(9, kKey).lines(), 2u);
  EXPECT_EQ(Affinity(262'144, kKey).lines(), 32'768u);
}

// Pairs, not subscribers or remotes; both families; and under another key other places.
TEST_F(AffinityTest, EachPairHasItsOwn) {
  std::set<std::pair<uint32_t, uint32_t>> places;
  auto add = [&](const Affinity& a, const Address& s, const Address& r) {
    const Affinity::Pair pair = a.Locate(s, r);
    EXPECT_LT(pair.line, a.lines());
    EXPECT_NE(pair.tag, 0u);
    places.emplace(pair.line, pair.tag);
  };
  const Affinity other(8192, kOtherKey);
  for (uint32_t s = 0; s < 100; ++s)
    for (uint32_t r = 0; r < 100; ++r) {
      add(affinity_, Numbered("100.64.0.0"_ip, s), Remote(r));
      add(affinity_, Numbered("2001:db8::"_ip, s), Numbered("2001:db8:1::"_ip, r));
      add(other, Numbered("100.64.0.0"_ip, s), Remote(r));
    }
  EXPECT_EQ(places.size(), 30'000u);
}

TEST_F(AffinityTest, InAFullLineTheLongestIdleGivesWay) {
  auto pair = [&](uint32_t n) { return one_line_.Locate("100.64.0.1"_ip, Remote(n)); };
  for (uint32_t n = 0; n < 8; ++n) one_line_.Remember(pair(n), {kNow + n, kNow + n, false, 0});
  for (uint32_t n = 0; n < 8; ++n) EXPECT_TRUE(one_line_.Recall(pair(n), kNow + 8).has_value()) << n;
  one_line_.Remember(pair(0), {kNow, kNow + 8, false, 0});  // in use again
  one_line_.Remember(pair(8), {kNow + 9, kNow + 9, false, 0});
  for (uint32_t n = 0; n < 9; ++n) EXPECT_EQ(one_line_.Recall(pair(n), kNow + 9).has_value(), n != 1) << n;
}

// A full line round the wrap of the minutes: idle time, not the number, decides.
TEST_F(AffinityTest, TheLongestIdleIsFoundAcrossTheWrap) {
  auto pair = [&](uint32_t n) { return one_line_.Locate("100.64.0.1"_ip, Remote(n)); };
  const uint64_t before_wrap = kNow / kWrap * kWrap - 4;
  for (uint32_t n = 0; n < 8; ++n) one_line_.Remember(pair(n), {before_wrap + n, before_wrap + n, false, 0});
  one_line_.Remember(pair(8), {before_wrap + 8, before_wrap + 8, false, 0});
  for (uint32_t n = 0; n < 9; ++n)
    EXPECT_EQ(one_line_.Recall(pair(n), before_wrap + 8).has_value(), n != 0) << n;
}

TEST_F(AffinityTest, TheSweepClearsWhatIsIdleTooLong) {
  for (uint32_t n = 0; n < 200; ++n) affinity_.Remember(Pair(n), {kNow, kNow + n, false, 0});
  affinity_.Sweep(affinity_.lines(), kNow + 199, 30);
  for (uint32_t n = 0; n < 200; ++n) EXPECT_EQ(Recall(n, kNow + 199).has_value(), n >= 169) << n;
}

// Swept bit by bit, no word ever grows young again: not even after the clock went round.
TEST_F(AffinityTest, WhatIsSweptInTimeNeverComesBack) {
  affinity_.Remember(Pair(1), {kNow, kNow, false, 0});
  for (uint64_t minute = kNow; minute < kNow + kWrap; ++minute)
    affinity_.Sweep(affinity_.lines() / 60 + 1, minute, 30);
  EXPECT_FALSE(Recall(1, kNow + kWrap).has_value());
}

TEST_F(AffinityTest, EveryLineHasItsTurn) {
  for (uint32_t n = 0; n < 5000; ++n) affinity_.Remember(Pair(n), {kNow, kNow, false, 0});
  for (uint64_t n = 0; n < affinity_.lines(); n += 7) affinity_.Sweep(7, kNow + 100, 30);
  for (uint32_t n = 0; n < 5000; ++n) EXPECT_FALSE(Recall(n, kNow + 100).has_value()) << n;
}

// Writers of one line, readers and the sweep at once: whatever is found of a pair is what its own thread once
// wrote, for the unit says whose it is.
TEST_F(AffinityTest, ARaceNeverMakesAPairAnothers) {
  constexpr uint32_t kThreads = 4, kPairs = 4, kRounds = 20'000;
  std::vector<std::thread> threads;
  std::atomic<uint64_t> found{0}, foreign{0};
  for (uint32_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (uint32_t round = 0; round < kRounds; ++round) {
        const uint32_t n = t * kPairs + round % kPairs;
        const auto pair = one_line_.Locate("100.64.0.1"_ip, Remote(n));
        if (const auto memory = one_line_.Recall(pair, kNow + 50); memory.has_value()) {
          ++found;
          if (memory->unit != n || memory->last_minute < memory->first_minute) ++foreign;
        }
        one_line_.Remember(pair, {kNow, kNow + round % 50, false, static_cast<UnitIndex>(n)});
      }
    });
  threads.emplace_back([&] {
    for (uint32_t round = 0; round < kRounds; ++round) one_line_.Sweep(1, kNow + 40, 30);
  });
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(found.load(), 0u);
  EXPECT_EQ(foreign.load(), 0u);
}

}  // namespace
}  // namespace cfr
