// SPDX-License-Identifier: BSD-3-Clause
// How long a flow lives, to the millisecond, and what follows: quarantine, reuse.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tests/support/dissection.h"
#include "tests/support/plain_config.h"
#include "tests/support/relay.h"

namespace cfr {
namespace {

using test::Dissect;
using test::Frame;
using test::Outcome;
using test::PacketBuilder;
using test::Relay;
using test::RelayOptions;
using test::operator""_ip;

constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kAck = 0x10;

// Every timer another one, so that a wrong one shows.
Config Timers() {
  Config c = test::PlainConfig();
  c.settings.Set(Setting::kTimerUdpOneway, 130);
  c.settings.Set(Setting::kTimerUdp, 310);
  c.settings.Set(Setting::kTimerIcmpQuery, 70);
  c.settings.Set(Setting::kTimerTcpOpen, 170);
  c.settings.Set(Setting::kTimerTcpEstablished, 7500);
  c.settings.Set(Setting::kTimerTcpClose, 250);
  c.settings.Set(Setting::kTimerTcpReset, 270);
  c.settings.Set(Setting::kQuarantine, 140);
  c.settings.Set(Setting::kPortFirst, 2000);
  c.settings.Set(Setting::kPortLast, 2000);  // reuse of the tuple is all there is
  for (PoolConfig& pool : c.pools) pool.alias_units = 1;
  return c;
}

class FlowLife : public testing::Test {
 protected:
  void Start(const RelayOptions& options = {}) {
    relay_ = std::make_unique<Relay>(options);
    ASSERT_EQ(relay_->Apply(Timers()), AckStatus::kOk);
    relay_->AdvanceEpoch();
    relay_->RenewLease(1'000'000);
  }
  void SetUp() override { Start(); }
  void TearDown() override {
    for (const std::string& sentence : relay_->violations()) ADD_FAILURE() << sentence;
  }

  Outcome Out(PacketBuilder builder) {
    return relay_->Send(Side::kAccess,
                        builder.From("100.64.0.1"_ip, 5000).To("198.51.100.5"_ip, 443).Build());
  }
  Outcome In(PacketBuilder builder) {
    return relay_->Send(Side::kCore, builder.Stations({2, 0, 0, 0, 0, 9}, Relay::kPortMac[1])
                                         .From("198.51.100.5"_ip, 443)
                                         .To(relay_->assignments()[0].address, 2000)
                                         .Build());
  }
  static bool IsSent(const Outcome& o) { return o.kind == Outcome::Kind::kSent; }
  // TCP from both ends with the numbers of an honest conversation.
  bool Client(uint8_t flags, uint32_t sequence, uint32_t acknowledgment) {
    return IsSent(Out(PacketBuilder().Tcp(flags, sequence, acknowledgment)));
  }
  bool Server(uint8_t flags, uint32_t sequence, uint32_t acknowledgment) {
    return IsSent(In(PacketBuilder().Tcp(flags, sequence, acknowledgment)));
  }
  void Handshake() {
    ASSERT_TRUE(Client(kSyn, 1000, 0));
    ASSERT_TRUE(Server(kSyn | kAck, 9000, 1001));
    ASSERT_TRUE(Client(kAck, 1001, 9001));
  }
  FlowState State() const { return relay_->pipeline(0).flows_v4()[0].state; }

