// SPDX-License-Identifier: BSD-3-Clause
#include "control/pool_sizing.h"

#include <gtest/gtest.h>

#include <ostream>
#include <utility>
#include <vector>

namespace cfr {

void PrintTo(const PoolSize& size, std::ostream* out) {
  *out << (size.home == PoolSize::Home::kOwn      ? "own"
           : size.home == PoolSize::Home::kParent ? "parent"
                                                  : "none")
       << " x" << size.units;
}

namespace {

using Home = PoolSize::Home;
constexpr uint64_t kHalf = 64512 / 2;

TEST(PoolSizing, BeforeTheFirstWindowThereIsOneUnit) {
  EXPECT_EQ(PoolSizing().size(), (PoolSize{Home::kOwn, 1}));
}

TEST(PoolSizing, UnitsFollowTheCrowdOrThePorts) {
  CrowdPolicy capacity, single, refuse;
  capacity.pressure = Pressure::kCapacity;
  single.on_small_crowd = OnSmallCrowd::kSingle;
  refuse.on_small_crowd = OnSmallCrowd::kRefuse;
  const struct {
    const char* what;
    PoolLoad load;
    CrowdPolicy policy;
    PoolSize size;
    bool small_crowd = false, short_of_ports = false, many_subscribers = false;
  } rows[] = {
      {"below the target", {999}, {}, {Home::kOwn, 1}},
      {"at twice the target", {2000}, {}, {Home::kOwn, 2}},
      {"one short of three times", {2999}, {}, {Home::kOwn, 2}},
      {"never more than p_max", {100'000}, {}, {Home::kOwn, 16}},
      {"many behind a unit", {16 * 8193}, {}, {Home::kOwn, 16}, false, false, true},
      {"half the ports of one unit", {2000, kHalf}, {}, {Home::kOwn, 2}},
      {"ports of three units", {2000, 2 * kHalf + 1}, {}, {Home::kOwn, 3}},
      {"at the floor", {100}, {}, {Home::kOwn, 1}},
      {"ports would thin the crowd", {250, 2 * kHalf + 1}, {}, {Home::kOwn, 2}, false, true},
      {"ports would, and may", {250, 2 * kHalf + 1}, capacity, {Home::kOwn, 3}, true, true},
      {"ports beyond p_max", {50'000, 19 * kHalf}, {}, {Home::kOwn, 16}, false, true},
      {"ports beyond p_max, and may", {50'000, 19 * kHalf}, capacity, {Home::kOwn, 19}, false, true},
      {"small, with a parent", {99, 0, 64512, true}, {}, {Home::kParent, 1}, true},
      {"small, alone", {99}, {}, {Home::kOwn, 1}, true},
      {"small, by itself on purpose", {99, 0, 64512, true}, single, {Home::kOwn, 1}, true},
      {"small, strict, with a parent", {99, 0, 64512, true}, refuse, {Home::kParent, 1}, true},
      {"small, strict, alone", {99}, refuse, {Home::kNone, 1}, true},
      {"nobody", {0}, {}, {Home::kOwn, 1}, true},
      {"small, but busy", {50, 9 * kHalf}, {}, {Home::kOwn, 1}, true, true},
      {"a range of one port", {500, 3, 1}, {}, {Home::kOwn, 3}},
  };
  for (const auto& row : rows) {
    PoolSizing sizing;
    EXPECT_EQ(sizing.Judge(row.load, row.policy), row.size) << row.what;
    EXPECT_EQ(sizing.alarms().small_crowd, row.small_crowd) << row.what;
    EXPECT_EQ(sizing.alarms().short_of_ports, row.short_of_ports) << row.what;
    EXPECT_EQ(sizing.alarms().many_subscribers, row.many_subscribers) << row.what;
  }
}

// Windows with so many active subscribers, and the units after each.
TEST(PoolSizing, TwoWindowsHaveToAgree) {
  const struct {
    const char* what;
    std::vector<std::pair<double, uint32_t>> windows;
  } rows[] = {
      {"a peak passes", {{4000, 4}, {9000, 4}, {4000, 4}, {9000, 4}, {4000, 4}}},
      {"a rise stays", {{4000, 4}, {9000, 4}, {9000, 9}}},
      {"of two rises the smaller", {{4000, 4}, {9000, 4}, {6000, 6}, {6000, 6}}},
      {"of two falls the smaller", {{9000, 9}, {3000, 9}, {5000, 5}}},
      {"up and down is neither", {{4000, 4}, {9000, 4}, {2000, 4}, {2000, 2}}},
  };
  for (const auto& row : rows) {
    PoolSizing sizing;
    for (const auto& [active, units] : row.windows)
      EXPECT_EQ(sizing.Judge({active}, {}).units, units) << row.what << ": " << active;
  }
}

TEST(PoolSizing, AMergeAndItsEndTakeTwoWindowsToo) {
  PoolSizing sizing;
  auto judge = [&](double active) { return sizing.Judge({active, 0, 64512, true}, {}); };
  EXPECT_EQ(judge(2000), (PoolSize{Home::kOwn, 2}));
  EXPECT_EQ(judge(50), (PoolSize{Home::kOwn, 2}));
  EXPECT_TRUE(sizing.alarms().small_crowd) << "the alarm does not wait";
  EXPECT_EQ(judge(2000), (PoolSize{Home::kOwn, 2}));
  EXPECT_EQ(judge(50), (PoolSize{Home::kOwn, 2}));
  EXPECT_EQ(judge(60), (PoolSize{Home::kParent, 1}));
  EXPECT_EQ(judge(3000), (PoolSize{Home::kParent, 1}));
  EXPECT_EQ(judge(3000), (PoolSize{Home::kOwn, 3}));
}

}  // namespace
}  // namespace cfr
