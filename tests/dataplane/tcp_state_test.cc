// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp_state.h"

#include <gtest/gtest.h>

#include <random>

namespace cfr {
namespace {

// The short way of an established flow is the machine's own, wherever it is taken.
TEST(TcpState, EstablishedIsAShortWayOfTheMachine) {
  std::mt19937 random(20240618);
  // Numbers near each other and near the wrap, so that every comparison goes both ways.
  auto number = [&] { return static_cast<uint32_t>(random() % 5) + (random() % 2 == 0 ? 1000 : 0xfffffffe); };
  int taken = 0;
  for (int i = 0; i < 200'000; ++i) {
    Flow<V4> flow{};
    flow.state = static_cast<FlowState>(static_cast<int>(FlowState::kTcpInit) + random() % 7);
    if (random() % 2 == 0) flow.state = FlowState::kTcpEstablished;
    flow.before_trans = FlowState::kTcpEstablished;
    flow.server_fin_pending = random() % 4 == 0 ? 1 : 0;
    flow.client_ack = number();
    flow.client_next = number();
    flow.server_fin_end = number();
    Segment s{static_cast<uint8_t>(random() % 64), number(), number(), static_cast<uint32_t>(random() % 3)};
    if (random() % 2 == 0) s.flags = kTcpAck | kTcpPsh;
    if (ImpossibleFlags(s.flags)) continue;
    const auto direction = static_cast<Direction>(random() % 2);

    TcpMemory memory = LoadTcp(flow);
    const TcpStep step = AdvanceTcp(memory, direction, s);
    Flow<V4> expected = flow, after = flow;
    if (AdvanceEstablished(after, direction, s)) {
      StoreTcp(memory, &expected);
      ASSERT_EQ(step, TcpStep::kRefresh);
      ++taken;
    }
    ASSERT_EQ(std::memcmp(&after, &expected, sizeof after), 0)
        << Name(direction) << " flags " << int{s.flags} << " state "
        << kFlowStateNames[static_cast<int>(flow.state)];
  }
  EXPECT_GT(taken, 50'000);
}

}  // namespace
}  // namespace cfr