  std::unique_ptr<Relay> relay_;
};

TEST_F(FlowLife, EveryStateEndsAfterExactlyItsTimer) {
  struct Row {
    FlowState state;
    uint64_t timeout_s;
    std::function<void()> reach;
  };
  const Row rows[] = {
      {FlowState::kUdpOneway, 130, [&] { Out(PacketBuilder().Udp()); }},
      {FlowState::kUdp, 310, [&] { Out(PacketBuilder().Udp()), In(PacketBuilder().Udp()); }},
      {FlowState::kIcmpQuery, 70, [&] { Out(PacketBuilder().EchoRequest(5000)); }},
      {FlowState::kTcpInit, 170, [&] { Client(kSyn, 1000, 0); }},
      {FlowState::kTcpHalf, 170, [&] { Client(kSyn, 1000, 0), Server(kSyn | kAck, 9000, 1001); }},
      {FlowState::kTcpEstablished, 7500, [&] { Handshake(); }},
      {FlowState::kTcpClientFin, 7500, [&] { Handshake(), Client(kFin | kAck, 1001, 9001); }},
      {FlowState::kTcpServerFin, 7500,
       [&] { Handshake(), Server(kFin | kAck, 9001, 1001), Client(kAck, 1001, 9002); }},
      {FlowState::kTcpBothFin, 250,
       [&] {
         Handshake(), Client(kFin | kAck, 1001, 9001), Server(kFin | kAck, 9001, 1002),
             Client(kAck, 1002, 9002);
       }},
      {FlowState::kTcpTrans, 270, [&] { Handshake(), Server(kRst, 9001, 0); }},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(kFlowStateNames[static_cast<int>(row.state)]);
    Start();
    row.reach();
    ASSERT_EQ(State(), row.state);
    relay_->RenewLease(1'000'000);
    relay_->Wait(row.timeout_s * 1000 - 1);
    EXPECT_EQ(relay_->LiveFlows(Family::kV4), 1u);
    relay_->Wait(1);
    EXPECT_EQ(relay_->LiveFlows(Family::kV4), 0u);
    EXPECT_EQ(relay_->SubscriberFlows(), 0u) << "the subscriber's quota is free at once";
    EXPECT_EQ(State(), FlowState::kQuarantine);
    relay_->Wait(140'000 - 1);
    EXPECT_EQ(relay_->Quarantined(Family::kV4), 1u);
    relay_->Wait(1);
    EXPECT_EQ(relay_->Quarantined(Family::kV4), 0u);
    EXPECT_EQ(State(), FlowState::kFree);
    TearDown();
  }
}

// The wheel looks once a second; a packet that comes before it must not find a flow that is over.
TEST_F(FlowLife, AFlowThatIsOverIsNotFoundThoughNobodyLookedYet) {
  Start({.start_ms = 1'000'000'700});
  ASSERT_TRUE(IsSent(Out(PacketBuilder().Udp())));
  relay_->Wait(129'999);
  EXPECT_TRUE(IsSent(Out(PacketBuilder().Udp())));
  relay_->Wait(130'000);
  ASSERT_EQ(relay_->LiveFlows(Family::kV4), 1u) << "the wheel's second has not come";
  EXPECT_EQ(In(PacketBuilder().Udp()).reason, DropReason::kNoFlow);
  EXPECT_EQ(relay_->LiveFlows(Family::kV4), 0u);
  EXPECT_EQ(relay_->Quarantined(Family::kV4), 1u);
  relay_->Wait(139'000);
  EXPECT_EQ(relay_->Quarantined(Family::kV4), 1u) << "closed by a packet, rests as long";
  relay_->Wait(2'000);
  EXPECT_EQ(relay_->Quarantined(Family::kV4), 0u);
}

TEST_F(FlowLife, OnlyTheSubscriberRefreshesUdp) {
  ASSERT_TRUE(IsSent(Out(PacketBuilder().Udp())));
  for (int n = 0; n < 3; ++n) {
    relay_->Wait(100'000);
    ASSERT_TRUE(IsSent(In(PacketBuilder().Udp()))) << n;
  }
  relay_->Wait(10'000);
  EXPECT_EQ(In(PacketBuilder().Udp()).reason, DropReason::kNoFlow) << "310 s after the subscriber's last";
}

TEST_F(FlowLife, BothEndsRefreshTcp) {
  Handshake();
  for (int n = 0; n < 4; ++n) {
    relay_->Wait(7'400'000);
    ASSERT_TRUE(n % 2 == 0 ? Server(kAck, 9001, 1001) : Client(kAck, 1001, 9001)) << n;
  }
}

// The wheel was armed for hours; an RST brings the end near, and the flow's slot of the wheel with it.
TEST_F(FlowLife, AStateThatEndsSoonerIsLookedAtSooner) {
  Handshake();
  relay_->Wait(10'000);
  ASSERT_TRUE(Server(kRst, 9001, 0));
  relay_->Wait(270'000);
  EXPECT_EQ(relay_->LiveFlows(Family::kV4), 0u);
}

TEST_F(FlowLife, AGenerationWithShorterTimersHoldsForLiveFlows) {
  ASSERT_TRUE(IsSent(Out(PacketBuilder().Udp())));
  ASSERT_TRUE(IsSent(In(PacketBuilder().Udp())));
  relay_->Wait(200'000);
  Config shorter = Timers();
  shorter.settings.Set(Setting::kTimerUdp, 150);
  ASSERT_EQ(relay_->Apply(shorter), AckStatus::kOk);
  EXPECT_EQ(In(PacketBuilder().Udp()).reason, DropReason::kNoFlow);
}

// RFC 6888 REQ-8: the tuple of a closed flow is nobody's for the quarantine, and can be had afterwards.
TEST_F(FlowLife, ATupleIsReusedAfterItsQuarantineAndNotBefore) {
  ASSERT_TRUE(IsSent(Out(PacketBuilder().Udp())));
  relay_->Wait(130'000);
  EXPECT_EQ(Out(PacketBuilder().Udp()).reason, DropReason::kPortsExhausted);
  EXPECT_EQ(In(PacketBuilder().Udp()).reason, DropReason::kNoFlow);
  relay_->Wait(139'999);
  EXPECT_EQ(Out(PacketBuilder().Udp()).reason, DropReason::kPortsExhausted);
  relay_->Wait(1'001);
  EXPECT_TRUE(IsSent(Out(PacketBuilder().Udp())));
  EXPECT_TRUE(IsSent(In(PacketBuilder().Udp())));
  EXPECT_EQ(relay_->Total(Direction::kOutbound, Counter::kOpenedUdp), 2u);
  EXPECT_EQ(relay_->Total(Direction::kOutbound, Counter::kClosed), 1u);
  EXPECT_EQ(relay_->Total(Direction::kOutbound, Counter::kReleased), 1u);
}

// RFC 6191: a SYN on a flow that is over opens another; the old tuple rests.
TEST_F(FlowLife, ASynReplacesAFlowThatIsOver) {
  Config config = Timers();
  config.settings.Set(Setting::kPortLast, 2001);
  ASSERT_EQ(relay_->Apply(config), AckStatus::kOk);
  relay_->RenewLease(1'000);
  auto first = Out(PacketBuilder().Tcp(kSyn, 1000));
  ASSERT_TRUE(IsSent(first));
  const uint16_t port = Dissect(first.frame)->source_port;
  auto server = [&](uint8_t flags, uint32_t sequence, uint32_t acknowledgment) {
    return IsSent(relay_->Send(Side::kCore, PacketBuilder()
                                                .Stations({2, 0, 0, 0, 0, 9}, Relay::kPortMac[1])
                                                .From("198.51.100.5"_ip, 443)
                                                .To(relay_->assignments()[0].address, port)
                                                .Tcp(flags, sequence, acknowledgment)
                                                .Build()));
  };
  ASSERT_TRUE(server(kSyn | kAck, 9000, 1001));
  ASSERT_TRUE(Client(kAck, 1001, 9001));
  ASSERT_TRUE(Client(kFin | kAck, 1001, 9001));
  ASSERT_TRUE(server(kFin | kAck, 9001, 1002));
  ASSERT_TRUE(Client(kAck, 1002, 9002));
  ASSERT_EQ(State(), FlowState::kTcpBothFin);
  auto second = Out(PacketBuilder().Tcp(kSyn, 5000));
  ASSERT_TRUE(IsSent(second));
  EXPECT_NE(Dissect(second.frame)->source_port, port);
  EXPECT_EQ(relay_->LiveFlows(Family::kV4), 1u);
  EXPECT_EQ(relay_->Quarantined(Family::kV4), 1u);
  EXPECT_EQ(relay_->SubscriberFlows(), 1u);
}

// The record keeps 32 bits of the clock, which go round every 49.7 days.
TEST_F(FlowLife, TheClockOfTheRecordsGoesRound) {
  Start({.start_ms = (uint64_t{1} << 32) - 60'296});  // a whole second
  ASSERT_TRUE(IsSent(Out(PacketBuilder().Udp())));
  relay_->Wait(129'999);
  EXPECT_TRUE(IsSent(Out(PacketBuilder().Udp()))) << "opened before, still alive after";
  relay_->Wait(131'000);
  EXPECT_EQ(relay_->LiveFlows(Family::kV4), 0u);
}

TEST_F(FlowLife, ARoundLooksAtNoMoreFlowsThanItsBudget) {
  Config config = Timers();
  config.settings.Set(Setting::kPortLast, 65535);
  ASSERT_EQ(relay_->Apply(config), AckStatus::kOk);
  relay_->RenewLease(1'000);
  for (uint16_t n = 0; n < 100; ++n)
    for (const auto& [from, to] :
         {std::pair{"100.64.0.1"_ip, "198.51.100.5"_ip}, {"2001:db8:c1::1"_ip, "2001:db8:e::5"_ip}})
      ASSERT_TRUE(IsSent(relay_->Send(
          Side::kAccess,
          PacketBuilder().From(from, static_cast<uint16_t>(5000 + n)).To(to, 443).Udp().Build())));
  relay_->Wait(129'999);
  ASSERT_EQ(relay_->LiveFlows(Family::kV4) + relay_->LiveFlows(Family::kV6), 200u);
  EXPECT_EQ(relay_->Expire(0, 1000), 0) << "nothing is due";
  relay_->Pass(1);
  for (int left = 200; left > 0; left -= 30) {
    EXPECT_EQ(relay_->Expire(0, 30), std::min(30, left));
    EXPECT_EQ(relay_->LiveFlows(Family::kV4) + relay_->LiveFlows(Family::kV6),
              static_cast<uint64_t>(std::max(0, left - 30)));
  }
  EXPECT_EQ(relay_->Quarantined(Family::kV4), 100u);
  EXPECT_EQ(relay_->Quarantined(Family::kV6), 100u);
}

TEST_F(FlowLife, BeforeTheFirstConfigurationThereIsNothingToExpire) {
  relay_ = std::make_unique<Relay>(RelayOptions{});
  EXPECT_EQ(relay_->Expire(0, 1000), 0);
}

}  // namespace
}  // namespace cfr
