// SPDX-License-Identifier: BSD-3-Clause
#include "control/generation.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "dataplane/snapshot_builder.h"
#include "tests/control/sample_config.h"

namespace cfr {
namespace {

using test::SampleConfig;

SnapshotBuilder Builder(const Config& config) {
  return SnapshotBuilder(config.egress_allowed, std::vector<uint64_t>(kUnitsMax, 7));
}

// The snapshot a dataplane would make of it; null if it refuses a command.
std::shared_ptr<const Snapshot> Commit(SnapshotBuilder* builder, const std::vector<Message>& run,
                                       Generation committed = 0) {
  std::shared_ptr<const Snapshot> snapshot;
  uint32_t position = 0;
  for (size_t i = 0; i + 1 < run.size(); ++i) {
    AckStatus status = builder->Take(run[i], committed);
    EXPECT_EQ(status, AckStatus::kOk) << "command " << i;
  }
  EXPECT_EQ(builder->Commit(run.back(), &snapshot, &position), AckStatus::kOk) << "at " << position;
  return snapshot;
}

std::shared_ptr<const Snapshot> Compiled(const Config& config, const std::vector<Assignment>& assignments) {
  SnapshotBuilder builder = Builder(config);
  return Commit(&builder, CompileGeneration(config, assignments, 5));
}

std::vector<Assignment> Assigned(const Config& config) {
  return *Assign(config, {}, KernelRandom(), 0);
}

TEST(Generation, CommitsInTheRealBuilderAsItWasWritten) {
  Config config = SampleConfig();
  config.settings.Set(Setting::kTimerUdp, 400);
  std::vector<Assignment> assignments = Assigned(config);
  assignments[0].drawn_from_ms = 7;
  assignments[0].drawn_until_ms = 9;
  auto snapshot = Compiled(config, assignments);
  ASSERT_NE(snapshot, nullptr);
  EXPECT_EQ(snapshot->generation, 5u);
  EXPECT_EQ(snapshot->units[assignments[0].index].drawn_from_ms, 7u);
  EXPECT_EQ(snapshot->units[assignments[0].index].drawn_until_ms, 9u);
  EXPECT_EQ(snapshot->settings[Setting::kTimerUdp], 400u);
  EXPECT_EQ(snapshot->own.size(), 4u);
  EXPECT_EQ(snapshot->gateway[1][0], ParseAddress("192.0.2.1"));
  EXPECT_EQ(snapshot->gateway[1][1], ParseAddress("2001:db8:c0::1"));
  EXPECT_FALSE(snapshot->gateway[0][0].has_value());
  const SubscriberSpace* v4 = snapshot->subscribers.Find(*ParseAddress("10.10.0.77"));
  const SubscriberSpace* v6 = snapshot->subscribers.Find(*ParseAddress("2001:db8:1fff::1"));
  ASSERT_TRUE(v4 != nullptr && v6 != nullptr);
  EXPECT_EQ(v4->per, 32);
  EXPECT_EQ(v6->per, 56);
  EXPECT_EQ(v4->region, 0);
  const PoolPrefix* rome = snapshot->pools.Find(*ParseAddress("203.0.113.129"));
  ASSERT_NE(rome, nullptr);
  EXPECT_EQ(rome->pool, 2);
  EXPECT_EQ(rome->region, 1);
  EXPECT_EQ(rome->state, PrefixState::kStaged);
  EXPECT_NE(snapshot->bypasses.Find(*ParseAddress("198.51.100.3")), nullptr);
  ASSERT_EQ(assignments.size(), 8u);  // the staged pool has none
  for (const Assignment& a : assignments) {
    const Unit& unit = snapshot->units[a.index];
    EXPECT_EQ(unit.address, a.address);
    EXPECT_EQ(unit.state, PrefixState::kActive);
    EXPECT_EQ(unit.pool, a.pool == "milan" ? 0 : 1);
  }
}

TEST(Generation, EveryLiveSettingArrivesAndNoOtherIsSent) {
  for (const SettingRow& row : kSettingRows) {
    Config config = SampleConfig();
    config.settings.Set(row.id, row.default_value == row.max ? row.min : row.max);
    if (row.id == Setting::kPortFirst) config.settings.Set(Setting::kPortLast, row.max);
    auto snapshot = Compiled(config, Assigned(config));
    ASSERT_NE(snapshot, nullptr) << row.key;
    if (row.when == SettingWhen::kLive)
      EXPECT_EQ(snapshot->settings[row.id], config.settings[row.id]) << row.key;
    else
      EXPECT_EQ(snapshot->settings[row.id], row.default_value) << row.key;
  }
}

TEST(Generation, QuarantinedUnitsStayAwayAndDrainingOnesKeepTheirNumber) {
  Config config = SampleConfig();
  std::vector<Assignment> assignments = Assigned(config);
  assignments[0].state = PrefixState::kDraining;
  assignments[1].state = PrefixState::kQuarantined;
  auto snapshot = Compiled(config, assignments);
  EXPECT_EQ(snapshot->units[assignments[0].index].state, PrefixState::kDraining);
  EXPECT_FALSE(snapshot->units[assignments[1].index].carries_flows());
}

// Flows of a pool that left the configuration finish on their alias, whatever took its place.
TEST(Generation, UnitsOutliveTheirPoolAndRegion) {
  Config config = SampleConfig();
  std::vector<Assignment> assignments = Assigned(config);
  Config next = config;
  next.pools.erase(next.pools.begin());
  next.subscribers.erase(next.subscribers.begin());
  std::vector<Assignment> after = *Assign(next, assignments, KernelRandom(), 0);
  auto snapshot = Compiled(next, after);
  ASSERT_NE(snapshot, nullptr);
  for (const Assignment& a : after)
    EXPECT_EQ(snapshot->units[a.index].state,
              a.pool == "milan" ? PrefixState::kDraining : PrefixState::kActive);
  next.pools.clear();
  next.subscribers.clear();
  next.regions = {"XX-1"};
  ASSERT_NE(Compiled(next, *Assign(next, after, KernelRandom(), 0)), nullptr);
}

// Subscribers of a merged pool are those of the region that serves them; its own units drain.
TEST(Generation, AMergedPoolIsServedByItsParentsRegion) {
  Config config = SampleConfig();
  config.regions = {"IT-25", "IT-62", "IT"};
  config.pools[0].parent = "italy";
  config.pools.push_back({"italy", "IT", {*ParsePrefix("203.0.113.192/28")}});
  const std::vector<Assignment> before = Assigned(config);
  const Merges merges = {"milan"};
  const std::vector<Assignment> after = *Assign(config, before, KernelRandom(), 0, merges);
  ASSERT_EQ(after.size(), before.size());
  for (const Assignment& a : after)
    EXPECT_EQ(a.state, a.pool == "milan" ? PrefixState::kDraining : PrefixState::kActive);
  SnapshotBuilder builder = Builder(config);
  auto snapshot = Commit(&builder, CompileGeneration(config, after, 5, merges));
  ASSERT_NE(snapshot, nullptr);
  EXPECT_EQ(snapshot->subscribers.Find(*ParseAddress("10.10.0.77"))->region, 2);
  EXPECT_EQ(snapshot->subscribers.Find(*ParseAddress("2001:db8:1fff::1"))->region, 0)
      << "milan6 is not merged";
  EXPECT_TRUE(snapshot->drawable[0][0].empty());
  EXPECT_EQ(snapshot->drawable[2][0].size(), 4u);
  EXPECT_EQ(*Assign(config, after, KernelRandom(), 0), before) << "parted again, the same units serve";
}

TEST(Generation, ALaterOneFollowsInTheSameBuilder) {
  Config config = SampleConfig();
  SnapshotBuilder builder = Builder(config);
  ASSERT_NE(Commit(&builder, CompileGeneration(config, Assigned(config), 1)), nullptr);
  config.pools[0].state = PrefixState::kDraining;
  auto snapshot = Commit(&builder, CompileGeneration(config, Assigned(config), 2), 1);
  ASSERT_NE(snapshot, nullptr);
  EXPECT_EQ(snapshot->generation, 2u);
}

TEST(Generation, ALossOnTheWayIsNoticed) {
  Config config = SampleConfig();
  for (size_t lost = 1; lost + 1 < 20; ++lost) {
    std::vector<Message> run = CompileGeneration(config, Assigned(config), 1);
    run.erase(run.begin() + static_cast<ptrdiff_t>(lost));
    SnapshotBuilder builder = Builder(config);
    std::shared_ptr<const Snapshot> snapshot;
    uint32_t position;
    for (size_t i = 0; i + 1 < run.size(); ++i) builder.Take(run[i], 0);
    EXPECT_EQ(builder.Commit(run.back(), &snapshot, &position), AckStatus::kDigest);
    EXPECT_EQ(snapshot, nullptr);
  }
}

TEST(Generation, TheLargestConfigurationCommits) {
  Config config = SampleConfig();
  config.regions.clear();
  config.pools.clear();
  config.subscribers.clear();
  config.egress_allowed = {*ParsePrefix("100.64.0.0/10")};
  for (int i = 0; i < kRegionsMax; ++i) config.regions.push_back(absl::StrCat("R", i));
  for (int i = 0; i < kPoolsMax; ++i) {
    PoolConfig pool{absl::StrCat("p", i),
                    config.regions[static_cast<size_t>(i)],
                    {},
                    PrefixState::kActive,
                    kUnitsMax / kPoolsMax,
                    PortMode::kPerRemote,
                    false};
    for (int n = 0; n < kPoolPrefixesMax / kPoolsMax; ++n)
      pool.prefixes.push_back(*ParsePrefix(absl::StrCat("100.64.", i, ".", n * 64, "/26")));
    config.pools.push_back(pool);
  }
  for (int i = 0; i < kSubscriberPrefixesMax; ++i) {
    Address a = *ParseAddress("20.0.0.0");
    a.bytes[1] = static_cast<uint8_t>(i >> 8);
    a.bytes[2] = static_cast<uint8_t>(i);
    config.subscribers.push_back({{a, 24}, 32, config.regions[static_cast<size_t>(i % kRegionsMax)]});
  }
  std::vector<Assignment> assignments = Assigned(config);
  EXPECT_EQ(assignments.size(), static_cast<size_t>(kUnitsMax));
  std::vector<Message> run = CompileGeneration(config, assignments, 1);
  EXPECT_LE(run.size(), static_cast<size_t>(kGenerationMessagesMax));
  SnapshotBuilder builder = Builder(config);
  EXPECT_NE(Commit(&builder, run), nullptr);
}

}  // namespace
}  // namespace cfr
