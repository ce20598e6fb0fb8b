// SPDX-License-Identifier: BSD-3-Clause
// The one place where a flow starts: what fails leaves nothing behind, and the alias port is a fair draw.
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "tests/support/dissection.h"
#include "tests/support/plain_config.h"
#include "tests/support/relay.h"
#include "tests/support/uniformity.h"

namespace cfr {
namespace {

using test::Dissect;
using test::Outcome;
using test::PacketBuilder;
using test::Relay;
using test::RelayOptions;
using test::operator""_ip;

constexpr uint8_t kSyn = 0x02;

Address Numbered(Address first, uint32_t n) {
  const size_t last = first.family == Family::kV4 ? 3 : 15;
  first.bytes[last] = static_cast<uint8_t>(first.bytes[last] + n);
  first.bytes[last - 1] = static_cast<uint8_t>(first.bytes[last - 1] + (n >> 8));
  return first;
}
Address Subscriber(uint32_t n = 0) {
  return Numbered("100.64.0.0"_ip, n);
}
Address Remote(uint32_t n = 0) {
  return Numbered("198.18.0.0"_ip, n);
}

class Open : public testing::Test {
 protected:
  void Start(const Config& config, const RelayOptions& options = {}) {
    relay_ = std::make_unique<Relay>(options);
    ASSERT_EQ(relay_->Apply(config), AckStatus::kOk);
    relay_->AdvanceEpoch();
    relay_->RenewLease(1'000'000);
  }
  void TearDown() override {
    if (relay_ != nullptr)
      for (const std::string& sentence : relay_->violations()) ADD_FAILURE() << sentence;
  }
  Outcome SendUdp(uint16_t port, const Address& from = Subscriber(), const Address& to = Remote(),
                  int worker = 0) {
    return relay_->Send(Side::kAccess, PacketBuilder().From(from, port).To(to, 443).Udp().Build(), worker);
  }
  Outcome SendSyn(uint16_t port) {
    return relay_->Send(Side::kAccess,
                        PacketBuilder().From(Subscriber(), port).To(Remote(), 443).Tcp(kSyn).Build());
  }
  static bool Opened(const Outcome& outcome) { return outcome.kind == Outcome::Kind::kSent; }
  static uint16_t AliasPort(const Outcome& outcome) { return Dissect(outcome.frame)->source_port; }
  static Config OnePort(uint16_t first, uint16_t last, uint32_t units = 1) {
    Config config = test::PlainConfig();
    config.settings.Set(Setting::kPortFirst, first);
    config.settings.Set(Setting::kPortLast, last);
    for (PoolConfig& pool : config.pools) pool.alias_units = units;
    return config;
  }
  uint64_t UnitFlows() const {
    uint64_t flows = 0;
    for (const CounterCell& cell : relay_->page(0).unit_flows) flows += cell.Get();
    return flows;
  }

