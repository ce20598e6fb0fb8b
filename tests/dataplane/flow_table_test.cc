// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/flow_table.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_map>

namespace cfr {
namespace {

template <class A>
A MakeAddress(uint64_t n);
template <>
V4 MakeAddress<V4>(uint64_t n) {
  return {static_cast<uint32_t>(n)};
}
template <>
V6 MakeAddress<V6>(uint64_t n) {
  return {0x20010db8, n};
}

template <class A>
Flow<A> MakeFlow(uint32_t n) {
  Flow<A> f{};
  f.subscriber = MakeAddress<A>(n);
  f.remote = MakeAddress<A>(1'000'000);
  f.alias = MakeAddress<A>(2'000'000 + n / 60'000);
  f.subscriber_port = 5000;
  f.remote_port = 443;
  f.alias_port = static_cast<uint16_t>(1 + n % 60'000);
  f.protocol = 17;
  f.state = FlowState::kUdp;
  return f;
}

template <class A>
class FlowTableTest : public testing::Test {
 protected:
  FlowIndex Find(const FlowTable<A>& table, const FlowKey<A>& key) {
    return table.Find(key, table.Hash(key));
  }
  static constexpr FlowHash::Key kKey = {1, 2, 3, 4, 5, 6, 7, 8};
};
using Families = testing::Types<V4, V6>;
TYPED_TEST_SUITE(FlowTableTest, Families);

TYPED_TEST(FlowTableTest, BothKeysFindALiveFlow) {
  FlowTable<TypeParam> table(16, this->kKey);
  Flow<TypeParam> flow = MakeFlow<TypeParam>(3);
  FlowIndex i = table.Open(flow, 1000);
  EXPECT_EQ(this->Find(table, OutboundKey(flow)), i);
  EXPECT_EQ(this->Find(table, InboundKey(flow)), i);
}

// Each field of a key counts, and so does the direction: a subscriber may have the address of an alias.
TYPED_TEST(FlowTableTest, EveryFieldOfAKeyCounts) {
  FlowTable<TypeParam> table(16, this->kKey);
  Flow<TypeParam> flow = MakeFlow<TypeParam>(3);
  table.Open(flow, 1000);
  for (int field = 0; field < 6; ++field) {
    FlowKey<TypeParam> key = OutboundKey(flow);
    if (field == 0) key.local = MakeAddress<TypeParam>(99);
    if (field == 1) key.remote = MakeAddress<TypeParam>(99);
    if (field == 2) ++key.local_port;
    if (field == 3) ++key.remote_port;
    if (field == 4) key.protocol = 6;
    if (field == 5) key.direction = Direction::kInbound;
    EXPECT_EQ(this->Find(table, key), kNoFlow) << field;
  }
}

TYPED_TEST(FlowTableTest, AClosedFlowKeepsOnlyItsInboundKey) {
  FlowTable<TypeParam> table(16, this->kKey);
  Flow<TypeParam> flow = MakeFlow<TypeParam>(3);
  FlowIndex i = table.Open(flow, 1000);
  table.Close(i, 55);
  EXPECT_EQ(this->Find(table, OutboundKey(flow)), kNoFlow);
  EXPECT_EQ(this->Find(table, InboundKey(flow)), i);
  EXPECT_EQ(table[i].state, FlowState::kQuarantine);
  EXPECT_EQ(table[i].subscriber, TypeParam{}) << "the subscriber is forgotten";
  EXPECT_EQ(table[i].last_seen_ms, 55u);
  ASSERT_EQ(table.TakeDue(1'000'000), i);
  table.Release(i);
  EXPECT_EQ(this->Find(table, InboundKey(flow)), kNoFlow);
  EXPECT_EQ(table[i].state, FlowState::kFree);
}

TYPED_TEST(FlowTableTest, FullWithEveryRecordInUseAndNotBefore) {
  FlowTable<TypeParam> table(8, this->kKey);
  for (uint32_t n = 0; n < 8; ++n) {
    EXPECT_FALSE(table.full());
    table.Open(MakeFlow<TypeParam>(n), 1000);
  }
  EXPECT_TRUE(table.full());
  FlowIndex i = table.TakeDue(1'000'000);
  table.Close(i, 0);
  EXPECT_TRUE(table.full()) << "a quarantined flow takes room, too";
  table.Release(i);
  EXPECT_FALSE(table.full());
  EXPECT_EQ(table.Open(MakeFlow<TypeParam>(100), 1000), i);
}

// A million random openings, closings, releases and look-ups against maps of the standard library.
TYPED_TEST(FlowTableTest, BehavesLikeTwoMaps) {
  constexpr uint32_t kCapacity = 5000;
  FlowTable<TypeParam> table(kCapacity, this->kKey);
  std::mt19937_64 random(1);
  std::unordered_map<uint32_t, FlowIndex> live, closed;  // flow number -> record
  constexpr uint64_t kFarMs = 1'000'000;
  uint64_t now_ms = 0;
  for (int n = 0; n < 1'000'000; ++n) {
    auto number = static_cast<uint32_t>(random() % 8000);
    Flow<TypeParam> flow = MakeFlow<TypeParam>(number);
    FlowIndex out = this->Find(table, OutboundKey(flow)), in = this->Find(table, InboundKey(flow));
    if (live.contains(number)) {
      ASSERT_EQ(out, live[number]);
      ASSERT_EQ(in, live[number]);
      if (random() % 4 != 0) continue;
      table.Close(out, 0);
      table.Rearm(out, now_ms);
      closed[number] = out;
      live.erase(number);
    } else if (closed.contains(number)) {
      ASSERT_EQ(out, kNoFlow);
      ASSERT_EQ(in, closed[number]);
    } else {
      ASSERT_EQ(out, kNoFlow);
      ASSERT_EQ(in, kNoFlow);
      ASSERT_EQ(table.full(), live.size() + closed.size() == kCapacity);
      if (!table.full()) live[number] = table.Open(flow, now_ms + kFarMs);
    }
    if (random() % 1000 != 0) continue;
    now_ms += 10'000;
    for (FlowIndex i; (i = table.TakeDue(now_ms)) != kNoFlow;) {
      if (table[i].state == FlowState::kQuarantine)
        table.Release(i);
      else
        table.Arm(i, now_ms + kFarMs);
    }
    closed.clear();
  }
  EXPECT_GT(live.size(), 1000u);
}

TEST(FlowRecord, FitsItsCacheLines) {
  EXPECT_EQ(sizeof(Flow<V4>), 64u);
  EXPECT_EQ(sizeof(Flow<V6>), 128u);
  EXPECT_EQ(alignof(Flow<V4>), 64u);
}

}  // namespace
}  // namespace cfr
