// SPDX-License-Identifier: BSD-3-Clause
// What the packet rows do not say: that a burst is its packets one by one, that payload decides nothing, and
// that no frame whatever breaks the pipeline or its accounts. Frames lie in memory of exactly their size, for
// the sanitizer.
#include "dataplane/pipeline.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/dissection.h"
#include "tests/support/plain_config.h"
#include "tests/support/relay.h"

namespace cfr {
namespace {

using test::Frame;
using test::Outcome;
using test::PacketBuilder;
using test::Relay;
using test::operator""_ip;

class PipelineTest : public testing::Test {
 protected:
  static std::unique_ptr<Relay> Start(int workers) {
    auto relay = std::make_unique<Relay>(test::RelayOptions{.workers = workers});
    EXPECT_EQ(relay->Apply(test::PlainConfig()), AckStatus::kOk);
    relay->AdvanceEpoch();
    relay->RenewLease(1'000'000);
    return relay;
  }
  static void ExpectNoViolation(const Relay& relay) {
    for (const std::string& sentence : relay.violations()) ADD_FAILURE() << sentence;
  }

  // A packet of a few subscribers to a few remotes, of every protocol; back from the remotes if `alias`.
  Frame Draw(const std::optional<test::Dissection>& flow) {
    PacketBuilder b;
    if (flow.has_value()) {
      b.Stations({2, 0, 0, 0, 0, 9}, Relay::kPortMac[1])
          .From(flow->destination, flow->destination_port)
          .To(flow->source, flow->source_port);
    } else {
      const bool v6 = Below(2) == 0;
      Address from = v6 ? "2001:db8:c1::1"_ip : "100.64.0.1"_ip,
              to = v6 ? "2001:db8:e::5"_ip : "198.51.100.5"_ip;
      from.bytes[v6 ? 6 : 3] = static_cast<uint8_t>(Below(8));
      to.bytes[v6 ? 15 : 3] = static_cast<uint8_t>(Below(4));
      b.From(from, static_cast<uint16_t>(5000 + Below(20))).To(to, static_cast<uint16_t>(440 + Below(4)));
    }
    switch (Below(4)) {
      case 0:
        b.Tcp(static_cast<uint8_t>(Below(64)), Below(4), Below(4));
        break;
      case 1:
        b.EchoRequest(static_cast<uint16_t>(Below(8)));
        break;
      case 2:
        b.Icmp(static_cast<uint8_t>(Below(256)), static_cast<uint8_t>(Below(4)));
        break;
      default:
        b.Udp();
    }
    return b.Payload(Below(100)).Ttl(static_cast<uint8_t>(1 + Below(255))).Build();
  }
  // Some bytes changed, or cut off, or appended.
  void Damage(Frame* frame) {
    for (uint32_t n = Below(4); n > 0; --n) (*frame)[Below(frame->size())] = static_cast<uint8_t>(random_());
    if (Below(4) == 0) frame->resize(1 + Below(frame->size()));
    if (Below(8) == 0) frame->resize(frame->size() + Below(64), 0xee);
    frame->shrink_to_fit();
  }
  uint32_t Below(uint64_t bound) { return static_cast<uint32_t>(random_() % bound); }

