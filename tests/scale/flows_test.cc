// SPDX-License-Identifier: BSD-3-Clause
// Four million flows on one worker: how much memory they take, and that nothing of them stays behind.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "bench/bench_relay.h"

namespace cfr::bench {
namespace {

constexpr uint32_t kFlows = 4 << 20;
constexpr uint64_t kGibibyte = uint64_t{1} << 30, kMebibyte = uint64_t{1} << 20;
constexpr int kV4 = static_cast<int>(Family::kV4);

// Resident memory of this process; huge pages of the hugetlb pool are not in its RSS and are added.
uint64_t ResidentBytes() {
  uint64_t pages = 0, huge_kilobytes = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "HugetlbPages:") status >> huge_kilobytes;
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) + huge_kilobytes * 1024;
}

uint64_t Drops(const CounterPage& page) {
  uint64_t drops = 0;
  for (const auto& direction : page.drops)
    for (const CounterCell& reason : direction) drops += reason.Get();
  return drops;
}

uint64_t UnitFlows(const CounterPage& page) {
  uint64_t flows = 0;
  for (const CounterCell& unit : page.unit_flows) flows += unit.Get();
  return flows;
}

TEST(FourMillionFlows, FitInAGibibyteAndLeaveNothingBehind) {
  BenchRelay relay(kFlows, {Family::kV4});
  const CounterPage& page = relay.page();
  auto total = [&](Counter c) { return page.Get(Direction::kOutbound, c); };
  EXPECT_LT(ResidentBytes(), kGibibyte);
  uint64_t after_first = 0;
  for (uint64_t round = 1; round <= 3; ++round) {
    if (round > 1) relay.OpenAll<V4>();
    EXPECT_EQ(page.flows[kV4].Get(), kFlows);
    EXPECT_EQ(UnitFlows(page), kFlows);
    EXPECT_EQ(relay.SubscriberFlows(), kFlows);
    EXPECT_EQ(total(Counter::kOpenedUdp), round * kFlows);

    relay.Wait(121'000);  // udp_oneway, and the second the wheel rounds up to
    EXPECT_EQ(page.flows[kV4].Get(), 0u);
    EXPECT_EQ(page.quarantined[kV4].Get(), kFlows);
    EXPECT_EQ(total(Counter::kClosed), round * kFlows);
    EXPECT_EQ(UnitFlows(page), 0u);
    EXPECT_EQ(relay.SubscriberFlows(), 0u);

    relay.Wait(121'000);  // port_quarantine
    EXPECT_EQ(page.quarantined[kV4].Get(), 0u);
    EXPECT_EQ(total(Counter::kReleased), round * kFlows);
    EXPECT_EQ(Drops(page), 0u);
    EXPECT_EQ(relay.pipeline().flows_v4().touched(), kFlows) << "records are used again";
    if (round == 1) after_first = ResidentBytes();
    EXPECT_LT(ResidentBytes(), after_first + kMebibyte) << "round " << round;
  }
}

}  // namespace
}  // namespace cfr::bench
