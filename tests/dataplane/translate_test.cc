// SPDX-License-Identifier: BSD-3-Clause
// Checksums through the whole relay, each of the 65,536 values a packet can arrive with: what was right stays
// right, what was wrong stays wrong by the same, and a UDP checksum never becomes "none" (RFC 768).
#include <gtest/gtest.h>

#include "tests/support/literals.h"
#include "tests/support/plain_config.h"
#include "tests/support/relay.h"

namespace cfr::test {
namespace {

constexpr uint16_t kService = 443;
constexpr MacAddress kCoreGateway = {2, 0, 0, 0, 0, 0x20};

class Translate : public testing::TestWithParam<Family> {
 protected:
  Translate() : relay_({}) {
    EXPECT_EQ(relay_.Apply(PlainConfig()), AckStatus::kOk);
    relay_.AdvanceEpoch();
    relay_.RenewLease(100'000);
  }

  PacketBuilder Outbound() {
    PacketBuilder b;
    const bool v4 = GetParam() == Family::kV4;
    b.From(v4 ? "100.64.0.1"_ip : "2001:db8:c1::1"_ip, 5000)
        .To(v4 ? "198.51.100.5"_ip : "2001:db8:5::5"_ip, kService);
    return b;
  }
  PacketBuilder Inbound(const Dissection& sent) {
    PacketBuilder b;
    b.Stations(kCoreGateway, Relay::kPortMac[1])
        .From(sent.destination, kService)
        .To(sent.source, sent.source_port);
    return b;
  }
  static uint16_t ChecksumIn(const Frame& frame, size_t at) {
    return static_cast<uint16_t>(frame[at] << 8 | frame[at + 1]);
  }
  // How far the checksum at `at` is from right: the sum over the message and its pseudo-header, 0 and 0xffff
  // being one number.
  static int Error(const Frame& frame) {
    auto d = Dissect(frame);
    const size_t l4 = d->l4_offset, bytes = frame.size() - l4;
    uint32_t pseudo = PseudoSum(d->source, d->destination, d->protocol, bytes);
    return NaiveSum(frame.data() + l4, bytes, pseudo) % 0xffff;
  }

  // Sends `packet` with every checksum; calls `check` with the one that came and the one that left.
  template <class Check>
  void Sweep(Side side, PacketBuilder packet, size_t checksum_at, int first, Check check) {
    for (int value = first; value <= 0xffff; ++value) {
      packet.wrong().l4_checksum = static_cast<uint16_t>(value);
      const Frame in = packet.Build();
      const Outcome out = relay_.Send(side, in);
      ASSERT_EQ(out.kind, Outcome::Kind::kSent) << value;
      const size_t at = Dissect(in)->l4_offset + checksum_at;
      if (value != 0 || checksum_at != kUdpChecksum) {
        ASSERT_EQ(Error(in), Error(out.frame)) << value;
      }
      check(value, ChecksumIn(out.frame, at));
    }
    EXPECT_TRUE(relay_.violations().empty()) << relay_.violations().front();
  }

  static constexpr size_t kUdpChecksum = 6, kTcpChecksum = 16;
  Relay relay_;
};

TEST_P(Translate, EveryUdpChecksum) {
  // IPv6 without a checksum is dropped (RFC 8200 8.1); IPv4 has none before and after.
  const int first = GetParam() == Family::kV4 ? 0 : 1;
  auto check = [](int in, uint16_t out) { ASSERT_EQ(out == 0, in == 0) << in; };
  Sweep(Side::kAccess, Outbound().Udp().Payload(9), kUdpChecksum, first, check);
  const Outcome sent = relay_.Send(Side::kAccess, Outbound().Udp().Build());
  Sweep(Side::kCore, Inbound(*Dissect(sent.frame)).Udp().Payload(9), kUdpChecksum, first, check);
}

TEST_P(Translate, EveryTcpChecksum) {
  int zeros = 0;
  auto check = [&](int, uint16_t out) { zeros += out == 0; };
  const Outcome sent = relay_.Send(Side::kAccess, Outbound().Tcp(kTcpSyn, 1).Build());
  Sweep(Side::kAccess, Outbound().Tcp(kTcpAck, 2, 2).Payload(9), kTcpChecksum, 0, check);
  Sweep(Side::kCore, Inbound(*Dissect(sent.frame)).Tcp(kTcpAck, 2, 2).Payload(9), kTcpChecksum, 0, check);
  EXPECT_GT(zeros, 0) << "0 is a checksum like any other";
}

INSTANTIATE_TEST_SUITE_P(Families, Translate, testing::Values(Family::kV4, Family::kV6),
                         [](const auto& info) { return Name(info.param); });

}  // namespace
}  // namespace cfr::test
