// SPDX-License-Identifier: BSD-3-Clause
// The estimators against what can be counted, on simulated openings; and planted leaks, each of which must be
// seen by its figure and by no other.
#include "control/crowd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "tests/control/sample_config.h"
#include "tests/control/simulated_openings.h"

namespace cfr {
namespace {

using test::OpeningOf;
using test::Simulate;
using test::Simulation;

constexpr uint64_t kDay_s = 86'400;
constexpr const char* kPool = "milan";

class CrowdTest : public testing::Test {
 protected:
  CrowdTest() { Configure(kDay_s, 16); }

  void Configure(uint64_t epoch_s, uint16_t units) {
    config_.settings.Set(Setting::kEpochLength, epoch_s);
    std::vector<Assignment> assignments;
    for (uint16_t u = 0; u < units; ++u)
      assignments.push_back({u, {}, kPool, "IT-25", PrefixState::kActive, 0, PortMode::kPerRemote});
    crowd_.Configure(config_, ++generation_, assignments);
    crowd_.Tick(1'000'000);
  }
  CrowdFigures Watch(const std::vector<Opened>& openings) {
    for (const Opened& opened : openings) crowd_.Take(opened);
    return crowd_.Of(kPool)->figures;
  }
  CrowdFigures Watch(const Simulation& simulation) { return Watch(Simulate(simulation)); }

