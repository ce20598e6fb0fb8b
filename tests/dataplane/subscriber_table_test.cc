// SPDX-License-Identifier: BSD-3-Clause
// RFC 6888 REQ-4. The tests with several threads are the workload of the thread sanitizer, too.
#include "dataplane/subscriber_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <random>
#include <thread>
#include <vector>

#include "common/settings.h"
#include "tests/support/literals.h"

namespace cfr {
namespace {

using test::operator""_ip;

constexpr SipKey kKey{0x0706050403020100, 0x0f0e0d0c0b0a0908};
constexpr SubscriberLimits kNoRate{1, 1'000'000, 1'000'000};  // for tests of the number of flows

Address Subscriber(uint32_t n) {
  const uint8_t bytes[4] = {100, 64, static_cast<uint8_t>(n >> 8), static_cast<uint8_t>(n)};
  return Address::FromV4(bytes);
}

SubscriberLimits Holding(uint32_t flows) {
  SubscriberLimits limits = kNoRate;
  limits.flows = flows;
  return limits;
}

bool IsTaken(const SubscriberTable::Taken& taken) {
  return taken.slot != SubscriberTable::kNoSlot;
}

TEST(SubscriberTable, HoldsExactlyTheLimit) {
  for (uint32_t limit : {1u, 2u, 1000u}) {
    SubscriberTable table(16, kKey);
    std::vector<uint32_t> slots;
    for (uint32_t n = 0; n < limit; ++n) {
      auto taken = table.Take(Subscriber(1), Holding(limit), 0);
      ASSERT_TRUE(IsTaken(taken));
      slots.push_back(taken.slot);
    }
    auto refused = table.Take(Subscriber(1), Holding(limit), 0);
    EXPECT_FALSE(IsTaken(refused));
    EXPECT_EQ(refused.reason, DropReason::kFlowQuota);
    EXPECT_EQ(table.TotalFlows(), limit);
    table.Release(slots.back());
    EXPECT_TRUE(IsTaken(table.Take(Subscriber(1), Holding(limit), 0)));
    EXPECT_FALSE(IsTaken(table.Take(Subscriber(1), Holding(limit), 0)));
  }
}

TEST(SubscriberTable, TheLargestLimitOfTheConfigurationFitsTheCount) {
  const uint64_t limit = std::max(Row(Setting::kSubscriberFlowsV4).max, Row(Setting::kSubscriberFlowsV6).max);
  SubscriberTable table(16, kKey);
  for (uint64_t n = 0; n < limit; ++n)
    ASSERT_TRUE(IsTaken(table.Take(Subscriber(1), Holding(static_cast<uint32_t>(limit)), n)));
  EXPECT_FALSE(IsTaken(table.Take(Subscriber(1), Holding(static_cast<uint32_t>(limit)), limit)));
  EXPECT_EQ(table.TotalFlows(), limit);
}

TEST(SubscriberTable, ALoweredLimitRefusesUntilEnoughAreClosed) {
  SubscriberTable table(16, kKey);
  std::vector<uint32_t> slots;
  for (int n = 0; n < 4; ++n) slots.push_back(table.Take(Subscriber(1), Holding(4), 0).slot);
  for (int live = 4; live >= 2; --live) {
    EXPECT_FALSE(IsTaken(table.Take(Subscriber(1), Holding(2), 0))) << live;
    table.Release(slots[static_cast<size_t>(live) - 1]);
  }
  EXPECT_TRUE(IsTaken(table.Take(Subscriber(1), Holding(2), 0)));
}

TEST(SubscriberTable, SubscribersAreApart) {
  SubscriberTable table(64, kKey);
  for (uint32_t n = 0; n < 64; ++n) ASSERT_TRUE(IsTaken(table.Take(Subscriber(n), Holding(1), 0))) << n;
  for (uint32_t n = 0; n < 64; ++n)
    EXPECT_EQ(table.Take(Subscriber(n), Holding(1), 0).reason, DropReason::kFlowQuota) << n;
  Address v6 = Subscriber(1);
  v6.family = Family::kV6;
  EXPECT_TRUE(IsTaken(table.Take(v6, Holding(1), 0))) << "the same bytes of the other family";
}

TEST(SubscriberTable, RoomForAsManyAsPromised) {
  for (uint64_t capacity : {1u, 16u, 1000u, 65536u}) {
    SubscriberTable table(capacity, kKey);
    uint64_t taken = 0;
    for (uint32_t n = 0; n < capacity; ++n) {
      uint8_t bytes[16] = {0x20,
                           1,
                           0xd,
                           0xb8,
                           0,
                           static_cast<uint8_t>(n >> 16),
                           static_cast<uint8_t>(n >> 8),
                           static_cast<uint8_t>(n)};
      taken += IsTaken(table.Take(Address::FromV6(bytes), Holding(1), 0));
    }
    // Sixteen slots a subscriber at half load: one in a thousand may find none.
    EXPECT_GE(taken, capacity - capacity / 1000);
  }
}

TEST(SubscriberTable, AFullTableRefusesStrangersAndServesWhoIsThere) {
  SubscriberTable table(1, kKey);  // one window of sixteen slots
  std::vector<uint32_t> slots;
  for (uint32_t n = 0; n < 16; ++n) slots.push_back(table.Take(Subscriber(n), Holding(2), 0).slot);
  EXPECT_EQ(table.Take(Subscriber(16), Holding(2), 0).reason, DropReason::kSubscriberTableFull);
  EXPECT_TRUE(IsTaken(table.Take(Subscriber(3), Holding(2), 0)));
  table.Release(slots[7]);
  auto taken = table.Take(Subscriber(16), Holding(2), 0);
  EXPECT_EQ(taken.slot, slots[7]);
}

TEST(SubscriberTable, ABurstAndThenTheRate) {
  SubscriberTable table(16, kKey);
  const SubscriberLimits limits{1'000'000, 10, 5};
  const uint64_t start = 123'456;
  for (int n = 0; n < 5; ++n) ASSERT_TRUE(IsTaken(table.Take(Subscriber(1), limits, start)));
  auto refused = table.Take(Subscriber(1), limits, start);
  EXPECT_EQ(refused.reason, DropReason::kFlowRate);
  EXPECT_EQ(table.TotalFlows(), 5u) << "a flow refused for its rate is not counted";
  EXPECT_FALSE(IsTaken(table.Take(Subscriber(1), limits, start + 99)));
  EXPECT_TRUE(IsTaken(table.Take(Subscriber(1), limits, start + 100)));
  EXPECT_FALSE(IsTaken(table.Take(Subscriber(1), limits, start + 199)));
  EXPECT_TRUE(IsTaken(table.Take(Subscriber(1), limits, start + 200)));
}

TEST(SubscriberTable, TheBucketFillsToTheBurstAndNoFurther) {
  SubscriberTable table(16, kKey);
  const SubscriberLimits limits{1'000'000, 10, 5};
  for (uint64_t at : {0u, 500u, 1'000'000u}) {
    for (int n = 0; n < 5; ++n) ASSERT_TRUE(IsTaken(table.Take(Subscriber(1), limits, at))) << at;
    EXPECT_FALSE(IsTaken(table.Take(Subscriber(1), limits, at))) << at;
  }
}

// Every rate of the configuration, over ten seconds: what the burst allows and ten times the rate.
TEST(SubscriberTable, TheRateIsTheConfiguredOne) {
  for (uint32_t rate : {1u, 3u, 7u, 200u, 999u, 1001u, 30'000u, 70'000u}) {
    SubscriberTable table(16, kKey);
    const SubscriberLimits limits{1'000'000, rate, 100};
    uint64_t taken = 0;
    for (uint64_t ms = 0; ms < 10'000; ++ms)
      for (auto t = table.Take(Subscriber(1), limits, ms); IsTaken(t);
           t = table.Take(Subscriber(1), limits, ms)) {
        ++taken;
        table.Release(t.slot);
      }
    EXPECT_NEAR(static_cast<double>(taken), 100 + rate * 10.0, 2 + rate * 0.01) << rate;
  }
}

TEST(SubscriberTable, UndoGivesBackTheFlowAndTheToken) {
  SubscriberTable table(16, kKey);
  const SubscriberLimits limits{2, 1, 2};
  for (int n = 0; n < 100; ++n) {
    auto taken = table.Take(Subscriber(1), limits, 1000);
    ASSERT_TRUE(IsTaken(taken)) << n;
    table.Undo(taken.slot, limits);
  }
  EXPECT_EQ(table.TotalFlows(), 0u);
  EXPECT_TRUE(IsTaken(table.Take(Subscriber(1), limits, 1000)));
  EXPECT_TRUE(IsTaken(table.Take(Subscriber(1), limits, 1000)));
  EXPECT_EQ(table.Take(Subscriber(1), limits, 1000).reason, DropReason::kFlowQuota);
}

TEST(SubscriberTable, ReleaseKeepsTheToken) {
  SubscriberTable table(16, kKey);
  const SubscriberLimits limits{10, 1, 1};
  table.Release(table.Take(Subscriber(1), limits, 1000).slot);
  EXPECT_EQ(table.Take(Subscriber(1), limits, 1000).reason, DropReason::kFlowRate)
      << "opening and closing at once is no way round the rate";
}

// The next subscriber on a slot starts with a full bucket.
TEST(SubscriberTable, ASlotThatChangesHandsForgetsTheBucket) {
  SubscriberTable table(1, kKey);
  const SubscriberLimits limits{10, 1, 1};
  std::vector<uint32_t> slots;
  for (uint32_t n = 0; n < 16; ++n) slots.push_back(table.Take(Subscriber(n), limits, 1000).slot);
  for (uint32_t slot : slots) table.Release(slot);
  for (uint32_t n = 100; n < 116; ++n) EXPECT_TRUE(IsTaken(table.Take(Subscriber(n), limits, 1000))) << n;
}

class SubscriberTableThreads : public testing::Test {
 protected:
  static constexpr int kThreads = 4;
  // Runs `body(thread number)` in all threads at once.
  template <class Body>
  static void Together(Body body) {
    std::latch start(kThreads);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t)
      threads.emplace_back([&, t] {
        start.arrive_and_wait();
        body(t);
      });
    for (std::thread& thread : threads) thread.join();
  }
};

TEST_F(SubscriberTableThreads, OneSubscriberNeverHoldsMoreThanItsLimit) {
  constexpr uint32_t kLimit = 7;
  SubscriberTable table(16, kKey);
  std::atomic<uint32_t> held = 0, most = 0, refused = 0;
  Together([&](int thread) {
    std::mt19937 random(static_cast<uint32_t>(thread));
    std::vector<uint32_t> mine;
    for (int n = 0; n < 100'000; ++n) {
      if (random() % 2 == 0) {
        auto taken = table.Take(Subscriber(1), Holding(kLimit), static_cast<uint64_t>(n));
        if (!IsTaken(taken)) {
          ++refused;
          continue;
        }
        mine.push_back(taken.slot);
        const uint32_t now = ++held;
        if (now > most) most = now;
      } else if (!mine.empty()) {
        --held;
        table.Release(mine.back());
        mine.pop_back();
      }
    }
    held -= static_cast<uint32_t>(mine.size());
    for (uint32_t slot : mine) table.Release(slot);
  });
  EXPECT_EQ(most, kLimit);
  EXPECT_GT(refused, 0u);
  EXPECT_EQ(table.TotalFlows(), 0u);
}

// The bucket is shared by all workers: together they get a burst, not each of them one.
TEST_F(SubscriberTableThreads, TheRateHoldsForAllWorkersTogether) {
  SubscriberTable table(16, kKey);
  const SubscriberLimits limits{1'000'000, 1, 1000};
  std::atomic<uint32_t> taken = 0;
  Together([&](int) {
    for (int n = 0; n < 10'000; ++n) taken += IsTaken(table.Take(Subscriber(1), limits, 500));
  });
  EXPECT_EQ(taken, 1000u);
  EXPECT_EQ(table.TotalFlows(), 1000u);
}

// With a limit of one flow the table is a lock. Other subscribers come and go beside, so that the slot of
// the watched one changes hands and the first vacant slot of the window moves all the time.
TEST_F(SubscriberTableThreads, TheFirstFlowsOfASubscriberOpenOneByOne) {
  SubscriberTable table(1, kKey);
  std::atomic<int> holders = 0;
  std::atomic<uint64_t> taken = 0, twice = 0;
  Together([&](int thread) {
    std::mt19937 random(static_cast<uint32_t>(thread));
    auto others_come_and_go = [&](uint64_t now_ms) {
      for (int n = 0; n < 4; ++n) {
        auto beside = table.Take(Subscriber(100 + random() % 64), Holding(100), now_ms);
        if (IsTaken(beside)) table.Release(beside.slot);
      }
    };
    for (uint64_t now_ms = 0; now_ms < 60'000; ++now_ms) {
      others_come_and_go(now_ms);
      auto watched = table.Take(Subscriber(1), Holding(1), now_ms);
      if (!IsTaken(watched)) continue;
      ++taken;
      if (++holders > 1) ++twice;
      others_come_and_go(now_ms);
      --holders;
      table.Release(watched.slot);
    }
  });
  EXPECT_EQ(twice, 0u) << "of " << taken;
  EXPECT_GT(taken, 0u);
  EXPECT_EQ(table.TotalFlows(), 0u);
}

// What is refused and undone by several threads leaves nothing behind.
TEST_F(SubscriberTableThreads, UndoneFlowsLeaveNothing) {
  SubscriberTable table(64, kKey);
  const SubscriberLimits limits{100, 10, 50};
  Together([&](int thread) {
    std::mt19937 random(static_cast<uint32_t>(thread));
    for (int n = 0; n < 100'000; ++n) {
      auto taken = table.Take(Subscriber(random() % 32), limits, 1'000'000);
      if (IsTaken(taken)) table.Undo(taken.slot, limits);
    }
  });
  EXPECT_EQ(table.TotalFlows(), 0u);
  for (uint32_t n = 0; n < 32; ++n) {
    for (int flow = 0; flow < 50; ++flow)
      ASSERT_TRUE(IsTaken(table.Take(Subscriber(n), limits, 1'000'000))) << "token " << flow << " of " << n;
    EXPECT_EQ(table.Take(Subscriber(n), limits, 1'000'000).reason, DropReason::kFlowRate);
  }
}

}  // namespace
}  // namespace cfr
