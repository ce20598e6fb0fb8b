// SPDX-License-Identifier: BSD-3-Clause
#include "control/merges.h"

#include <gtest/gtest.h>

#include "tests/support/literals.h"

namespace cfr {
namespace {

using test::operator""_net;

// a -> b -> c, each in a region of its own, and d beside a.
Config Chain() {
  Config config;
  config.pools = {{"a", "A", {"203.0.113.0/28"_net}},
                  {"b", "B", {"203.0.113.16/28"_net}},
                  {"c", "C", {"203.0.113.32/28"_net}},
                  {"d", "A", {"203.0.113.48/28"_net}, PrefixState::kStaged}};
  const std::string b = "b", c = "c";
  config.pools[0].parent = config.pools[3].parent = b;
  config.pools[1].parent = c;
  return config;
}

std::string Into(const Merges& merges, const char* pool) {
  const Config config = Chain();
  const PoolConfig* into = MergedInto(config, merges, *config.FindPool(pool));
  return into == nullptr ? "" : into->name;
}

std::string Serving(const Merges& merges, const char* region, const Config& config = Chain()) {
  return ServingRegion(config, merges, region, Family::kV4);
}

TEST(Merges, IntoTheNearestPoolAboveThatIsNotMerged) {
  EXPECT_EQ(Into({}, "a"), "");
  EXPECT_EQ(Into({"a"}, "a"), "b");
  EXPECT_EQ(Into({"a", "b"}, "a"), "c");
  EXPECT_EQ(Into({"b"}, "a"), "");
  EXPECT_EQ(Into({"c"}, "c"), "") << "without a parent";
}

TEST(Merges, ARegionIsServedByTheNearestOneAboveThatOpensFlows) {
  EXPECT_EQ(Serving({}, "A"), "A");
  EXPECT_EQ(Serving({"a"}, "A"), "B");
  EXPECT_EQ(Serving({"a", "b"}, "A"), "C");
  EXPECT_EQ(Serving({"a", "b", "c"}, "A"), "C");
  EXPECT_EQ(Serving({"b"}, "A"), "A");
  EXPECT_EQ(Serving({"a", "b"}, "C"), "C");
  EXPECT_EQ(Serving({"a"}, "nowhere"), "nowhere");
}

TEST(Merges, ARegionMergesWhenAllItsActivePoolsDo) {
  Config config = Chain();
  config.pools[3].state = PrefixState::kActive;
  EXPECT_EQ(Serving({"a"}, "A", config), "A");
  EXPECT_EQ(Serving({"a", "d"}, "A", config), "B");
  config.pools[0].state = config.pools[3].state = PrefixState::kDraining;
  EXPECT_EQ(Serving({"a", "d"}, "A", config), "A") << "drained is not merged";
}

TEST(Merges, FamiliesMergeApart) {
  EXPECT_EQ(ServingRegion(Chain(), {"a"}, "A", Family::kV6), "A");
}

// Possible with parents that open no flows themselves.
TEST(Merges, RegionsThatMergeIntoEachOtherEndSomewhere) {
  Config config = Chain();
  config.pools = {{"a", "A", {"203.0.113.0/28"_net}},
                  {"staged", "B", {"203.0.113.16/28"_net}, PrefixState::kStaged},
                  {"b", "B", {"203.0.113.32/28"_net}},
                  {"drained", "A", {"203.0.113.48/28"_net}, PrefixState::kDraining}};
  config.pools[0].parent = "staged";
  config.pools[2].parent = "drained";
  EXPECT_EQ(Serving({"a", "b"}, "A", config), "A");
  EXPECT_EQ(Serving({"a", "b"}, "B", config), "B");
}

TEST(Merges, WhatTheConfigurationForgetsIsForgotten) {
  Config config = Chain();
  EXPECT_EQ(StillMerged(config, {"a", "b", "c", "gone"}), (Merges{"a", "b"}));
  config.pools[0].parent.clear();
  EXPECT_EQ(StillMerged(config, {"a", "b"}), Merges{"b"});
}

}  // namespace
}  // namespace cfr
