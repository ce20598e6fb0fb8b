// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/timer_wheel.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace cfr {
namespace {

std::vector<FlowIndex> AllDue(TimerWheel& wheel, uint64_t now_ms) {
  std::vector<FlowIndex> due;
  for (FlowIndex i; (i = wheel.TakeDue(now_ms)) != kNoFlow;) due.push_back(i);
  return due;
}

TEST(TimerWheel, NotBeforeItsTime) {
  TimerWheel wheel(4);
  wheel.Start(5000);
  wheel.Arm(0, 7300);
  EXPECT_TRUE(AllDue(wheel, 7000).empty());
  EXPECT_TRUE(AllDue(wheel, 7300).empty()) << "the wheel counts whole seconds, rounded up";
  EXPECT_EQ(AllDue(wheel, 8000), std::vector<FlowIndex>{0});
  EXPECT_TRUE(AllDue(wheel, 100'000).empty());
}

TEST(TimerWheel, ADeadlineInThePastIsDueInTheNextSecond) {
  TimerWheel wheel(4);
  wheel.Start(5000);
  AllDue(wheel, 9000);
  wheel.Arm(1, 0);
  EXPECT_EQ(AllDue(wheel, 10'000), std::vector<FlowIndex>{1});
}

TEST(TimerWheel, DisarmedFlowsNeverCome) {
  TimerWheel wheel(8);
  for (FlowIndex i = 0; i < 5; ++i) wheel.Arm(i, 1000);
  for (FlowIndex i : {4u, 2u, 0u}) wheel.Disarm(i);  // head, middle and end of the list
  auto due = AllDue(wheel, 1000);
  std::sort(due.begin(), due.end());
  EXPECT_EQ(due, (std::vector<FlowIndex>{1, 3}));
}

// One that lies beyond the last slot comes early and is armed again by its owner.
TEST(TimerWheel, DeadlinesBeyondTheWheelComeEarlyAndOnce) {
  TimerWheel wheel(4);
  wheel.Start(0);
  wheel.Arm(0, 100'000'000);
  EXPECT_TRUE(AllDue(wheel, 8'190'000).empty());
  EXPECT_EQ(AllDue(wheel, 8'191'000), std::vector<FlowIndex>{0});
  wheel.Arm(0, 100'000'000);
  EXPECT_EQ(AllDue(wheel, 200'000'000), std::vector<FlowIndex>{0});
}

TEST(TimerWheel, AJumpLongerThanTheWheelLosesNobody) {
  TimerWheel wheel(100);
  wheel.Start(0);
  for (FlowIndex i = 0; i < 100; ++i) wheel.Arm(i, uint64_t{i} * 80'000);
  EXPECT_EQ(AllDue(wheel, 1'000'000'000'000).size(), 100u);
}

// A wheel that was never started sees the machine's uptime as one long jump.
TEST(TimerWheel, WorksWithoutAStart) {
  TimerWheel wheel(4);
  const uint64_t now = 3'000'000'000;
  wheel.Arm(0, now + 120'000);
  for (FlowIndex i : AllDue(wheel, now)) wheel.Arm(i, now + 120'000);
  EXPECT_TRUE(AllDue(wheel, now + 119'000).empty());
  EXPECT_EQ(AllDue(wheel, now + 121'000), std::vector<FlowIndex>{0});
}

// Random arming, disarming and waiting: nothing early, nothing later than a second, nobody twice.
TEST(TimerWheel, NothingEarlyNothingLate) {
  constexpr FlowIndex kFlows = 2000;
  std::mt19937_64 random(1);
  TimerWheel wheel(kFlows);
  uint64_t now = 50'000;
  wheel.Start(now);
  std::map<FlowIndex, uint64_t> deadlines;
  for (int n = 0; n < 300'000; ++n) {
    auto flow = static_cast<FlowIndex>(random() % kFlows);
    auto armed = deadlines.find(flow);
    if (armed == deadlines.end()) {
      deadlines[flow] = now + random() % 600'000;
      wheel.Arm(flow, deadlines[flow]);
    } else if (random() % 4 == 0) {
      wheel.Disarm(flow);
      deadlines.erase(armed);
    }
    if (random() % 20 != 0) continue;
    now += random() % 2000;
    for (FlowIndex i : AllDue(wheel, now)) {
      ASSERT_TRUE(deadlines.contains(i)) << "not armed";
      ASSERT_LE(deadlines[i], now) << "early";
      deadlines.erase(i);
    }
    for (const auto& [i, deadline] : deadlines) ASSERT_GT(deadline + 1000, now - now % 1000) << "late";
  }
}

}  // namespace
}  // namespace cfr
