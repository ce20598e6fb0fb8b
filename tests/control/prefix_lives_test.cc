// SPDX-License-Identifier: BSD-3-Clause
#include "control/prefix_lives.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/control/sample_config.h"

namespace cfr {
namespace {

class PrefixLivesTest : public testing::Test {
 protected:
  void Follow() { lives_ = FollowPrefixes(config_, assignments_, lives_, now_ms_); }
  // "PREFIX STATE AGE" of a pool, ages in seconds.
  std::string Lives(const std::string& pool) const {
    std::string text;
    for (const PrefixLife& life : lives_)
      if (life.pool == pool)
        absl::StrAppend(&text, text.empty() ? "" : ", ", Format(life.prefix), " ", Name(life.state), " ",
                        (now_ms_ - life.since_ms) / 1000);
    return text;
  }
  void SetUnits(PrefixState state) {
    for (Assignment& a : assignments_) a.state = state;
  }
  std::string Refusal() const { return std::string(CheckPrefixSteps(lives_, config_).message()); }

  Config config_ = test::SampleConfig();
  std::vector<Assignment> assignments_ = *Assign(config_, {}, KernelRandom(), 0);
  std::vector<PrefixLife> lives_;
  uint64_t now_ms_ = 1'000'000;
};

TEST_F(PrefixLivesTest, FromStagedToRetiredWithAges) {
  config_.pools[2].state = PrefixState::kStaged;
  Follow();
  now_ms_ += 60'000;
  Follow();
  EXPECT_EQ(Lives("milan"), "203.0.113.0/28 active 60, 203.0.113.64/28 active 60");
  EXPECT_EQ(Lives("rome"), "203.0.113.128/28 staged 60");
  config_.pools[2].state = PrefixState::kActive;
  assignments_ = *Assign(config_, assignments_, KernelRandom(), 0);
  Follow();
  EXPECT_EQ(Lives("rome"), "203.0.113.128/28 active 0");
  config_.pools[2].state = PrefixState::kDraining;
  assignments_ = *Assign(config_, assignments_, KernelRandom(), 0);
  Follow();
  now_ms_ += 5'000;
  EXPECT_EQ(Lives("rome"), "203.0.113.128/28 draining 5");
  for (Assignment& a : assignments_)
    if (a.pool == "rome") a.state = PrefixState::kQuarantined;
  Follow();
  EXPECT_EQ(Lives("rome"), "203.0.113.128/28 quarantined 0");
  std::erase_if(assignments_, [](const Assignment& a) { return a.pool == "rome"; });
  now_ms_ += 120'000;
  Follow();
  EXPECT_EQ(Lives("rome"), "203.0.113.128/28 retired 0");
  EXPECT_EQ(Lives("milan"), "203.0.113.0/28 active 185, 203.0.113.64/28 active 185");
}

TEST_F(PrefixLivesTest, OneUnitWithFlowsKeepsAPrefixDraining) {
  Follow();
  config_.pools[0].state = PrefixState::kDraining;
  SetUnits(PrefixState::kQuarantined);
  assignments_[0].state = PrefixState::kDraining;
  Follow();
  EXPECT_NE(Lives("milan").find("draining"), std::string::npos) << Lives("milan");
}

TEST_F(PrefixLivesTest, OneThatIsConfiguredNoLongerDrainsAndIsForgotten) {
  Follow();
  config_.pools.erase(config_.pools.begin());
  SetUnits(PrefixState::kDraining);
  now_ms_ += 1000;
  Follow();
  EXPECT_NE(Lives("milan").find("draining 0"), std::string::npos) << Lives("milan");
  SetUnits(PrefixState::kQuarantined);
  Follow();
  EXPECT_NE(Lives("milan").find("quarantined 0"), std::string::npos) << Lives("milan");
  assignments_.clear();
  Follow();
  EXPECT_EQ(Lives("milan"), "");
}

TEST_F(PrefixLivesTest, StagedIsBeforeUseAndAfterRetirementOnly) {
  Follow();
  config_.pools[0].state = PrefixState::kStaged;
  EXPECT_EQ(Refusal(), "pool 'milan': 203.0.113.0/28 is active and cannot be staged");
  for (PrefixState state : {PrefixState::kDraining, PrefixState::kQuarantined}) {
    for (PrefixLife& life : lives_) life.state = state;
    EXPECT_EQ(Refusal(),
              absl::StrCat("pool 'milan': 203.0.113.0/28 is ", Name(state), " and cannot be staged"));
  }
  for (PrefixLife& life : lives_) life.state = PrefixState::kRetired;
  EXPECT_EQ(Refusal(), "");
}

TEST_F(PrefixLivesTest, WhatWasNeverUsedDoesNotDrain) {
  Follow();
  config_.pools[2].state = PrefixState::kDraining;
  EXPECT_EQ(Refusal(), "pool 'rome': 203.0.113.128/28 is staged and cannot be draining");
}

TEST_F(PrefixLivesTest, EveryOtherStepIsFree) {
  for (PrefixState from : {PrefixState::kStaged, PrefixState::kActive, PrefixState::kDraining,
                           PrefixState::kQuarantined, PrefixState::kRetired}) {
    lives_ = {{"milan", config_.pools[0].prefixes[0], from, 0}};
    config_.pools[0].state = PrefixState::kActive;
    EXPECT_EQ(Refusal(), "") << Name(from);
    config_.pools[0].state = PrefixState::kDraining;
    EXPECT_EQ(Refusal().empty(), from != PrefixState::kStaged) << Name(from);
  }
}

}  // namespace
}  // namespace cfr
