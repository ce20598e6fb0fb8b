// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/alias_port.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "dataplane/headers.h"

namespace cfr {
namespace {

constexpr uint64_t kNowMs = 1'000'000;

class AliasPortTest : public testing::Test {
 protected:
  explicit AliasPortTest(int workers = 1)
      : owner_(DrawKey(), workers), ports_(0, owner_, exclusive_, random_) {
    Allow(1024, 65535);
  }

  void Allow(uint16_t first, uint16_t last) {
    snapshot_.settings.Set(Setting::kPortFirst, first);
    snapshot_.settings.Set(Setting::kPortLast, last);
  }
  Owner::Key DrawKey() {
    Owner::Key key;
    for (uint8_t& b : key) b = static_cast<uint8_t>(random_.Next16());
    return key;
  }
  static Flow<V4> MakeFlow(uint8_t protocol, uint16_t alias_port = 0) {
    Flow<V4> f{};
    f.subscriber = {1};
    f.subscriber_port = alias_port;
    f.remote = {2};
    f.remote_port = 443;
    f.alias = {3};
    f.alias_port = Be16::From(alias_port).raw;
    f.protocol = protocol;
    f.state = FlowState::kUdp;
    return f;
  }
  FlowIndex Use(uint16_t port) { return flows_.Open(MakeFlow(kProtocolTcp, port), kNowMs); }
  // 0: none.
  uint16_t Draw(uint8_t protocol = kProtocolTcp, uint64_t now_ms = kNowMs) {
    Flow<V4> flow = MakeFlow(protocol);
    return ports_.Draw(snapshot_, flows_, now_ms, &flow) ? Be16{flow.alias_port}.host() : uint16_t{0};
  }

  RandomSource random_{std::array<uint8_t, 32>{1}};
  Owner owner_;
  Snapshot snapshot_;
  ExclusivePorts exclusive_;
  FlowTable<V4> flows_{1 << 16, FlowHash::Key{1, 2, 3, 4, 5, 6, 7, 8}};
  AliasPort ports_;
};

// Every second port of 128 is used: each of the others comes up 1000 times, give or take six deviations.
TEST_F(AliasPortTest, FreePortsAreEquallyLikelyAndUsedOnesNeverDrawn) {
  Allow(2000, 2127);
  for (uint16_t port = 2000; port < 2128; port += 2) Use(port);
  std::map<uint16_t, int> drawn;
  for (int n = 0; n < 64'000; ++n) ++drawn[Draw()];
  ASSERT_EQ(drawn.size(), 64u);
  for (auto [port, times] : drawn) {
    EXPECT_EQ(port % 2, 1) << port;
    EXPECT_NEAR(times, 1000, 6 * std::sqrt(1000)) << port;
  }
}

TEST_F(AliasPortTest, TheLastFreePortIsFound) {
  for (uint32_t port = 1024; port < 65536; ++port)
    if (port != 40'001) Use(static_cast<uint16_t>(port));
  EXPECT_EQ(Draw(), 40'001);
}

TEST_F(AliasPortTest, ExhaustionIsRememberedForASecond) {
  Allow(5000, 5000);
  FlowIndex i = Use(5000);
  EXPECT_EQ(Draw(), 0);
  flows_.Close(i, 0);
  EXPECT_EQ(Draw(kProtocolTcp, kNowMs + 1000), 0) << "a port in quarantine is not free";
  ASSERT_EQ(flows_.TakeDue(kNowMs), i);
  flows_.Release(i);
  Allow(5000, 65535);  // so wide a range that sixteen candidates miss one free port
  for (uint32_t port = 5001; port < 65536; ++port) Use(static_cast<uint16_t>(port));
  EXPECT_EQ(Draw(kProtocolTcp, kNowMs + 1999), 0) << "no scan within the second";
  EXPECT_EQ(Draw(kProtocolTcp, kNowMs + 2000), 5000);
}

TEST_F(AliasPortTest, ListedPortsAreAvoidedForUdp) {
  for (uint16_t port : {1900, 5353, 40000}) {
    Allow(port, port);
    EXPECT_EQ(Draw(kProtocolUdp), port);
    snapshot_.ports[static_cast<int>(PortList::kAvoided)].Add(port);
    EXPECT_EQ(Draw(kProtocolTcp), port);
    EXPECT_EQ(Draw(kProtocolUdp), 0);
  }
}

class OneOfFourWorkers : public AliasPortTest {
 protected:
  OneOfFourWorkers() : AliasPortTest(4) {}
};

TEST_F(OneOfFourWorkers, TheInboundTupleComesBackToTheWorker) {
  for (int n = 0; n < 1000; ++n) {
    uint16_t port = Draw();
    ASSERT_NE(port, 0);
    EXPECT_EQ(owner_.WorkerOf(InboundKey(MakeFlow(kProtocolTcp, port))), 0);
  }
}

}  // namespace
}  // namespace cfr
