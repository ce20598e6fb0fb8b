// SPDX-License-Identifier: BSD-3-Clause
#include "control/limit_events.h"

#include <gtest/gtest.h>

#include <memory>

namespace cfr {
namespace {

class LimitEventsTest : public testing::Test {
 protected:
  LimitEventsTest() : page_(std::make_unique<DataplanePage>()) { page_->boot = 1; }
  void Drop(DropReason reason, uint64_t packets, int worker = 0) {
    page_->worker[worker].Count(Direction::kOutbound, reason, packets);
  }
  std::vector<LimitEvents::Event> Look(uint64_t now_ms) { return events_.Look(*page_, 2, now_ms); }

  std::unique_ptr<DataplanePage> page_;
  LimitEvents events_;
};

TEST_F(LimitEventsTest, WhatWasDroppedBeforeTheFirstLookIsOldNews) {
  Drop(DropReason::kPortsExhausted, 7);
  EXPECT_TRUE(Look(1000).empty());
  Drop(DropReason::kPortsExhausted, 2, 1);
  auto events = Look(2000);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].reason, DropReason::kPortsExhausted);
  EXPECT_EQ(events[0].packets, 2u);
}

// LOG-4
TEST_F(LimitEventsTest, AStormIsToldOnceInAWhileAndKindAndLosesNoCount) {
  Look(1000);
  uint64_t told = 0, dropped = 0;
  int lines = 0;
  for (uint64_t now = 1010; now <= 61'000; now += 10) {
    Drop(DropReason::kFlowQuota, 100);
    dropped += 100;
    for (const auto& event : Look(now)) {
      told += event.packets;
      ++lines;
    }
  }
  EXPECT_EQ(lines, 6);
  for (const auto& event : Look(75'000)) told += event.packets;
  EXPECT_EQ(told, dropped);
}

TEST_F(LimitEventsTest, KindsDoNotSilenceEachOther) {
  Look(1000);
  Drop(DropReason::kFlowQuota, 1);
  EXPECT_EQ(Look(2000).size(), 1u);
  Drop(DropReason::kFlowTableFull, 1);
  EXPECT_EQ(Look(3000).size(), 1u);
}

TEST_F(LimitEventsTest, WhatIsNoLimitIsNotTold) {
  Look(1000);
  Drop(DropReason::kNoFlow, 1000);
  EXPECT_TRUE(Look(2000).empty());
}

TEST_F(LimitEventsTest, ADataplaneThatStartsAnewCountsFromNothing) {
  Drop(DropReason::kNoBuffer, 50);
  Look(1000);
  page_ = std::make_unique<DataplanePage>();
  page_->boot = 2;
  Drop(DropReason::kNoBuffer, 3);
  auto events = Look(2000);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].packets, 3u);
}

}  // namespace
}  // namespace cfr
