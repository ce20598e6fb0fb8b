// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/flow.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/support/literals.h"

namespace cfr {
namespace {

using test::operator""_ip;

// Every setting another value, so that a state with the wrong one shows.
TEST(Timeouts, EveryStateHasItsSetting) {
  Settings settings;
  uint64_t seconds = 1000;
  for (const SettingRow& row : kSettingRows) settings.Set(row.id, ++seconds);
  const Timeouts timeouts(settings);
  const std::pair<FlowState, Setting> rows[] = {
      {FlowState::kUdpOneway, Setting::kTimerUdpOneway},
      {FlowState::kUdp, Setting::kTimerUdp},
      {FlowState::kUdpWellknown, Setting::kTimerUdpWellknown},
      {FlowState::kIcmpQuery, Setting::kTimerIcmpQuery},
      {FlowState::kTcpInit, Setting::kTimerTcpOpen},
      {FlowState::kTcpHalf, Setting::kTimerTcpOpen},
      {FlowState::kTcpEstablished, Setting::kTimerTcpEstablished},
      {FlowState::kTcpClientFin, Setting::kTimerTcpEstablished},
      {FlowState::kTcpServerFin, Setting::kTimerTcpEstablished},
      {FlowState::kTcpBothFin, Setting::kTimerTcpClose},
      {FlowState::kTcpTrans, Setting::kTimerTcpReset},
      {FlowState::kQuarantine, Setting::kQuarantine},
  };
  EXPECT_EQ(std::size(rows), kFlowStates - 1u) << "all but free";
  for (const auto& [state, setting] : rows)
    EXPECT_EQ(timeouts[state], settings[setting] * 1000) << kFlowStateNames[static_cast<int>(state)];
}

TEST(Timeouts, TheLongestSettingFits32BitsOfMilliseconds) {
  for (const SettingRow& row : kSettingRows)
    EXPECT_TRUE(row.type != SettingType::kSeconds || row.max * 1000 < uint64_t{1} << 31) << row.key;
}

TEST(FlowAddress, ThereAndBack) {
  for (const Address& a : {"203.0.113.7"_ip, "255.255.255.255"_ip})
    EXPECT_EQ(ToAddress(LoadAddress<V4>(a.bytes.data())), a);
  for (const Address& a : {"2001:db8:1:2:3:4:5:6"_ip, "::"_ip})
    EXPECT_EQ(ToAddress(LoadAddress<V6>(a.bytes.data())), a);
}

template <class A>
class FlowKeys : public testing::Test {
 protected:
  static A Numbered(uint32_t n) {
    A a{};
    std::memcpy(&a, &n, sizeof n);
    return a;
  }
  FlowKeys() {
    flow_.subscriber = Numbered(1);
    flow_.remote = Numbered(2);
    flow_.alias = Numbered(3);
    flow_.subscriber_port = 10;
    flow_.remote_port = 20;
    flow_.alias_port = 30;
    flow_.protocol = 6;
    flow_.state = FlowState::kTcpEstablished;
  }
  Flow<A> flow_{};
};
using Families = testing::Types<V4, V6>;
TYPED_TEST_SUITE(FlowKeys, Families);

TYPED_TEST(FlowKeys, ALiveFlowMatchesBothOfItsKeysAndNoOther) {
  for (const auto& key : {OutboundKey(this->flow_), InboundKey(this->flow_)}) {
    EXPECT_TRUE(Matches(this->flow_, key));
    const std::function<void(FlowKey<TypeParam>&)> changes[] = {
        [](auto& k) { k.local = FlowKeys<TypeParam>::Numbered(9); },
        [](auto& k) { k.remote = FlowKeys<TypeParam>::Numbered(9); },
        [](auto& k) { ++k.local_port; },
        [](auto& k) { ++k.remote_port; },
        [](auto& k) { k.protocol = 17; },
        [](auto& k) {
          k.direction = k.direction == Direction::kOutbound ? Direction::kInbound : Direction::kOutbound;
        }};
    for (const auto& change : changes) {
      auto other = key;
      change(other);
      EXPECT_FALSE(Matches(this->flow_, other));
    }
  }
}

TYPED_TEST(FlowKeys, AQuarantinedFlowMatchesInboundOnlyAndAFreeRecordNothing) {
  this->flow_.state = FlowState::kQuarantine;
  EXPECT_FALSE(Matches(this->flow_, OutboundKey(this->flow_)));
  EXPECT_TRUE(Matches(this->flow_, InboundKey(this->flow_)));
  this->flow_.state = FlowState::kFree;
  EXPECT_FALSE(Matches(this->flow_, InboundKey(this->flow_)));
}

}  // namespace
}  // namespace cfr