  std::unique_ptr<Relay> relay_;
};

// A flow of one subscriber is refused a hundred times, for each reason there is; once the reason is gone,
// the subscriber has all of its quota and all of its burst.
TEST_F(Open, WhatFailsUndoesWhatCameBefore) {
  constexpr uint32_t kBurst = 5;
  auto bounded = [] {
    Config config = test::PlainConfig();
    config.settings.Set(Setting::kSubscriberFlowsV4, kBurst);
    config.settings.Set(Setting::kSubscriberNewBurst, kBurst);
    config.settings.Set(Setting::kSubscriberNewRate, 1);
    return config;
  };
  auto staged = [&] {
    Config config = bounded();
    for (PoolConfig& pool : config.pools) pool.state = PrefixState::kStaged;
    return config;
  };
  auto narrow = [&] {
    Config config = bounded();
    config.settings.Set(Setting::kPortFirst, 1900);  // an avoided port
    config.settings.Set(Setting::kPortLast, 1900);
    return config;
  };
  struct Row {
    DropReason reason;
    std::function<void(Relay*)> before, after;
  };
  const Row rows[] = {
      {DropReason::kNoEpochKey, [](Relay*) {}, [](Relay* r) { r->AdvanceEpoch(); }},
      {DropReason::kPoolEmpty, [&](Relay* r) { r->AdvanceEpoch(), r->Apply(staged()); },
       [&](Relay* r) { r->Apply(bounded()), r->RenewLease(1000); }},
      {DropReason::kLeaseExpired, [](Relay* r) { r->AdvanceEpoch(), r->RenewLease(0); },
       [](Relay* r) { r->RenewLease(1000); }},
      {DropReason::kPortsExhausted, [&](Relay* r) { r->AdvanceEpoch(), r->Apply(narrow()); },
       [&](Relay* r) { r->Apply(bounded()); }},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(Name(row.reason));
    relay_ = std::make_unique<Relay>(RelayOptions{});
    ASSERT_EQ(relay_->Apply(bounded()), AckStatus::kOk);
    relay_->RenewLease(1000);
    row.before(relay_.get());
    for (uint16_t n = 0; n < 100; ++n) {
      auto outcome = SendUdp(static_cast<uint16_t>(5000 + n));
      ASSERT_EQ(outcome.kind, Outcome::Kind::kDropped);
      ASSERT_EQ(outcome.reason, row.reason);
    }
    EXPECT_EQ(relay_->LiveFlows(Family::kV4), 0u);
    EXPECT_EQ(relay_->SubscriberFlows(), 0u);
    EXPECT_EQ(UnitFlows(), 0u);
    EXPECT_EQ(relay_->pipeline(0).flows_v4().touched(), 0u);
    EXPECT_EQ(relay_->Total(Direction::kOutbound, Counter::kOpenedUdp), 0u);
    row.after(relay_.get());
    for (uint16_t n = 0; n < kBurst; ++n) EXPECT_TRUE(Opened(SendUdp(static_cast<uint16_t>(5000 + n)))) << n;
    EXPECT_EQ(SendUdp(6000).reason, DropReason::kFlowQuota);
    TearDown();
  }
}

TEST_F(Open, AFullTableTakesNoTokenAndNoQuota) {
  Config config = test::PlainConfig();
  config.settings.Set(Setting::kSubscriberFlowsV4, 3);
  config.settings.Set(Setting::kSubscriberNewBurst, 3);
  config.settings.Set(Setting::kSubscriberNewRate, 1);
  Start(config, {.flows_v4 = 4});
  for (uint32_t n = 1; n <= 4; ++n) ASSERT_TRUE(Opened(SendUdp(5000, Subscriber(n))));
  for (uint16_t n = 0; n < 100; ++n)
    ASSERT_EQ(SendUdp(static_cast<uint16_t>(5000 + n)).reason, DropReason::kFlowTableFull);
  relay_->Wait(241'000);  // one-way timer and quarantine
  relay_->RenewLease(1000);
  for (uint16_t n = 0; n < 3; ++n) EXPECT_TRUE(Opened(SendUdp(static_cast<uint16_t>(5000 + n)))) << n;
  EXPECT_EQ(relay_->SubscriberFlows(), 3u);
}

TEST_F(Open, EveryPortOfTheRangeOnceAndThenNone) {
  Start(OnePort(2000, 2063));
  std::set<uint16_t> ports;
  for (uint16_t n = 0; n < 64; ++n) {
    auto outcome = SendUdp(static_cast<uint16_t>(5000 + n));
    ASSERT_TRUE(Opened(outcome)) << n;
    EXPECT_TRUE(ports.insert(AliasPort(outcome)).second);
  }
  EXPECT_EQ(*ports.begin(), 2000);
  EXPECT_EQ(*ports.rbegin(), 2063);
  EXPECT_EQ(SendUdp(7000).reason, DropReason::kPortsExhausted);
  EXPECT_TRUE(Opened(SendUdp(7000, Subscriber(), Remote(1)))) << "another remote has ports of its own";
  EXPECT_TRUE(Opened(SendSyn(7000))) << "and so has another protocol";
}

// A closed flow's port is held; the exhaustion memory forgets within a second.
TEST_F(Open, APortIsTakenAgainAfterItsQuarantine) {
  Start(OnePort(2000, 2000));
  ASSERT_TRUE(Opened(SendUdp(5000)));
  relay_->Wait(120'000);
  ASSERT_EQ(relay_->Quarantined(Family::kV4), 1u);
  EXPECT_EQ(SendUdp(5000).reason, DropReason::kPortsExhausted);
  relay_->Wait(119'000);
  EXPECT_EQ(SendUdp(5000).reason, DropReason::kPortsExhausted);
  relay_->Wait(1'000);
  EXPECT_TRUE(Opened(SendUdp(5000)));
}

TEST_F(Open, AFullUnitSpillsToTheNextInTheDraw) {
  Start(OnePort(2000, 2000, 3));
  std::set<Address> aliases;
  for (uint16_t n = 0; n < 3; ++n) {
    auto outcome = SendUdp(static_cast<uint16_t>(5000 + n));
    ASSERT_TRUE(Opened(outcome));
    EXPECT_TRUE(aliases.insert(Dissect(outcome.frame)->source).second);
    EXPECT_EQ(relay_->Total(Direction::kOutbound, Counter::kAliasSpill), n);
  }
  EXPECT_EQ(SendUdp(6000).reason, DropReason::kPortsExhausted);
}

// Four draws at most, however many units there are.
TEST_F(Open, TheDrawsAreBounded) {
  Start(OnePort(2000, 2000, 16));
  int opened = 0;
  while (Opened(SendUdp(static_cast<uint16_t>(5000 + opened)))) ++opened;
  EXPECT_EQ(opened, kAliasTriesMax);
}

TEST_F(Open, PortsThatNetworksBlockAreAvoidedForUdp) {
  for (uint16_t port : {uint16_t{1900}, uint16_t{5353}, uint16_t{11211}}) {
    Start(OnePort(port, port));
    EXPECT_EQ(SendUdp(5000).reason, DropReason::kPortsExhausted) << port;
    EXPECT_TRUE(Opened(SendSyn(5000))) << "TCP knows no such ports";
    Start(OnePort(static_cast<uint16_t>(port - 1), static_cast<uint16_t>(port + 1)));
    for (uint16_t n = 0; n < 2; ++n) EXPECT_NE(AliasPort(SendUdp(static_cast<uint16_t>(5000 + n))), port);
    EXPECT_EQ(SendUdp(6000).reason, DropReason::kPortsExhausted);
  }
}

TEST_F(Open, AliasPortsAreUniform) {
  for (int workers : {1, 3}) {
    SCOPED_TRACE(workers);
    Start(OnePort(2000, 2127), {.workers = workers, .flows_v4 = 1u << 15});
    std::vector<uint64_t> counts(128);
    for (uint32_t n = 0; n < 20'000; ++n)
      ++counts[AliasPort(SendUdp(5000, Subscriber(n % 100), Remote(n))) - 2000u];
    test::ExpectUniform(counts);
  }
}

// The port says nothing of the subscriber's own port, nor of the one before.
TEST_F(Open, AliasPortsAreIndependent) {
  Start(OnePort(2000, 2015), {.flows_v4 = 1u << 15});
  test::PairCounts own(16), former(16);
  uint16_t last = 0;
  for (uint32_t n = 0; n < 20'000; ++n) {
    const auto port = static_cast<uint16_t>(5000 + n % 16);
    const auto alias = static_cast<uint16_t>(AliasPort(SendUdp(port, Subscriber(), Remote(n))) - 2000);
    own.Add(n % 16, alias);
    if (n % 2 == 1) former.Add(last, alias);
    last = alias;
  }
  own.ExpectIndependent();
  former.ExpectIndependent();
}

// Wherever packets of either direction arrive, the opener decides them.
TEST_F(Open, TheReplyBelongsToTheWorkerThatOpened) {
  Start(test::PlainConfig(), {.workers = 4});
  std::vector<uint64_t> openers(4);
  for (uint32_t n = 0; n < 2000; ++n) {
    const int arrives = static_cast<int>(n % 4);
    auto out = SendUdp(static_cast<uint16_t>(1024 + n), Subscriber(n % 50), Remote(n % 7), arrives);
    ASSERT_TRUE(Opened(out));
    EXPECT_EQ(out.handoffs > 0, out.worker != arrives);
    ++openers[static_cast<size_t>(out.worker)];
    auto sent = Dissect(out.frame);
    auto in = relay_->Send(Side::kCore,
                           PacketBuilder()
                               .Stations({2, 0, 0, 0, 0, 9}, Relay::kPortMac[1])
                               .From(sent->destination, 443)
                               .To(sent->source, sent->source_port)
                               .Udp()
                               .Build(),
                           static_cast<int>(n / 4 % 4));
    ASSERT_EQ(in.kind, Outcome::Kind::kSent);
    EXPECT_EQ(in.worker, out.worker);
  }
  for (uint64_t count : openers) EXPECT_GT(count, 300u);
}

}  // namespace
}  // namespace cfr
