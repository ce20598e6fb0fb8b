// SPDX-License-Identifier: BSD-3-Clause
// The production policy as the simulator runs it.
#include "bench/privacy/cfr_policy.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <tuple>

#include "bench/privacy/targets.h"
#include "tests/privacy/sample.h"

namespace cfr::privacy {
namespace {

const Trace& Short() {
  static const Trace kTrace({512, 24, 3});
  return kTrace;
}
Aliases Drawn(const RelaySetup& setup) {
  return Relay("", "", setup).draw(Short());
}

class CfrPolicy : public ::testing::TestWithParam<std::tuple<Family, int>> {
 protected:
  RelaySetup Setup() const {
    return {kAliasProfiles[0], 4, std::get<0>(GetParam()), std::get<1>(GetParam())};
  }
};

TEST_P(CfrPolicy, UsesAllUnitsAllPortsAndAllWorkers) {
  std::map<uint32_t, size_t> units;
  std::map<int, size_t> workers;
  std::set<int> high;
  for (const Alias& a : Drawn(Setup())) {
    ASSERT_LT(a.unit, 4u);
    ASSERT_GE(a.port, 1024);
    ++units[a.unit];
    ++workers[a.worker];
    high.insert(a.port >> 10);
  }
  EXPECT_EQ(units.size(), 4u);
  EXPECT_EQ(workers.size(), static_cast<size_t>(std::get<1>(GetParam())));
  EXPECT_EQ(high.size(), 63u);
  for (const auto& [unit, flows] : units)
    EXPECT_NEAR(static_cast<double>(flows), Short().openings.size() / 4., Short().openings.size() / 20.);
}

// Endpoint-dependent, and no inbound tuple twice while it is held: the port could otherwise not name the
// flow.
TEST_P(CfrPolicy, GivesNoInboundTupleToTwoFlowsAtOnce) {
  const Aliases aliases = Drawn(Setup());
  std::map<std::tuple<uint32_t, uint16_t, uint32_t, bool>, std::pair<uint32_t, uint32_t>> holder;
  size_t reused = 0;
  for (size_t i = 0; i < aliases.size(); ++i) {
    const Opening& o = Short().openings[i];
    auto [held, fresh] =
        holder.try_emplace({aliases[i].unit, aliases[i].port, o.server, o.tcp}, o.time_ms, o.subscriber);
    if (fresh) continue;
    if (held->second.second != o.subscriber) {
      ++reused;
      ASSERT_GE(o.time_ms - held->second.first, kFlowLifeMs);
    }
    held->second = {o.time_ms, o.subscriber};
  }
  EXPECT_GT(reused, 0u);
}

TEST_P(CfrPolicy, IsTheSameForTheSameSeed) {
  const Aliases a = Drawn(Setup()), b = Drawn(Setup());
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].unit, b[i].unit);
    ASSERT_EQ(a[i].port, b[i].port);
  }
}

INSTANTIATE_TEST_SUITE_P(, CfrPolicy,
                         ::testing::Combine(::testing::Values(Family::kV4, Family::kV6),
                                            ::testing::Values(1, 4)),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param) == Family::kV4 ? "v4_" : "v6_") +
                                  std::to_string(std::get<1>(info.param));
                         });

TEST(CfrPolicies, OneUnitNeverBreaksASession) {
  const Aliases aliases = Drawn({kAliasProfiles[1], 1, Family::kV4, 1});
  EXPECT_DOUBLE_EQ(SiteSessions(Short()).Broken(aliases), 0);
}

TEST(CfrPolicies, AffinityKeepsSessionsWhole) {
  const SiteSessions sessions(Short());
  auto broken = [&](uint64_t idle_s) {
    return sessions.Broken(Drawn({MakeAliasProfile(600, idle_s, 4 * 3600), 4, Family::kV4, 1}));
  };
  EXPECT_LT(broken(1800), broken(60) * .8);
}

TEST(PeakTuples, HoldsAFlowUntilItsQuarantineIsOver) {
  Trace trace({128, 1, 1});
  trace.openings.clear();
  auto open = [&](uint32_t second, uint32_t server) {
    Opening o{};
    o.time_ms = second * 1000;
    o.server = server;
    trace.openings.push_back(o);
  };
  open(0, 5);
  open(1, 5);
  open(2, 6);
  open(470, 6);
  open(600, 5);
  const PeakTuples peak = MeasurePeakTuples(trace);
  EXPECT_EQ(peak.all, 4u);
  EXPECT_EQ(peak.hottest_remote, 2u);
}

TEST(Targets, MissedIsSaid) {
  Outcome ideal{}, relay{};
  ideal.policy = "ideal";
  relay.policy = "default";
  ideal.pairs[kMinutes] = BandResult{0, false, .9, .8, .15};
  relay.pairs[kMinutes] = BandResult{2.1, false, .9, .8, .30};
  size_t missed = 0;
  for (const Target& t : JudgeTargets({ideal, relay}))
    if (!t.met()) {
      ++missed;
      EXPECT_TRUE(t.sentence == "default: lift at 10 s-10 min" ||
                  t.sentence == "default: subscribers behind a unit, 1st percentile")
          << t.sentence;
    }
  EXPECT_EQ(missed, 2u);
}

}  // namespace
}  // namespace cfr::privacy
