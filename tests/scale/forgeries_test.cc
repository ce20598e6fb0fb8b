// SPDX-License-Identifier: BSD-3-Clause
// A million forged packets of each kind at live flows of both families: a RST with a number that is not
// expected, an ICMP error, a fragment of somebody else. None shortens, prolongs or moves a flow
// (RFC 5961, RFC 7857 2.3, RFC 5508 REQ-6): every record stays as it is, but for what is counted in it.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "dataplane/headers.h"
#include "tests/support/literals.h"
#include "tests/support/plain_config.h"
#include "tests/support/relay.h"

namespace cfr::test {
namespace {

constexpr int kForgeries = 1'000'000, kFlows = 32;  // flows of each family and protocol
constexpr uint16_t kService = 443;
constexpr MacAddress kCoreGateway = {2, 0, 0, 0, 0, 0x20};

// What only time and the flow's own packets may change.
struct Lasting {
  Address subscriber, alias;
  uint16_t subscriber_port, alias_port;
  FlowState state, before_trans;
  uint8_t server_fin_pending;
  uint32_t last_seen_ms, client_ack, client_next, server_fin_end;
  friend bool operator==(const Lasting&, const Lasting&) = default;
};

struct Live {
  Address subscriber, remote, alias;
  uint16_t subscriber_port, alias_port;  // host order
  bool tcp;
  uint32_t client_next, client_ack;
};

class Forgeries : public testing::Test {
 protected:
  Forgeries() : relay_({.workers = 2}) {
    EXPECT_EQ(relay_.Apply(PlainConfig()), AckStatus::kOk);
    relay_.AdvanceEpoch();
    relay_.RenewLease(100'000);
    for (int i = 0; i < kFlows; ++i) {
      const auto host = static_cast<uint8_t>(i + 1), port = static_cast<uint8_t>(i);
      for (bool tcp : {false, true}) {
        Open(Numbered("100.64.0.0"_ip, host), "198.51.100.5"_ip, static_cast<uint16_t>(5000 + port), tcp);
        Open(Numbered("2001:db8:c1::"_ip, host), "2001:db8:5::5"_ip, static_cast<uint16_t>(5000 + port), tcp);
      }
    }
    before_ = Records();
    EXPECT_EQ(before_.size(), live_.size());
  }

  static Address Numbered(Address a, uint8_t host) {
    a.bytes[a.family == Family::kV4 ? 3 : 15] = host;
    return a;
  }

  PacketBuilder ToAlias(const Live& f) {
    PacketBuilder b;
    b.Stations(kCoreGateway, Relay::kPortMac[1]).From(f.remote, kService).To(f.alias, f.alias_port);
    return b;
  }
  PacketBuilder FromSubscriber(const Live& f) {
    PacketBuilder b;
    b.From(f.subscriber, f.subscriber_port).To(f.remote, kService);
    return b;
  }

  void Open(const Address& subscriber, const Address& remote, uint16_t port, bool tcp) {
    Live f{subscriber, remote, {}, port, 0, tcp, 0, 0};
    const uint32_t client = Draw(), server = Draw();
    PacketBuilder first = FromSubscriber(f);
    Outcome out = relay_.Send(Side::kAccess, (tcp ? first.Tcp(kTcpSyn, client) : first.Udp()).Build());
    ASSERT_EQ(out.kind, Outcome::Kind::kSent);
    auto sent = Dissect(out.frame);
    f.alias = sent->source;
    f.alias_port = sent->source_port;
    PacketBuilder answer = ToAlias(f);
    if (tcp) answer.Tcp(kTcpSyn | kTcpAck, server, client + 1);
    ASSERT_EQ(relay_.Send(Side::kCore, answer.Build()).kind, Outcome::Kind::kSent);
    if (tcp) {
      f.client_next = client + 1;
      f.client_ack = server + 1;
      Frame last = FromSubscriber(f).Tcp(kTcpAck, f.client_next, f.client_ack).Build();
      ASSERT_EQ(relay_.Send(Side::kAccess, last).kind, Outcome::Kind::kSent);
    }
    live_.push_back(f);
  }

  template <class A>
  void AddRecords(const FlowTable<A>& flows, std::vector<Lasting>* records) {
    for (FlowIndex i = 0; i < flows.touched(); ++i) {
      const Flow<A>& f = flows[i];
      if (f.state == FlowState::kFree) continue;
      records->push_back({ToAddress(f.subscriber), ToAddress(f.alias), f.subscriber_port, f.alias_port,
                          f.state, f.before_trans, f.server_fin_pending, f.last_seen_ms, f.client_ack,
                          f.client_next, f.server_fin_end});
    }
  }
  std::vector<Lasting> Records() {
    std::vector<Lasting> records;
    for (int w = 0; w < relay_.workers(); ++w) {
      AddRecords(relay_.pipeline(w).flows_v4(), &records);
      AddRecords(relay_.pipeline(w).flows_v6(), &records);
    }
    return records;
  }

  uint32_t Draw() { return static_cast<uint32_t>(random_()); }
  const Live& AnyFlow(bool tcp) {
    for (;;)
      if (const Live& f = live_[Draw() % live_.size()]; f.tcp == tcp) return f;
  }
  // A number that is not `expected`: near it half of the time, where a guess would be.
  uint32_t NumberBut(uint32_t expected) {
    for (;;) {
      const uint32_t number = Draw() % 2 == 0 ? Draw() : expected - 2000 + Draw() % 4000;
      if (number != expected) return number;
    }
  }

  // Over 200 seconds: nothing times out, and whatever touched a record would show in last_seen_ms.
  void Send(Side side, const Frame& frame) {
    if (++sent_ % 5000 == 0) relay_.Pass(1000);
    const Outcome outcome = relay_.Send(side, frame, static_cast<int>(Draw() % 2));
    ++kinds_[static_cast<int>(outcome.kind)];
  }
  uint64_t Became(Outcome::Kind kind) const { return kinds_[static_cast<int>(kind)]; }

  // Afterwards every record is what it was, and every flow still is where it was for both its ends.
  void ExpectNothingMoved() {
    EXPECT_TRUE(Records() == before_);
    for (const Live& f : live_) {
      Frame in = (f.tcp ? ToAlias(f).Tcp(kTcpAck, f.client_ack, f.client_next) : ToAlias(f).Udp()).Build();
      Outcome delivered = relay_.Send(Side::kCore, in);
      ASSERT_EQ(delivered.kind, Outcome::Kind::kSent);
      EXPECT_EQ(Dissect(delivered.frame)->destination, f.subscriber);
      EXPECT_EQ(Dissect(delivered.frame)->destination_port, f.subscriber_port);
    }
    for (const std::string& sentence : relay_.violations()) ADD_FAILURE() << sentence;
  }

  std::mt19937_64 random_{20261124};
  Relay relay_;
  std::vector<Live> live_;
  std::vector<Lasting> before_;
  int sent_ = 0;
  uint64_t kinds_[5] = {};
};

TEST_F(Forgeries, ResetsOutsideTheExpectedNumber) {
  for (int i = 0; i < kForgeries; ++i) {
    const Live& f = AnyFlow(true);
    const auto flags = static_cast<uint8_t>(Draw() % 2 == 0 ? kTcpRst : kTcpRst | kTcpAck);
    if (Draw() % 2 == 0)
      Send(Side::kCore, ToAlias(f).Tcp(flags, NumberBut(f.client_ack), Draw()).Build());
    else
      Send(Side::kAccess, FromSubscriber(f).Tcp(flags, NumberBut(f.client_next), Draw()).Build());
  }
  EXPECT_EQ(Became(Outcome::Kind::kSent), kForgeries) << "a RST is never dropped, only not believed";
  ExpectNothingMoved();
}

// What the tests compare would show it.
TEST_F(Forgeries, AResetAtTheExpectedNumberIsBelieved) {
  const Live& f = AnyFlow(true);
  Send(Side::kCore, ToAlias(f).Tcp(kTcpRst, f.client_ack, 0).Build());
  EXPECT_FALSE(Records() == before_);
}

// From any router about a packet the flow could have sent: relayed, since only the host can judge it.
TEST_F(Forgeries, IcmpErrors) {
  for (int i = 0; i < kForgeries; ++i) {
    const Live& f = live_[Draw() % live_.size()];
    const bool v4 = f.alias.family == Family::kV4;
    PacketBuilder quoted;
    quoted.From(f.alias, f.alias_port).To(f.remote, kService);
    if (f.tcp) quoted.Tcp(kTcpAck, Draw(), Draw());
    Frame quote = quoted.Build();
    quote.erase(quote.begin(), quote.begin() + kEthernetBytes);
    const uint8_t types4[] = {kIcmpUnreachable, kIcmpTimeExceeded, kIcmpParameterProblem};
    const uint8_t types6[] = {kIcmp6Unreachable, kIcmp6TooBig, kIcmp6TimeExceeded, kIcmp6ParameterProblem};
    const uint8_t type = v4 ? types4[Draw() % 3] : types6[Draw() % 4];
    const auto code = static_cast<uint8_t>(type == kIcmp6TooBig && !v4 ? 0 : Draw() % 2);
    const uint32_t rest = !v4 && type == kIcmp6TooBig ? 1280 + Draw() % 200 : 0;
    PacketBuilder error;
    error.Stations(kCoreGateway, Relay::kPortMac[1])
        .From(v4 ? "192.0.2.77"_ip : "2001:db8:77::1"_ip)
        .To(f.alias)
        .Icmp(type, code, rest)
        .Payload(quote);
    Send(Side::kCore, error.Build());
  }
  EXPECT_EQ(Became(Outcome::Kind::kSent), kForgeries);
  ExpectNothingMoved();
}

// Of datagrams nobody sent: later fragments that wait for a first one and never meet it, and first ones
// from a remote that is no flow's.
TEST_F(Forgeries, OutsideFragments) {
  for (int i = 0; i < kForgeries; ++i) {
    const Live& f = live_[Draw() % live_.size()];
    const bool later = Draw() % 4 != 0;
    PacketBuilder b = ToAlias(f);
    if (!later) b.From(f.remote, static_cast<uint16_t>(kService + 1 + Draw() % 1000));
    b.Udp().Payload(64).FragmentId(Draw()).Ipv4Fragment(0);
    later ? b.Fragment(8 * (1 + Draw() % 7), {}) : b.Fragment(0, 32);
    Send(Side::kCore, b.Build());
  }
  relay_.Wait(3000);  // the last ones give up, too
  EXPECT_EQ(Became(Outcome::Kind::kSent), 0u);
  EXPECT_EQ(relay_.Total(Direction::kInbound, Counter::kSent), 2u * kFlows + 2u * kFlows);
  ExpectNothingMoved();
}

}  // namespace
}  // namespace cfr::test
