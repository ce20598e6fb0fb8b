// SPDX-License-Identifier: BSD-3-Clause
#include "control/assignments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/control/sample_config.h"

namespace cfr {
namespace {

using test::SampleConfig;

constexpr uint64_t kQuarantineMs = 120'000;
constexpr uint64_t kNowMs = 1'000'000;

// Always the same offset: the draw must look further by itself.
RandomBelow Always(uint64_t offset) {
  return [offset](uint64_t bound) { return offset % bound; };
}

std::vector<Assignment> Assigned(const Config& config, const std::vector<Assignment>& current = {},
                                 uint64_t now_ms = kNowMs) {
  auto assigned = Assign(config, current, KernelRandom(), now_ms);
  EXPECT_TRUE(assigned.ok()) << assigned.status();
  return *assigned;
}

std::map<PrefixState, int> States(const std::vector<Assignment>& assignments, const std::string& pool) {
  std::map<PrefixState, int> states;
  for (const Assignment& a : assignments)
    if (a.pool == pool) ++states[a.state];
  return states;
}

using StateCounts = std::map<PrefixState, int>;

void ExpectSound(const Config& config, const std::vector<Assignment>& assignments) {
  std::set<Address> addresses;
  std::set<UnitIndex> indices;
  for (const Assignment& a : assignments) {
    EXPECT_TRUE(addresses.insert(a.address).second) << Format(a.address);
    EXPECT_TRUE(indices.insert(a.index).second) << a.index;
    EXPECT_LT(a.index, kUnitsMax);
    for (const PortConfig& port : config.port)
      for (const Prefix& own : port.addresses) EXPECT_NE(own.address, a.address);
  }
}

TEST(Assign, GivesEachActivePoolItsUnitsInsideItsPrefixes) {
  Config config = SampleConfig();
  auto assignments = Assigned(config);
  ExpectSound(config, assignments);
  EXPECT_EQ(States(assignments, "milan"), (StateCounts{{PrefixState::kActive, 4}}));
  EXPECT_EQ(States(assignments, "milan6"), (StateCounts{{PrefixState::kActive, 4}}));
  EXPECT_TRUE(States(assignments, "rome").empty());
  for (const Assignment& a : assignments) {
    const PoolConfig& pool = config.pools[a.pool == "milan" ? 0 : 1];
    EXPECT_TRUE(std::any_of(pool.prefixes.begin(), pool.prefixes.end(),
                            [&](const Prefix& p) { return p.Contains(a.address); }));
    EXPECT_EQ(a.region, pool.region);
  }
}

TEST(Assign, ChangesNothingTheSecondTime) {
  Config config = SampleConfig();
  auto assignments = Assigned(config);
  EXPECT_EQ(Assigned(config, assignments), assignments);
}

// 32 addresses in two prefixes: each must come up about as often as any other.
TEST(Assign, EveryAddressOfAPoolIsEquallyLikely) {
  Config config = SampleConfig();
  config.pools.resize(1);
  config.pools[0].alias_units = 1;
  std::map<Address, int> drawn;
  constexpr int kDraws = 32'000;
  for (int i = 0; i < kDraws; ++i) ++drawn[Assigned(config)[0].address];
  ASSERT_EQ(drawn.size(), 32u);
  double chi = 0;
  for (const auto& [address, count] : drawn) chi += (count - 1000.0) * (count - 1000.0) / 1000.0;
  EXPECT_LT(chi, 80.0);  // 31 degrees of freedom: exceeded once in 10^5
}

TEST(Assign, Ipv6UnitsAreSpreadOverTheWholeInterfaceIdentifier) {
  Config config = SampleConfig();
  config.pools.erase(config.pools.begin());
  std::set<Address> drawn;
  uint64_t set = 0, cleared = 0;
  for (int i = 0; i < 200; ++i)
    for (const Assignment& a : Assigned(config)) {
      uint64_t identifier = 0;
      for (size_t b = 8; b < 16; ++b) identifier = identifier << 8 | a.address.bytes[b];
      set |= identifier;
      cleared |= ~identifier;
      EXPECT_TRUE(drawn.insert(a.address).second);
    }
  EXPECT_EQ(set, ~uint64_t{0}) << std::hex << set;
  EXPECT_EQ(cleared, ~uint64_t{0}) << std::hex << cleared;
}

TEST(Assign, TheRoutersAnycastAddressIsNoUnit) {
  Config config = SampleConfig();
  config.pools.erase(config.pools.begin());
  auto assigned = Assign(config, {}, Always(0), kNowMs);
  ASSERT_TRUE(assigned.ok());
  EXPECT_EQ(Format((*assigned)[0].address), "2001:db8:cf::1");
}

TEST(Assign, OwnAddressesAreNoUnits) {
  Config config = SampleConfig();
  config.port[1].addresses.push_back({*ParseAddress("203.0.113.1"), 28});
  config.pools[0].prefixes = {*ParsePrefix("203.0.113.0/30")};
  config.pools[0].alias_units = 3;
  auto assignments = Assigned(config);
  ExpectSound(config, assignments);
  config.pools[0].alias_units = 4;
  auto failed = Assign(config, {}, KernelRandom(), kNowMs);
  EXPECT_TRUE(absl::IsResourceExhausted(failed.status()));
  EXPECT_EQ(failed.status().message(), "pool 'milan' has no free address left");
}

TEST(Assign, AStubbornRandomSourceStillFindsEveryAddress) {
  Config config = SampleConfig();
  config.pools.resize(1);
  config.pools[0].prefixes = {*ParsePrefix("203.0.113.0/29"), *ParsePrefix("203.0.113.64/29")};
  config.pools[0].alias_units = 16;
  auto assigned = Assign(config, {}, Always(5), kNowMs);
  ASSERT_TRUE(assigned.ok()) << assigned.status();
  ExpectSound(config, *assigned);
}

TEST(Assign, DrainAndUndrainBringTheSameUnitsBack) {
  Config config = SampleConfig();
  auto before = Assigned(config);
  config.pools[0].state = PrefixState::kDraining;
  auto drained = Assigned(config, before);
  EXPECT_EQ(States(drained, "milan"), (StateCounts{{PrefixState::kDraining, 4}}));
  config.pools[0].state = PrefixState::kActive;
  EXPECT_EQ(Assigned(config, drained), before);
}

TEST(Assign, QuarantinedUnitsDoNotComeBack) {
  Config config = SampleConfig();
  auto assignments = Assigned(config);
  for (Assignment& a : assignments)
    if (a.pool == "milan") a.state = PrefixState::kQuarantined;
  auto after = Assigned(config, assignments);
  ExpectSound(config, after);
  EXPECT_EQ(States(after, "milan"), (StateCounts{{PrefixState::kActive, 4}, {PrefixState::kQuarantined, 4}}));
}

// Units of "milan" that are drawn from now on, drawn no longer, and the beginnings of epochs that tell.
struct Draw {
  int drawn = 0, retiring = 0;
  std::set<uint64_t> from, until;
};
Draw DrawOf(const std::vector<Assignment>& assignments) {
  Draw draw;
  for (const Assignment& a : assignments) {
    if (a.pool != "milan") continue;
    draw.drawn += a.IsDrawn();
    draw.retiring += a.IsRetiring();
    draw.from.insert(a.drawn_from_ms);
    draw.until.insert(a.drawn_until_ms);
  }
  return draw;
}

TEST(Assign, MoreUnitsJoinAtTheEdgesToCome) {
  Config config = SampleConfig();
  auto four = Assigned(config);
  EXPECT_EQ(DrawOf(four).from, std::set<uint64_t>{0}) << "the first of a region are drawn at once";
  config.pools[0].alias_units = 6;
  auto six = Assigned(config, four);
  EXPECT_EQ(States(six, "milan"), (StateCounts{{PrefixState::kActive, 6}}));
  for (const Assignment& a : four) EXPECT_NE(std::find(six.begin(), six.end(), a), six.end());
  EXPECT_EQ(DrawOf(six).from, (std::set<uint64_t>{0, kNowMs + kAssignmentLeadMs}));
  EXPECT_EQ(Assigned(config, six, kNowMs + 5), six);
}

// A pool that joins another of its region and family does, too.
TEST(Assign, AnotherPoolJoinsAtTheEdgesToCome) {
  Config config = SampleConfig();
  auto before = Assigned(config);
  config.pools.push_back(config.pools[0]);
  config.pools.back().name = "more";
  config.pools.back().prefixes = {*ParsePrefix("203.0.113.192/28")};
  config.pools.push_back(config.pools.back());
  config.pools.back().name = "elsewhere";
  config.pools.back().region = "IT-62";
  config.pools.back().prefixes = {*ParsePrefix("203.0.113.208/28")};
  for (const Assignment& a : Assigned(config, before))
    EXPECT_EQ(a.drawn_from_ms, a.pool == "more" ? kNowMs + kAssignmentLeadMs : 0) << a.pool;
}

TEST(Assign, FewerUnitsLeaveAtTheEdgesToCome) {
  Config config = SampleConfig();
  auto four = Assigned(config);
  config.pools[0].alias_units = 1;
  auto one = Assigned(config, four);
  EXPECT_EQ(States(one, "milan"), (StateCounts{{PrefixState::kActive, 4}}));
  EXPECT_EQ(DrawOf(one).drawn, 1);
  EXPECT_EQ(DrawOf(one).retiring, 3);
  EXPECT_EQ(DrawOf(one).until, (std::set<uint64_t>{0, kNowMs + kAssignmentLeadMs}));
  EXPECT_EQ(Assigned(config, one, kNowMs + 1'000'000), one) << "the time stays";
  config.pools[0].state = PrefixState::kDraining;
  EXPECT_EQ(States(Assigned(config, one), "milan"), (StateCounts{{PrefixState::kDraining, 4}})) << "at once";
}

TEST(Assign, UnitsOnTheirWayOutComeBack) {
  Config config = SampleConfig();
  auto four = Assigned(config);
  config.pools[0].alias_units = 1;
  auto one = Assigned(config, four);
  config.pools[0].alias_units = 4;
  EXPECT_EQ(Assigned(config, one, kNowMs + 1), four) << "before any epoch left them out";
  const uint64_t later = kNowMs + 1'000'000;
  auto back = Assigned(config, one, later);
  EXPECT_EQ(back.size(), four.size());
  EXPECT_EQ(DrawOf(back).drawn, 4);
  EXPECT_EQ(DrawOf(back).from, (std::set<uint64_t>{0, later + kAssignmentLeadMs}))
      << "epochs that began in between do not draw them";
  config.pools[0].alias_units = 1;
  EXPECT_EQ(DrawOf(Assigned(config, back, later + 1'000'000)).retiring, 3) << "and leave again";
}

TEST(Assign, APoolThatIsGoneOrMovedLetsItsUnitsDrain) {
  const Config before = SampleConfig();
  auto assignments = Assigned(before);
  auto states = [&](const std::function<void(PoolConfig&)>& change) {
    Config after = before;
    change(after.pools[0]);
    auto next = Assigned(after, assignments);
    ExpectSound(after, next);
    return States(next, "milan");
  };
  const StateCounts renewed = {{PrefixState::kActive, 4}, {PrefixState::kDraining, 4}};
  EXPECT_EQ(states([](PoolConfig& p) { p.name = "other"; }), (StateCounts{{PrefixState::kDraining, 4}}));
  EXPECT_EQ(states([](PoolConfig& p) { p.region = "IT-62"; }), renewed);
  EXPECT_EQ(states([](PoolConfig& p) { p.port_mode = PortMode::kExclusive; }), renewed);
  EXPECT_EQ(states([](PoolConfig& p) { p.prefixes = {*ParsePrefix("203.0.113.192/28")}; }), renewed);
  EXPECT_EQ(states([](PoolConfig& p) { p.state = PrefixState::kStaged; }),
            (StateCounts{{PrefixState::kDraining, 4}}));
}

TEST(Assign, NodesHaveALimit) {
  Config config = SampleConfig();
  std::vector<Assignment> current;
  for (int i = 0; i < kUnitsMax; ++i) {
    Address a = *ParseAddress("198.18.0.0");
    a.bytes[2] = static_cast<uint8_t>(i >> 8);
    a.bytes[3] = static_cast<uint8_t>(i);
    current.push_back({static_cast<UnitIndex>(i), a, "gone", "IT-25", PrefixState::kDraining, 0});
  }
  EXPECT_EQ(Assign(config, current, KernelRandom(), kNowMs).status().message(),
            "more than 1024 alias units, draining ones included");
  current.resize(kUnitsMax - 8);
  ExpectSound(config, Assigned(config, current));
}

class AgeTest : public testing::Test {
 protected:
  AgeTest() {
    assignments_ = {{0, *ParseAddress("203.0.113.1"), "a", "r", PrefixState::kActive, 0},
                    {1, *ParseAddress("203.0.113.2"), "a", "r", PrefixState::kDraining, 0}};
  }
  bool Age(uint64_t now_ms) {
    return cfr::Age(
        &assignments_, [this](UnitIndex u) { return flows_[u]; }, now_ms, Settings());
  }
  std::vector<Assignment> assignments_;
  std::map<UnitIndex, uint64_t> flows_;
};

// An epoch of an hour, which an affinity may keep for four more.
TEST_F(AgeTest, AUnitDrainsWhenNoEpochDrawsItAnyMore) {
  constexpr uint64_t kUntilMs = 1'000'000, kUseMs = 5 * 3'600'000;
  flows_[0] = flows_[1] = 1;
  assignments_[0].drawn_until_ms = kUntilMs;
  EXPECT_FALSE(Age(kUntilMs + kUseMs - 1));
  EXPECT_TRUE(Age(kUntilMs + kUseMs));
  EXPECT_EQ(assignments_[0].state, PrefixState::kDraining);
  flows_[0] = 0;
  EXPECT_TRUE(Age(kUntilMs + kUseMs + 1));
  EXPECT_EQ(assignments_[0].state, PrefixState::kQuarantined);
}

TEST_F(AgeTest, DrainingUnitsRestWhenTheirLastFlowIsGone) {
  flows_[1] = 1;
  EXPECT_FALSE(Age(1000));
  EXPECT_EQ(assignments_[1].state, PrefixState::kDraining);
  flows_[1] = 0;
  EXPECT_TRUE(Age(2000));
  EXPECT_EQ(assignments_[1].state, PrefixState::kQuarantined);
  EXPECT_FALSE(Age(2000 + kQuarantineMs - 1));
  EXPECT_EQ(assignments_.size(), 2u);
  EXPECT_TRUE(Age(2000 + kQuarantineMs));
  ASSERT_EQ(assignments_.size(), 1u);
  EXPECT_EQ(assignments_[0].index, 0);
}

TEST_F(AgeTest, ActiveUnitsStayWithoutFlows) {
  EXPECT_TRUE(Age(1000));
  EXPECT_FALSE(Age(2000));
  EXPECT_EQ(assignments_[0].state, PrefixState::kActive);
}

}  // namespace
}  // namespace cfr