  std::mt19937_64 random_{1};
};

TEST_F(PipelineTest, ABurstIsItsPacketsOneByOne) {
  for (int workers : {1, 3}) {
    auto together = Start(workers), apart = Start(workers);
    for (int round = 0; round < 300; ++round) {
      std::vector<Frame> frames;
      for (uint32_t n = 1 + Below(kBurstMax); n > 0; --n) frames.push_back(Draw(std::nullopt));
      const int worker = static_cast<int>(Below(static_cast<uint64_t>(workers)));
      auto outcomes = together->SendBurst(Side::kAccess, frames, worker);
      for (size_t i = 0; i < frames.size(); ++i) {
        auto alone = apart->Send(Side::kAccess, frames[i], worker);
        ASSERT_EQ(outcomes[i].kind, alone.kind) << test::Describe(frames[i]);
        ASSERT_EQ(outcomes[i].reason, alone.reason) << test::Describe(frames[i]);
        ASSERT_EQ(outcomes[i].worker, alone.worker);
      }
      together->Wait(500);
      apart->Wait(500);
    }
    EXPECT_EQ(together->LiveFlows(Family::kV4), apart->LiveFlows(Family::kV4));
    EXPECT_EQ(together->LiveFlows(Family::kV6), apart->LiveFlows(Family::kV6));
    ExpectNoViolation(*together);
    ExpectNoViolation(*apart);
  }
}

// Two relays see the same headers in front of different bytes: what becomes of each packet, and every header
// byte of what leaves, is the same. No byte behind the transport header was asked for anything.
TEST_F(PipelineTest, PayloadDecidesNothing) {
  auto one = Start(2), other = Start(2);
  std::vector<test::Dissection> flows;
  uint32_t with_payload = 0;
  for (int n = 0; n < 20'000; ++n) {
    const bool inbound = Below(2) == 0 && !flows.empty();
    const Frame frame = Draw(inbound ? std::optional(flows[Below(flows.size())]) : std::nullopt);
    const auto in = test::Dissect(frame);
    // The bytes behind the header of an ICMP error are the headers of another packet.
    if (!in.has_value() ||
        (in->protocol != 6 && in->protocol != 17 && !in->echo_request() && !in->echo_reply()))
      continue;
    Frame changed = frame;
    for (size_t i = in->payload_offset; i < changed.size(); ++i) changed[i] = static_cast<uint8_t>(random_());
    const Side side = inbound ? Side::kCore : Side::kAccess;
    const auto arrival = static_cast<int>(Below(2));
    const auto first = one->Send(side, frame, arrival), second = other->Send(side, changed, arrival);
    ASSERT_EQ(first.kind, second.kind) << test::Describe(frame);
    ASSERT_EQ(first.reason, second.reason) << test::Describe(frame);
    ASSERT_EQ(first.worker, second.worker) << test::Describe(frame);
    if (first.kind == Outcome::Kind::kSent) {
      const auto end = static_cast<ptrdiff_t>(test::Dissect(first.frame)->payload_offset);
      ASSERT_EQ(first.frame.size(), second.frame.size());
      ASSERT_TRUE(std::equal(first.frame.begin(), first.frame.begin() + end, second.frame.begin()))
          << test::Describe(first.frame) << "\n"
          << test::Describe(second.frame);
      with_payload += static_cast<size_t>(end) < first.frame.size();
      if (!inbound && flows.size() < 500) flows.push_back(*test::Dissect(first.frame));
    }
    if (n % 100 == 0) {
      const uint64_t ms = Below(3000);
      one->Wait(ms);
      other->Wait(ms);
    }
  }
  EXPECT_GT(with_payload, 1000u);
  EXPECT_EQ(one->LiveFlows(Family::kV4), other->LiveFlows(Family::kV4));
  EXPECT_EQ(one->LiveFlows(Family::kV6), other->LiveFlows(Family::kV6));
  ExpectNoViolation(*one);
  ExpectNoViolation(*other);
}

TEST_F(PipelineTest, NoFrameBreaksIt) {
  auto relay = Start(2);
  std::vector<test::Dissection> flows;
  for (int n = 0; n < 30'000; ++n) {
    const bool inbound = Below(2) == 0 && !flows.empty();
    Frame frame = Draw(inbound ? std::optional(flows[Below(flows.size())]) : std::nullopt);
    const bool damaged = Below(2) == 0;
    if (damaged) Damage(&frame);
    auto outcome = relay->Send(inbound ? Side::kCore : Side::kAccess, frame, static_cast<int>(Below(2)));
    ASSERT_NE(outcome.kind, Outcome::Kind::kPending);
    if (!inbound && outcome.kind == Outcome::Kind::kSent && flows.size() < 500)
      flows.push_back(*test::Dissect(outcome.frame));
    if (n % 100 == 0) relay->Wait(Below(3000));
  }
  EXPECT_GT(flows.size(), 100u);
  EXPECT_GT(relay->Total(Direction::kInbound, Counter::kSent), 100u);
  ExpectNoViolation(*relay);
}

TEST_F(PipelineTest, BytesOfChance) {
  auto relay = Start(1);
  for (int n = 0; n < 20'000; ++n) {
    Frame frame(Below(120));
    for (uint8_t& byte : frame) byte = static_cast<uint8_t>(random_());
    if (frame.size() >= 14) {
      std::copy(std::begin(Relay::kPortMac[0]), std::end(Relay::kPortMac[0]), frame.begin());
      frame[6] &= 0xfe;
      const uint8_t ethertypes[][2] = {{8, 0}, {0x86, 0xdd}, {8, 6}, {0x81, 0}};
      std::copy_n(ethertypes[Below(4)], 2, frame.begin() + 12);
    }
    auto outcome = relay->Send(Side::kAccess, frame);
    ASSERT_NE(outcome.kind, Outcome::Kind::kPending);
  }
  ExpectNoViolation(*relay);
}

}  // namespace
}  // namespace cfr
