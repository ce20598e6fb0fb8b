// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/openings.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "tests/support/dissection.h"
#include "tests/support/plain_config.h"
#include "tests/support/relay.h"

namespace cfr {
namespace {

using test::Outcome;
using test::PacketBuilder;
using test::operator""_ip;

class OpeningsTest : public testing::Test {
 protected:
  OpeningsTest() : relay_(test::RelayOptions{}) {
    EXPECT_EQ(relay_.Apply(test::PlainConfig()), AckStatus::kOk);
    relay_.AdvanceEpoch();
    relay_.RenewLease(1'000'000);
  }
  Outcome SendUdp(const Address& from, uint16_t port, const Address& to) {
    return relay_.Send(Side::kAccess, PacketBuilder().From(from, port).To(to, 443).Udp().Build());
  }
  void Open(uint16_t port) {
    EXPECT_EQ(SendUdp("100.64.0.1"_ip, port, "198.18.0.1"_ip).kind, Outcome::Kind::kSent);
  }
  uint64_t lost() const { return relay_.Total(Direction::kOutbound, Counter::kOpeningsLost); }

  test::Relay relay_;
  std::unique_ptr<OpenedRing> ring_ = std::make_unique<OpenedRing>();
  OpenedConsumer control_{ring_.get()};
};

TEST_F(OpeningsTest, AnOpeningSaysWhoseWhereAndUnderWhichAlias) {
  relay_.pipeline(0).TellOpenings(ring_.get());
  const struct {
    Address from, subscriber, to;
  } rows[] = {{"100.64.0.9"_ip, "100.64.0.9"_ip, "198.18.0.77"_ip},
              {"2001:db8:c1:678:9::1"_ip, "2001:db8:c1:600::"_ip, "2001:db8:f::77"_ip}};
  for (const auto& row : rows) {
    Outcome outcome = SendUdp(row.from, 5000, row.to);
    ASSERT_EQ(outcome.kind, Outcome::Kind::kSent) << Format(row.from);
    Opened opened;
    ASSERT_EQ(control_.Pop(&opened), RingResult::kOk) << Format(row.from);
    const bool v4 = row.from.family == Family::kV4;
    EXPECT_EQ(opened.family, v4 ? 4 : 6);
    EXPECT_EQ(std::memcmp(opened.subscriber, row.subscriber.bytes.data(), 16), 0) << Format(row.from);
    EXPECT_EQ(std::memcmp(opened.remote, row.to.bytes.data(), 16), 0);
    EXPECT_EQ(opened.remote_port, 443);
    EXPECT_EQ(opened.alias_port, test::Dissect(outcome.frame)->source_port);
    EXPECT_EQ(relay_.snapshot()->units[opened.unit].address, test::Dissect(outcome.frame)->source);
    EXPECT_EQ(opened.protocol, 17);
    EXPECT_EQ(opened.owner, 0);
    EXPECT_EQ(opened.at_ms, relay_.now_ms());
  }
}

TEST_F(OpeningsTest, OnlyTheFirstPacketOfAFlowIsOne) {
  relay_.pipeline(0).TellOpenings(ring_.get());
  for (int n = 0; n < 3; ++n) Open(5000);
  EXPECT_EQ(ring_->tail.load(), 1u);
}

TEST_F(OpeningsTest, NobodyListensNothingIsToldOrLost) {
  relay_.pipeline(0).TellOpenings(ring_.get());
  relay_.pipeline(0).TellOpenings(nullptr);
  Open(5000);
  EXPECT_EQ(ring_->tail.load(), 0u);
  EXPECT_EQ(lost(), 0u);
}

// A reader that stopped, or that lies: flows open all the same, each loss is counted.
TEST_F(OpeningsTest, ALostOpeningIsCountedAndTheFlowIsKept) {
  relay_.pipeline(0).TellOpenings(ring_.get());
  const uint32_t n = kOpenedSlots;
  for (uint32_t i = 0; i < n + 2; ++i) {
    if (i % 4000 == 0) relay_.Wait(600'000);  // flows end, room in the table
    Open(static_cast<uint16_t>(1024 + i));
  }
  EXPECT_EQ(lost(), 2u);
  ring_->head.store(n + 1);  // more than there ever was
  Open(60'000);
  EXPECT_EQ(lost(), 3u);
}

TEST_F(OpeningsTest, ThereIsRoomAgainWhenSomebodyReads) {
  Openings openings(3);
  openings.Listen(ring_.get());
  const Flow<V4> flow{};
  for (uint32_t n = 0; n < kOpenedSlots; ++n) ASSERT_TRUE(openings.Tell(flow, Address{}, 1));
  EXPECT_FALSE(openings.Tell(flow, Address{}, 1));
  Opened opened;
  ASSERT_EQ(control_.Pop(&opened), RingResult::kOk);
  EXPECT_EQ(opened.owner, 3);
  EXPECT_TRUE(openings.Tell(flow, Address{}, 1));
}

}  // namespace
}  // namespace cfr
