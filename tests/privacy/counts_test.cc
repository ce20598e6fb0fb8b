// SPDX-License-Identifier: BSD-3-Clause
#include "bench/privacy/counts.h"

#include <gtest/gtest.h>

#include "bench/privacy/port_leaks.h"
#include "tests/privacy/sample.h"

namespace cfr::privacy {
namespace {

constexpr uint32_t kMinute = 60'000;

// A trace of these flows alone: minute, host (which is its subscriber, too), site.
struct Row {
  uint32_t minute, host, site;
};
Trace TraceOf(const std::vector<Row>& rows) {
  Trace trace({128, 1, 1});
  trace.openings.clear();
  for (const Row& row : rows) {
    Opening o{};
    o.time_ms = row.minute * kMinute;
    o.subscriber = o.host = row.host;
    o.site = row.site;
    trace.openings.push_back(o);
  }
  return trace;
}

TEST(SiteSessions, AreFlowsOfOneHostToOneSiteWithoutAGapOfHalfAnHour) {
  const Trace trace =
      TraceOf({{0, 1, 7}, {0, 2, 7}, {0, 1, 8}, {30, 1, 7}, {61, 1, 7}, {62, 1, 7}, {63, 2, 7}});
  const SiteSessions sessions(trace);
  EXPECT_EQ(sessions.count(), 2u);  // host 1 at site 7: minutes 0 and 30, and minutes 61 and 62
  auto units = [](std::vector<uint32_t> list) {
    Aliases aliases;
    for (uint32_t unit : list) aliases.push_back({unit, 0});
    return aliases;
  };
  EXPECT_DOUBLE_EQ(sessions.Broken(units({1, 5, 5, 1, 2, 2, 6})), 0);
  EXPECT_DOUBLE_EQ(sessions.Broken(units({1, 5, 5, 2, 2, 2, 6})), .5);
  EXPECT_DOUBLE_EQ(sessions.Broken(units({1, 5, 5, 2, 2, 3, 6})), 1);
}

TEST(Counts, TheCrowdIsOfAUnitAndAClockHour) {
  const Trace trace = TraceOf({{0, 1, 7}, {1, 2, 7}, {2, 2, 7}, {59, 3, 7}, {60, 1, 7}});
  const Aliases one_unit(5, {0, 0});
  const CountsResult r = CountPlainly(trace, SiteSessions(trace), one_unit);
  EXPECT_DOUBLE_EQ(r.crowd_mean, 2);  // three in the first hour, one in the second
  EXPECT_DOUBLE_EQ(r.crowd_p1, 1);
}

PortLeaks LeaksOf(const Policy& policy) {
  return MeasurePortLeaks(Sample().trace(), policy.draw(Sample().trace()));
}

TEST(PortLeaks, UniformPortsTellNothing) {
  const PortLeaks leaks = LeaksOf(Nothing());
  EXPECT_NEAR(leaks.high_bits, 0, .02);
  EXPECT_NEAR(leaks.low_bits, 0, .02);
  EXPECT_NEAR(leaks.worker_bits, 0, 1e-9);
  EXPECT_NEAR(leaks.sequence, 0, .002);
  EXPECT_NEAR(leaks.entropy_bits, std::log2(252), .001);  // the lowest four of 256 are not used
}

TEST(PortLeaks, ASliceTellsItsBits) {
  auto slice = [](const Opening& o) { return static_cast<uint16_t>(Hash({o.subscriber}) % 16); };
  EXPECT_GT(LeaksOf(Planted("high",
                            [&](const Opening& o, Random& r) -> Alias {
                              return {0, static_cast<uint16_t>(slice(o) << 12 | r.Below(4096))};
                            }))
                .high_bits,
            2);
  EXPECT_GT(LeaksOf(Planted("low",
                            [&](const Opening& o, Random& r) -> Alias {
                              return {0, static_cast<uint16_t>(r.Below(4096) << 4 | slice(o))};
                            }))
                .low_bits,
            2);
  EXPECT_GT(LeaksOf(Planted("worker",
                            [&](const Opening& o, Random& r) -> Alias {
                              return {0, AnyPort(r), static_cast<uint8_t>(slice(o))};
                            }))
                .worker_bits,
            2);
}

TEST(PortLeaks, CountersAreSeen) {
  EXPECT_GT(LeaksOf(Planted("counter",
                            [](const Opening& o, Random&) -> Alias {
                              return {0, static_cast<uint16_t>(o.time_ms / 1000)};
                            }))
                .sequence,
            .1);
}

}  // namespace
}  // namespace cfr::privacy