  Config config_ = test::SampleConfig();
  Generation generation_ = 0;
  Crowd crowd_{[n = uint64_t{0}]() mutable { return SipKey{++n, 7}; }};
};

// All pairs of one subscriber, and as many of strangers as there is patience for.
double ExactLift(const std::vector<Opened>& openings, uint64_t first_s, uint64_t last_s) {
  std::map<uint32_t, std::vector<Opened>> of;
  auto subscriber = [](const Opened& o) {
    uint32_t s;
    std::memcpy(&s, o.subscriber, sizeof s);
    return s;
  };
  for (const Opened& o : openings) of[subscriber(o)].push_back(o);
  double pairs = 0, same = 0, stranger_pairs = 0, stranger_same = 0;
  auto in_band = [&](uint64_t lag_ms) { return lag_ms >= first_s * 1000 && lag_ms < last_s * 1000; };
  for (const auto& [s, flows] : of)
    for (size_t i = 0; i < flows.size(); ++i)
      for (size_t j = i + 1; j < flows.size(); ++j) {
        if (!in_band(flows[j].at_ms - flows[i].at_ms)) continue;
        ++pairs;
        same += flows[i].unit == flows[j].unit;
      }
  std::mt19937_64 random(3);
  for (int n = 0; n < 2'000'000; ++n) {
    const Opened &a = openings[random() % openings.size()], &b = openings[random() % openings.size()];
    if (a.at_ms >= b.at_ms || subscriber(a) == subscriber(b) || !in_band(b.at_ms - a.at_ms)) continue;
    ++stranger_pairs;
    stranger_same += a.unit == b.unit;
  }
  return std::log2(same / pairs / (stranger_same / stranger_pairs));
}

class CrowdLift : public CrowdTest, public testing::WithParamInterface<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Units, CrowdLift, testing::Values(2, 4, 16));

TEST_P(CrowdLift, IsThatOfAllPairs) {
  const auto openings = Simulate({.flows_each = 300, .units = GetParam()});
  const CrowdFigures f = Watch(openings);
  for (size_t b = 0; b < kLagBands; ++b) {
    ASSERT_TRUE(f.lift[b].has_value()) << "band " << b;
    EXPECT_NEAR(f.lift[b]->bits, ExactLift(openings, kLagBandEdges_s[b], kLagBandEdges_s[b + 1]), 0.2)
        << "band " << b;
  }
  EXPECT_NEAR(f.lift[0]->bits, std::log2(GetParam()), 0.3);
  EXPECT_NEAR(f.lift[2]->bits, 0, 0.1);
  ASSERT_TRUE(f.half_life_s.has_value());
  EXPECT_LE(*f.half_life_s, 3600);
  EXPECT_GE(*f.half_life_s, 1200);
}

TEST_F(CrowdTest, CrowdsAreCounted) {
  const auto openings = Simulate({.subscribers = 3000, .flows_each = 20, .seconds = 3600, .epoch_s = kDay_s});
  std::map<UnitIndex, std::set<uint32_t>> exact;
  for (const Opened& o : openings) {
    uint32_t s;
    std::memcpy(&s, o.subscriber, sizeof s);
    exact[o.unit].insert(s);
  }
  double smallest = 3000;
  for (const auto& [unit, subscribers] : exact) smallest = std::min(smallest, double(subscribers.size()));
  const CrowdFigures f = Watch(openings);
  EXPECT_EQ(f.flows, 60'000u);
  EXPECT_EQ(f.units, 4u);
  EXPECT_EQ(f.units_below_floor, 0u);
  EXPECT_NEAR(f.active, 3000, 150);
  EXPECT_NEAR(*f.smallest_crowd, smallest, 0.05 * smallest);
  EXPECT_EQ(f.p1_crowd, f.smallest_crowd);
  EXPECT_EQ(f.low_crowd_share, 0);
  EXPECT_NEAR(*f.shannon_set, smallest, 0.06 * smallest) << "equal subscribers: the set is the crowd";
  EXPECT_GT(*f.effective_set, 0.6 * smallest);
}

// Two subscribers behind a unit of their own.
TEST_F(CrowdTest, FlowsInALowCrowdAreTold) {
  auto openings = Simulate({.subscribers = 500, .flows_each = 18, .seconds = 3600});
  for (uint32_t n = 0; n < 1000; ++n) openings.push_back(OpeningOf(9000 + n % 2, 2'000'000 + n, 5, 2000));
  const CrowdFigures f = Watch(openings);
  EXPECT_EQ(*f.smallest_crowd, 2);
  EXPECT_EQ(f.units_below_floor, 1u);
  EXPECT_NEAR(*f.low_crowd_share, 0.1, 1e-9);
  EXPECT_NEAR(*f.shannon_set, 2, 0.01);
  EXPECT_NEAR(*f.effective_set, 2, 0.1);
}

void ExpectNoLeak(const CrowdFigures& f) {
  EXPECT_GT(*f.port_entropy, 7.99);
  EXPECT_GT(*f.port_chance, 1e-4);
  EXPECT_LT(std::abs(*f.slice_leak), 0.03);
  EXPECT_LT(std::abs(*f.sequence_leak), 0.003);
  EXPECT_LT(std::abs(*f.owner_leak), 0.03);
  EXPECT_FALSE(f.shortest_reuse_s.has_value() && *f.shortest_reuse_s < 1);
}

TEST_F(CrowdTest, WithoutALeakThereIsNone) {
  ExpectNoLeak(Watch(Simulation{}));
}

TEST_F(CrowdTest, APortSliceOfTheSubscriberIsSeen) {
  const CrowdFigures f = Watch({.plant = [](uint32_t s, Opened* o) {
    o->alias_port = static_cast<uint16_t>(std::max<uint32_t>(1024, s % 16 << 12 | (o->alias_port & 0xfff)));
  }});
  EXPECT_GT(*f.slice_leak, 3.5);
  EXPECT_LT(std::abs(*f.owner_leak), 0.03);
}

TEST_F(CrowdTest, LowBitsOfThePortAreASliceToo) {
  const CrowdFigures f = Watch({.plant = [](uint32_t s, Opened* o) {
    if (o->alias_port % 5 == 0) o->alias_port = static_cast<uint16_t>((o->alias_port & ~15u) | s % 16);
  }});
  EXPECT_GT(*f.slice_leak, 0.05);
}

TEST_F(CrowdTest, PortsInSequenceAreSeen) {
  std::map<uint32_t, uint16_t> next;
  const CrowdFigures f = Watch({.plant = [&](uint32_t s, Opened* o) {
    uint16_t& port = next.try_emplace(s, static_cast<uint16_t>(2000 + 150 * s)).first->second;
    if (o->alias_port % 20 == 0) o->alias_port = port;
    port = static_cast<uint16_t>(o->alias_port + 3);
  }});
  EXPECT_NEAR(*f.sequence_leak, 0.05, 0.01);
}

TEST_F(CrowdTest, AWorkerOfTheSubscriberIsSeen) {
  const CrowdFigures f = Watch({.plant = [](uint32_t s, Opened* o) { o->owner = s % 4; }});
  EXPECT_NEAR(*f.owner_leak, 2, 0.05);
  EXPECT_LT(std::abs(*f.slice_leak), 0.03);
}

TEST_F(CrowdTest, AHastyReuseIsSeen) {
  std::vector<Opened> openings;
  for (uint32_t n = 0; n < 4000; ++n) {  // of these tuples some are sampled
    const auto port = static_cast<uint16_t>(2000 + n);
    openings.push_back(OpeningOf(1, 2'000'000, 0, port));
    openings.push_back(OpeningOf(2, 2'060'000, 0, port));
  }
  EXPECT_EQ(Watch(openings).shortest_reuse_s, 60);
}

TEST_F(CrowdTest, FewFlowsGiveNoFigure) {
  const CrowdFigures f = Watch({.subscribers = 10, .flows_each = 5});
  EXPECT_EQ(f.active, 10);
  for (const auto& lift : f.lift) EXPECT_FALSE(lift.has_value());
  for (const auto& figure : {f.effective_set, f.shannon_set, f.half_life_s, f.port_entropy, f.port_chance,
                             f.slice_leak, f.sequence_leak, f.owner_leak, f.shortest_reuse_s})
    EXPECT_FALSE(figure.has_value());
}

TEST_F(CrowdTest, AWindowEndsAndItsCountsAreForgotten) {
  Watch({.subscribers = 200, .seconds = 3600});
  EXPECT_FALSE(crowd_.Of(kPool)->finished);
  crowd_.Tick(1'000'000 + kDay_s * 1000 - 1);
  EXPECT_FALSE(crowd_.Of(kPool)->finished);
  crowd_.Tick(1'000'000 + kDay_s * 1000);
  ASSERT_TRUE(crowd_.Of(kPool)->finished);
  EXPECT_NEAR(crowd_.Of(kPool)->figures.active, 200, 10);
  EXPECT_EQ(crowd_.Of(kPool)->figures.seconds, kDay_s);
  crowd_.Tick(1'000'000 + 2 * kDay_s * 1000);
  EXPECT_EQ(crowd_.Of(kPool)->figures.active, 0) << "the next window saw nobody";
}

// More than can be followed: the samples thin out, the counts do not.
TEST_F(CrowdTest, OfManySubscribersAFewAreFollowed) {
  EXPECT_EQ(crowd_.sample_one_in(), 1u);
  const CrowdFigures f = Watch({.subscribers = 6000, .flows_each = 40, .seconds = 3600});
  EXPECT_EQ(crowd_.sample_one_in(), 64u);
  EXPECT_NEAR(f.active, 6000, 300);
  EXPECT_NEAR(*f.shannon_set, 6000.0 / 4, 6000.0 / 4) << "of a sample of a hundred";
}

TEST_F(CrowdTest, WhatIsNoOpeningIsRefused) {
  Opened good = OpeningOf(1, 2'000'000, 0, 2000);
  for (auto spoil : {+[](Opened* o) { o->unit = 900; }, +[](Opened* o) { o->unit = kUnitsMax; },
                     +[](Opened* o) { o->unit = 0xffff; }, +[](Opened* o) { o->family = 5; },
                     +[](Opened* o) { o->owner = kWorkersMax; }}) {
    Opened bad = good;
    spoil(&bad);
    crowd_.Take(bad);
  }
  EXPECT_EQ(crowd_.refused(), 5u);
  EXPECT_EQ(crowd_.taken(), 0u);
  crowd_.Take(good);
  EXPECT_EQ(crowd_.taken(), 1u);
}

TEST_F(CrowdTest, APoolThatIsGoneIsNotShown) {
  Watch(Simulation{.subscribers = 10, .flows_each = 5});
  EXPECT_FALSE(crowd_.Of("rome").has_value());
  crowd_.Configure(config_, ++generation_, {});
  EXPECT_FALSE(crowd_.Of(kPool).has_value());
  crowd_.Take(OpeningOf(1, 2'000'000, 0, 2000));
  EXPECT_EQ(crowd_.refused(), 1u);
}

}  // namespace
}  // namespace cfr
