// SPDX-License-Identifier: BSD-3-Clause
#include "control/crowd_view.h"

#include "tests/control/control_rig.h"
#include "tests/control/simulated_openings.h"

namespace cfr {
namespace {

class CrowdViewTest : public test::ControlRig {
 protected:
  UnitIndex UnitOf(const std::string& pool) {
    for (const Assignment& a : node_.assignments())
      if (a.pool == pool) return a.index;
    return kAllUnits;
  }
  void Tell(const std::string& pool, uint32_t subscriber) {
    double_->Tell(0, test::OpeningOf(subscriber, now_ms_, UnitOf(pool), 2000));
  }
};

Json Find(const Json& figures, const std::string& name) {
  for (const Json& f : figures)
    if (f["figure"] == name) return f;
  return nullptr;
}

TEST_F(CrowdViewTest, ShowsEachPoolsSubscribers) {
  for (uint32_t s = 0; s < 5; ++s) Tell("milan", s);
  for (uint32_t s = 0; s < 7; ++s) Tell("milan6", s % 3);
  Step();
  Json view = Result("privacy show");
  ASSERT_EQ(view["pools"].size(), 2u) << "rome is staged";
  EXPECT_EQ(view["pools"][0]["name"], "milan");
  EXPECT_EQ(view["pools"][0]["active_subscribers"], 5);
  EXPECT_EQ(view["pools"][0]["units_below_k_min"], 1);
  EXPECT_EQ(view["pools"][1]["active_subscribers"], 3);
  EXPECT_EQ(view["pools"][1]["flows"], 7);
  EXPECT_EQ(view["openings"], Json({{"taken", 12}, {"refused", 0}, {"lost", 0}}));
  EXPECT_EQ(view["verdict"], "not yet: too few samples");
  EXPECT_EQ(Find(view["pools"][0]["figures"], "crowd, 1st percentile"),
            Json({{"id", "K2"},
                  {"figure", "crowd, 1st percentile"},
                  {"value", 5.0},
                  {"noise", nullptr},
                  {"unit", "subscribers"},
                  {"bound", "at least 100"},
                  {"verdict", "not yet: too few samples"}}));
}

TEST_F(CrowdViewTest, AFinishedWindowIsJudged) {
  Tell("milan", 1);
  Step();
  Turn(3'600'000);
  Json pool = Result("privacy show")["pools"][0];
  EXPECT_EQ(pool["window"], Json({{"finished", true}, {"seconds", 3600}}));
  EXPECT_EQ(Find(pool["figures"], "crowd, 1st percentile")["verdict"], "not met");
  EXPECT_EQ(pool["verdict"], "not met");
}

TEST_F(CrowdViewTest, WhatTheGuardStoppedAndTheRingLostIsTold) {
  double_->page().worker[1].Count(Direction::kOutbound, DropReason::kEgressGuard, 2);
  double_->page().worker[0].Count(Direction::kOutbound, Counter::kOpeningsLost, 3);
  Json view = Result("privacy show");
  EXPECT_EQ(view["openings"]["lost"], 3);
  EXPECT_EQ(view["relay"].back()["value"], 2);
  EXPECT_EQ(view["verdict"], "not met");
}

// Pools and numbers only: neither an address of a unit nor an unit's index is anywhere.
TEST_F(CrowdViewTest, NamesNoUnitAndNoSubscriber) {
  Tell("milan", 1);
  Step();
  const std::string text = Result("privacy show").dump();
  for (const Assignment& a : node_.assignments()) EXPECT_EQ(text.find(Format(a.address)), std::string::npos);
  EXPECT_EQ(text.find("index"), std::string::npos);
  EXPECT_EQ(text.find("10.10."), std::string::npos);
}

TEST_F(CrowdViewTest, NeedsADataplane) {
  StopDataplane();
  EXPECT_EQ(Refusal("privacy show").code, ExitCode::kFailed);
}

}  // namespace
}  // namespace cfr
