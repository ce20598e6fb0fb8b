// SPDX-License-Identifier: BSD-3-Clause
#include "control/crowd_profile.h"

#include <gtest/gtest.h>

#include <functional>

namespace cfr {
namespace {

CrowdFigures Good() {
  CrowdFigures f;
  f.active = 4000;
  f.smallest_crowd = f.p1_crowd = 900;
  f.effective_set = f.shannon_set = 800;
  f.low_crowd_share = 0;
  f.lift[0] = Lift::Bits{1.9, 0.01};
  f.lift[1] = Lift::Bits{1.0, 0.01};
  f.lift[2] = Lift::Bits{0.02, 0.03};
  f.half_life_s = 3600;
  f.port_entropy = 7.99;
  f.port_chance = 0.4;
  f.slice_leak = f.owner_leak = 0.01;
  f.sequence_leak = 0.001;
  f.shortest_reuse_s = 300;
  return f;
}
Verdict JudgeOf(const CrowdFigures& f, bool finished = true) {
  return Judge(ProfileOf(f, finished, Settings{}));
}

TEST(CrowdProfile, GoodFiguresMeetIt) {
  EXPECT_EQ(JudgeOf(Good()), Verdict::kMet);
}

TEST(CrowdProfile, EachBoundCanBeMissed) {
  const struct {
    const char* what;
    std::function<void(CrowdFigures*)> at_the_bound, beyond;
  } rows[] = {
      {"crowd", [](auto* f) { f->p1_crowd = 100; }, [](auto* f) { f->p1_crowd = 99; }},
      {"low crowd", [](auto* f) { f->low_crowd_share = 0; }, [](auto* f) { f->low_crowd_share = 0.001; }},
      {"short lift",
       [](auto* f) {
         f->lift[0] = {4.01, 0.01};
       },
       [](auto* f) {
         f->lift[0] = {4.03, 0.01};
       }},
      {"long lift",
       [](auto* f) {
         f->lift[2] = {0.15, 0.03};
       },
       [](auto* f) {
         f->lift[2] = {0.17, 0.03};
       }},
      {"entropy", [](auto* f) { f->port_entropy = 7.95; }, [](auto* f) { f->port_entropy = 7.94; }},
      {"chance", [](auto* f) { f->port_chance = 1e-4; }, [](auto* f) { f->port_chance = 9e-5; }},
      {"slice", [](auto* f) { f->slice_leak = 0.05; }, [](auto* f) { f->slice_leak = 0.051; }},
      {"sequence", [](auto* f) { f->sequence_leak = 0.01; }, [](auto* f) { f->sequence_leak = 0.011; }},
      {"owner", [](auto* f) { f->owner_leak = 0.05; }, [](auto* f) { f->owner_leak = 0.051; }},
      {"reuse", [](auto* f) { f->shortest_reuse_s = 120; }, [](auto* f) { f->shortest_reuse_s = 119.9; }},
  };
  for (const auto& row : rows) {
    CrowdFigures f = Good();
    row.at_the_bound(&f);
    EXPECT_EQ(JudgeOf(f), Verdict::kMet) << row.what;
    row.beyond(&f);
    EXPECT_EQ(JudgeOf(f), Verdict::kMissed) << row.what;
  }
}

TEST(CrowdProfile, TooFewSamplesAreNoVerdict) {
  CrowdFigures f = Good();
  f.lift[2].reset();
  EXPECT_EQ(JudgeOf(f), Verdict::kNotYet);
  f.port_entropy = 5;
  EXPECT_EQ(JudgeOf(f), Verdict::kMissed) << "whatever else is unknown";
}

TEST(CrowdProfile, NoReuseIsNothingMissing) {
  CrowdFigures f = Good();
  f.shortest_reuse_s.reset();
  EXPECT_EQ(JudgeOf(f), Verdict::kMet);
}

// Until a window ends its crowds may still grow; a leak will not go away.
TEST(CrowdProfile, AWindowThatRunsIsNotBlamedForItsCrowd) {
  CrowdFigures f = Good();
  f.p1_crowd = 3;
  f.low_crowd_share = 1;
  EXPECT_EQ(JudgeOf(f, false), Verdict::kNotYet);
  f.slice_leak = 1;
  EXPECT_EQ(JudgeOf(f, false), Verdict::kMissed);
}

TEST(CrowdProfile, TheFloorIsTheConfiguredOne) {
  Settings settings;
  settings.Set(Setting::kCrowdMin, 1000);
  EXPECT_EQ(Judge(ProfileOf(Good(), true, settings)), Verdict::kMissed);
}

TEST(CrowdProfile, FamiliesMustBeAlike) {
  CrowdFigures v4 = Good(), v6 = Good();
  EXPECT_EQ(ParityOf(v4, v6).verdict, Verdict::kMet);
  v6.lift[0]->bits = 2.5;
  EXPECT_EQ(ParityOf(v4, v6).verdict, Verdict::kMissed);
  v6.lift[0].reset();
  EXPECT_EQ(ParityOf(v4, v6).verdict, Verdict::kNotYet);
}

TEST(CrowdProfile, NoPacketMayHaveNeededTheGuard) {
  EXPECT_EQ(StoppedRow(0).verdict, Verdict::kMet);
  EXPECT_EQ(StoppedRow(1).verdict, Verdict::kMissed);
}

}  // namespace
}  // namespace cfr
