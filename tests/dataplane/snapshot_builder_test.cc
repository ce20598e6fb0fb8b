// SPDX-License-Identifier: BSD-3-Clause
// What a run says is what the snapshot holds; and when a run counts: its begin, its commit, its generation.
#include "dataplane/snapshot_builder.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include "tests/dataplane/snapshot_rig.h"

namespace cfr {
namespace {

using test::ConfigurationRun;
using test::Right;
using test::operator""_ip;
using test::operator""_net;
using SnapshotBuilderTest = test::SnapshotRig;

TEST_F(SnapshotBuilderTest, WhatWasSaidIsInTheSnapshot) {
  ASSERT_EQ(Give(Right(7)), AckStatus::kOk);
  const Snapshot& s = *snapshot_;
  EXPECT_EQ(s.generation, 7u);
  EXPECT_EQ(s.settings[Setting::kTtlCap], 40u);
  EXPECT_EQ(s.settings[Setting::kTimerIcmpQuery], Row(Setting::kTimerIcmpQuery).default_value) << "not said";
  EXPECT_EQ(s.timeouts[FlowState::kUdp], 200'000u);
  ASSERT_NE(s.FindOwn("10.0.0.1"_ip), nullptr);
  EXPECT_EQ(s.FindOwn("10.0.0.1"_ip)->side, Side::kAccess);
  EXPECT_EQ(s.FindOwn("10.0.0.1"_ip)->prefix.length, 24);
  EXPECT_EQ(s.gateway[1][0], "192.0.2.254"_ip);
  EXPECT_EQ(s.gateway[1][1], "2001:db8:c0::fe"_ip);
  EXPECT_EQ(s.gateway[0][1], std::nullopt);
  ASSERT_NE(s.subscribers.Find("2001:db8:c1:ff::1"_ip), nullptr);
  EXPECT_EQ(s.subscribers.Find("2001:db8:c1:ff::1"_ip)->per, 56);
  EXPECT_EQ(s.subscribers.Find("2001:db8:c1:ff::1"_ip)->region, 3);
  ASSERT_NE(s.pools.Find("2001:db8:a000::1"_ip), nullptr);
  EXPECT_TRUE(s.pools.Find("2001:db8:a000::1"_ip)->answer);
  EXPECT_FALSE(s.pools.Find("203.0.113.1"_ip)->answer);
  EXPECT_NE(s.bypasses.Find("198.51.100.201"_ip), nullptr);
  EXPECT_EQ(s.units[5].address, "203.0.113.8"_ip);
  EXPECT_EQ(s.units[5].state, PrefixState::kDraining);
  EXPECT_EQ(s.units[6].salt, 0x1006u);
  EXPECT_FALSE(s.units[1].carries_flows());
}

TEST_F(SnapshotBuilderTest, OnlyActiveUnitsAreDrawnByRegionAndFamily) {
  ASSERT_EQ(Give(Right(1)), AckStatus::kOk);
  for (int region = 0; region < kRegionsMax; ++region)
    for (int family = 0; family < kFamilies; ++family) {
      std::vector<UnitIndex> expected;
      if (region == 0 && family == 0) expected = {0};
      if (region == 3 && family == 1) expected = {6};
      EXPECT_EQ(snapshot_->drawable[region][family], expected) << region << " " << family;
    }
}

TEST_F(SnapshotBuilderTest, AnEmptyRunIsAConfiguration) {
  ASSERT_EQ(Give(ConfigurationRun(1)), AckStatus::kOk);
  EXPECT_EQ(snapshot_->settings, Settings());
}

TEST_F(SnapshotBuilderTest, ACommitMustFitItsRun) {
  using Change = std::function<void(std::vector<Message>*)>;
  const std::pair<const char*, Change> rows[] = {
      {"one command less", [](auto* m) { m->erase(m->begin() + 3); }},
      {"one command more", [](auto* m) { m->insert(m->begin() + 1, (*m)[1]); }},
      {"two commands exchanged", [](auto* m) { std::swap((*m)[1], (*m)[2]); }},
      {"another count", [](auto* m) { ++m->back().commit.messages; }},
      {"another digest", [](auto* m) { m->back().commit.digest ^= 1; }},
      {"another generation", [](auto* m) { ++m->back().commit.generation; }},
      {"another value", [](auto* m) { (*m)[1].setting.value = 41; }},
      {"a byte nobody reads", [](auto* m) { (*m)[1].raw[55] = 1; }},
  };
  for (const auto& [what, change] : rows) {
    SCOPED_TRACE(what);
    auto messages = Right(1).Messages();
    change(&messages);
    EXPECT_EQ(Give(messages), AckStatus::kDigest);
    ExpectNoTrace();
  }
}

TEST_F(SnapshotBuilderTest, AGenerationMustBeNewer) {
  EXPECT_EQ(Give(Right(0).Messages(), 42), AckStatus::kMalformed);
  for (Generation stale : {1u, 41u, 42u}) {
    EXPECT_EQ(Give(Right(stale).Messages(), 42), AckStatus::kStale) << stale;
    EXPECT_EQ(builder_->Take(Right(43).Messages()[1], 42), AckStatus::kNotInRun) << stale;
  }
  EXPECT_EQ(Give(Right(43).Messages(), 42), AckStatus::kOk);
}

TEST_F(SnapshotBuilderTest, NoGenerationIsALastOne) {
  constexpr Generation kLast = ~Generation{0};
  EXPECT_EQ(Give(Right(kLast).Messages(), kLast - 1), AckStatus::kOk);
  EXPECT_EQ(Give(Right(NextVersion(kLast)).Messages(), kLast), AckStatus::kOk);
  EXPECT_EQ(Give(Right(7).Messages(), 0), AckStatus::kOk) << "the first may have any number";
}

TEST_F(SnapshotBuilderTest, AStaleBeginEndsTheRunItInterrupts) {
  auto messages = Right(43).Messages();
  Message commit = messages.back();
  messages.pop_back();
  ASSERT_EQ(Give(messages, 42), AckStatus::kOk);
  EXPECT_EQ(Give({Right(42).Messages()[0]}, 42), AckStatus::kStale);
  EXPECT_EQ(Give({commit}, 42), AckStatus::kNotInRun);
}

TEST_F(SnapshotBuilderTest, ANewBeginDropsTheRunBefore) {
  auto messages =
      ConfigurationRun(1).Subscribers("172.16.0.0/12"_net, 32).Unit(9, "203.0.113.9"_ip).Messages();
  messages.pop_back();
  ASSERT_EQ(Give(messages), AckStatus::kOk);
  ASSERT_EQ(Give(Right(1)), AckStatus::kOk);
  EXPECT_EQ(snapshot_->subscribers.Find("172.16.0.1"_ip), nullptr);
  EXPECT_FALSE(snapshot_->units[9].carries_flows());
}

TEST_F(SnapshotBuilderTest, NothingIsTakenOutsideARun) {
  const auto right = Right(1).Messages();
  for (size_t i = 1; i + 1 < right.size(); ++i) EXPECT_EQ(builder_->Take(right[i], 0), AckStatus::kNotInRun);
  EXPECT_EQ(Give({right.back()}), AckStatus::kNotInRun);
}

}  // namespace
}  // namespace cfr
