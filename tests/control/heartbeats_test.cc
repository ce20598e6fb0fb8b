// SPDX-License-Identifier: BSD-3-Clause
#include "control/heartbeats.h"

#include <gtest/gtest.h>

#include <memory>

namespace cfr {
namespace {

class HeartbeatsTest : public testing::Test {
 protected:
  HeartbeatsTest() : page_(std::make_unique<DataplanePage>()) { page_->boot = 1; }
  void Turn(std::initializer_list<int> workers, bool main = true) {
    if (main) page_->main_rounds.Add(1);
    for (int w : workers) page_->worker[w].rounds.Add(1);
  }
  std::unique_ptr<DataplanePage> page_;
  Heartbeats heartbeats_;
};

TEST_F(HeartbeatsTest, NobodyIsSilentBeforeTheFirstLook) {
  EXPECT_TRUE(heartbeats_.Silent(1'000'000).empty());
}

TEST_F(HeartbeatsTest, ThreadsThatTurnAreNotSilent) {
  for (uint64_t now = 1000; now < 20'000; now += 1000) {
    Turn({0, 1});
    heartbeats_.Look(*page_, 2, now);
    EXPECT_TRUE(heartbeats_.Silent(now).empty()) << now;
  }
}

TEST_F(HeartbeatsTest, TheOneThatStandsIsNamed) {
  for (uint64_t now = 1000; now <= 5000; now += 1000) {
    Turn({0});
    heartbeats_.Look(*page_, 2, now);
  }
  EXPECT_EQ(heartbeats_.Silent(5000), std::vector<std::string>{"worker 1"});
  Turn({0, 1}, false);
  heartbeats_.Look(*page_, 2, 7000);
  EXPECT_EQ(heartbeats_.Silent(7000), std::vector<std::string>{"main lcore"});
}

TEST_F(HeartbeatsTest, SilenceBeginsAtItsLimit) {
  heartbeats_.Look(*page_, 1, 1000);
  EXPECT_TRUE(heartbeats_.Silent(1000 + Heartbeats::kSilentMs - 1).empty());
  EXPECT_EQ(heartbeats_.Silent(1000 + Heartbeats::kSilentMs).size(), 2u);
}

TEST_F(HeartbeatsTest, ANewDataplaneStartsAnew) {
  heartbeats_.Look(*page_, 2, 1000);
  page_->boot = 2;
  heartbeats_.Look(*page_, 1, 100'000);
  EXPECT_TRUE(heartbeats_.Silent(100'000).empty());
}

}  // namespace
}  // namespace cfr
