// SPDX-License-Identifier: BSD-3-Clause
#include "bench/privacy/trace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/privacy/sample.h"

namespace cfr::privacy {
namespace {

const Trace& Day() {
  return Sample().trace();
}
double Share(size_t part, size_t of) {
  return static_cast<double>(part) / static_cast<double>(of);
}
template <class Claim>
double ShareOf(Claim claim) {
  return Share(static_cast<size_t>(std::count_if(Day().openings.begin(), Day().openings.end(), claim)),
               Day().openings.size());
}

TEST(Trace, LooksLikeADayOfBrowsing) {
  const size_t subscribers = Day().population.subscribers.size();
  EXPECT_EQ(subscribers, 1024u);
  EXPECT_NEAR(Share(Day().population.hosts.size(), subscribers), 2.5, .1);
  // 8 sessions of 3 visits of 13 flows and 3 further pages of 2.5.
  EXPECT_NEAR(Share(Day().openings.size(), subscribers), 490, 40);
  EXPECT_NEAR(ShareOf([](const Opening& o) { return o.group == 0; }), .33, .03);
  EXPECT_NEAR(ShareOf([](const Opening& o) { return o.group >= 1 && o.group <= 9; }), .2, .06);
  EXPECT_NEAR(ShareOf([](const Opening& o) { return o.tcp; }), .5, .01);
  EXPECT_TRUE(std::is_sorted(Day().openings.begin(), Day().openings.end(),
                             [](const Opening& a, const Opening& b) { return a.time_ms < b.time_ms; }));
  EXPECT_LT(Day().openings.back().time_ms, Day().duration_ms());
}

TEST(Trace, EveningsAreBusierThanNights) {
  auto hours = [](double from, double to) {
    return ShareOf([=](const Opening& o) { return o.time_ms >= from * 3600e3 && o.time_ms < to * 3600e3; });
  };
  EXPECT_GT(hours(14, 18), 3 * hours(2, 6));
}

TEST(Trace, FieldsFollowTheSystemOfTheHost) {
  for (const Opening& o : Day().openings) {
    const Host& host = Day().HostOf(o);
    const bool windows = host.system == System::kWindows;
    ASSERT_EQ(o.has_ip_id, windows);
    ASSERT_EQ(o.timestamp_line != 0, o.tcp && host.system == System::kLinux);
    ASSERT_GE(o.client_port, windows ? 49152 : 32768);
    ASSERT_LE(o.client_port, windows ? 65535 : 60999);
    const int hops = (windows ? 128 : 64) - host.raw_ttl;
    ASSERT_TRUE(hops >= 2 && hops <= 5) << hops;
  }
}

TEST(Trace, CountersCount) {
  std::map<uint32_t, uint16_t> port;                        // by host
  std::map<std::pair<uint32_t, uint32_t>, uint16_t> ip_id;  // by host and server
  size_t steps = 0, double_steps = 0, ids = 0;
  for (const Opening& o : Day().openings) {
    if (!o.has_ip_id) continue;
    if (auto last = port.find(o.host); last != port.end()) {
      const int step = (o.client_port - last->second + 16384) % 16384;
      ASSERT_TRUE(step == 1 || step == 2) << step;
      ++steps;
      double_steps += step == 2;
    }
    port[o.host] = o.client_port;
    const std::pair pair(o.host, o.server);
    if (auto last = ip_id.find(pair); last != ip_id.end()) {
      const auto step = static_cast<uint16_t>(o.ip_id - last->second);
      ASSERT_TRUE(step >= 10 && step <= 69) << step;
      ++ids;
    }
    ip_id[pair] = o.ip_id;
  }
  EXPECT_NEAR(Share(double_steps, steps), .25, .01);
  EXPECT_GT(ids, 1000u);
}

TEST(Trace, TheLargestGroupAnswersAtFewAddressesTheOthersAtMany) {
  std::set<uint32_t> largest, others;
  for (const Opening& o : Day().openings) (o.group == 0 ? largest : others).insert(o.server);
  EXPECT_LE(largest.size(), 24u);
  EXPECT_GT(others.size(), 5000u);
  EXPECT_GE(*others.begin(), 24u);
}

TEST(Trace, TheSeedIsTheWholeDifference) {
  const Trace a({128, 2, 5}), b({128, 2, 5}), c({128, 2, 6});
  auto ports = [](const Trace& trace) {
    std::vector<uint32_t> seen;
    for (const Opening& o : trace.openings) seen.push_back(o.time_ms ^ o.client_port);
    return seen;
  };
  EXPECT_EQ(ports(a), ports(b));
  EXPECT_NE(ports(a), ports(c));
}

}  // namespace
}  // namespace cfr::privacy
