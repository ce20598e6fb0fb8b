// SPDX-License-Identifier: BSD-3-Clause
// Who may use the relay and what may be addressed through it. Rows stand in the order of precedence of
// the reasons; a packet that offends against two rules names the first.
#include "dataplane/admit.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/configuration_run.h"
#include "tests/support/literals.h"
#include "tests/support/parsed_packet.h"

namespace cfr {
namespace {

using test::ConfigurationRun;
using test::PacketBuilder;
using test::ParsedPacket;
using test::operator""_ip;
using test::operator""_net;

constexpr uint8_t kSyn = 0x02, kAck = 0x10, kRst = 0x04;

class Admit : public testing::Test {
 protected:
  static PacketBuilder Udp(const char* from, const char* to) {
    return PacketBuilder().From(*ParseAddress(from), 5000).To(*ParseAddress(to), 443).Udp();
  }
  static PacketBuilder Tcp(const char* from, const char* to, uint8_t flags) {
    return Udp(from, to).Tcp(flags);
  }

  // What becomes of the packet, in words.
  std::string Outbound(const PacketBuilder& builder) const {
    ParsedPacket parsed(builder);
    if (parsed.packet.decided()) return absl::StrCat("parse ", Name(parsed.packet.reason));
    SubscriberSpace space{0, kRegionsMax};
    AdmitOutbound(parsed.packet, *snapshot_, &space);
    std::string outcome = Outcome(parsed.packet);
    return outcome.empty() ? absl::StrCat("opens in region ", space.region, " per ", space.per) : outcome;
  }
  std::string Inbound(const PacketBuilder& builder) const {
    ParsedPacket parsed(builder);
    if (parsed.packet.decided()) return absl::StrCat("parse ", Name(parsed.packet.reason));
    AdmitInbound(parsed.packet, *snapshot_);
    std::string outcome = Outcome(parsed.packet);
    return outcome.empty() ? "undecided" : outcome;
  }

 private:
  static std::string Outcome(const Packet& p) {
    if (p.verdict == Verdict::kDrop) return Name(p.reason);
    if (p.verdict == Verdict::kConsume) return "consumed";
    return p.bypassed ? "bypassed" : "";
  }

  std::shared_ptr<const Snapshot> snapshot_ =
      test::SnapshotOf(ConfigurationRun(1)
                           .Own(Side::kAccess, "10.0.0.1/24"_net)
                           .Own(Side::kCore, "192.0.2.1/24"_net)
                           .Own(Side::kAccess, "2001:db8:ac::1/64"_net)
                           .Own(Side::kCore, "2001:db8:c0::1/64"_net)
                           .Subscribers("100.64.0.0/10"_net, 32, 7)
                           .Subscribers("2001:db8:c1::/48"_net, 56, 8)
                           .Pool("203.0.113.0/24"_net)
                           .Pool("2001:db8:a000::/64"_net)
                           .Unit(0, "203.0.113.7"_ip)
                           .Bypass("198.51.100.200/29"_net)
                           .Bypass("2001:db8:b::/64"_net));
};

TEST_F(Admit, OutboundInOrderOfPrecedence) {
  struct Row {
    const char* what;
    PacketBuilder packet;
    const char* outcome;
  };
  const Row rows[] = {
      {"martian to martian", Udp("127.0.0.1", "127.0.0.1"), "martian_source"},
      {"martian to a pool", Udp("0.0.0.1", "203.0.113.7"), "martian_source"},
      {"stranger to a martian", Udp("9.9.9.9", "224.0.0.1"), "martian_destination"},
      {"stranger to itself", Udp("9.9.9.9", "9.9.9.9"), "land"},
      {"alias to itself", Udp("203.0.113.7", "203.0.113.7"), "land"},
      {"alias to the relay", Udp("203.0.113.7", "10.0.0.1"), "spoof_alias"},
      {"pool address that is no unit", Udp("203.0.113.9", "198.51.100.5"), "spoof_alias"},
      {"the relay itself", Udp("10.0.0.1", "198.51.100.5"), "spoof_alias"},
      {"the relay's core address", Udp("192.0.2.1", "198.51.100.5"), "spoof_alias"},
      {"subscriber pings the relay", Udp("100.64.0.1", "10.0.0.1").EchoRequest(1), "consumed"},
      {"on-link stranger pings the relay", Udp("10.0.0.2", "10.0.0.1").EchoRequest(1), "consumed"},
      {"subscriber pings the core address", Udp("100.64.0.1", "192.0.2.1").EchoRequest(1), "own_address"},
      {"subscriber answers the relay's echo", Udp("100.64.0.1", "10.0.0.1").EchoReply(1), "own_address"},
      {"subscriber speaks to the relay", Udp("100.64.0.1", "10.0.0.1"), "own_address"},
      {"on-link stranger speaks to the relay", Tcp("10.0.0.2", "10.0.0.1", kSyn), "own_address"},
      {"stranger from afar pings the relay", Udp("9.9.9.9", "10.0.0.1").EchoRequest(1), "spoof_access"},
      {"stranger to a pool", Udp("9.9.9.9", "203.0.113.7"), "spoof_access"},
      {"stranger to a bypass", Udp("9.9.9.9", "198.51.100.201"), "spoof_access"},
      {"just below the subscribers", Udp("100.63.255.255", "198.51.100.5"), "spoof_access"},
      {"just above the subscribers", Udp("100.128.0.0", "198.51.100.5"), "spoof_access"},
      {"segment to a pool", Tcp("100.64.0.1", "203.0.113.7", kAck), "hairpin"},
      {"segment to a subscriber", Tcp("100.64.0.1", "100.64.0.2", kAck), "access_destination"},
      {"segment to a bypass", Tcp("100.64.0.1", "198.51.100.201", kAck), "bypassed"},
      {"echo reply to a bypass", Udp("100.64.0.1", "198.51.100.201").EchoReply(1), "bypassed"},
      {"just beyond the bypass", Udp("100.64.0.1", "198.51.100.208"), "opens in region 7 per 32"},
      {"segment to a private address", Tcp("100.64.0.1", "192.168.1.1", kAck), "martian_destination"},
      {"segment to a NAT64 prefix", Tcp("2001:db8:c1::1", "64:ff9b::1.2.3.4", kAck), "nat64_destination"},
      {"segment without a flow", Tcp("100.64.0.1", "198.51.100.5", kAck), "tcp_no_flow"},
      {"SYN with ACK without a flow", Tcp("100.64.0.1", "198.51.100.5", kSyn | kAck), "tcp_no_flow"},
      {"RST without a flow", Tcp("100.64.0.1", "198.51.100.5", kRst), "tcp_no_flow"},
      {"echo reply without a flow", Udp("100.64.0.1", "198.51.100.5").EchoReply(1), "icmp_type"},
      {"SYN", Tcp("100.64.0.1", "198.51.100.5", kSyn), "opens in region 7 per 32"},
      {"SYN that asks for ECN", Tcp("100.64.0.1", "198.51.100.5", kSyn | 0xc0), "opens in region 7 per 32"},
      {"datagram", Udp("100.64.0.1", "198.51.100.5"), "opens in region 7 per 32"},
      {"echo request", Udp("100.64.0.1", "198.51.100.5").EchoRequest(1), "opens in region 7 per 32"},
      {"first and last subscriber", Udp("100.127.255.255", "198.51.100.5"), "opens in region 7 per 32"},
      {"IPv6 datagram", Udp("2001:db8:c1:ff::1", "2001:db8:e::5"), "opens in region 8 per 56"},
      {"IPv6 to a pool", Udp("2001:db8:c1::1", "2001:db8:a000::9"), "hairpin"},
      {"IPv6 to a subscriber", Udp("2001:db8:c1::1", "2001:db8:c1:5::1"), "access_destination"},
      {"IPv6 to a bypass", Udp("2001:db8:c1::1", "2001:db8:b::5"), "bypassed"},
      {"IPv6 stranger", Udp("2001:db8:c2::1", "2001:db8:e::5"), "spoof_access"},
      {"IPv6 ping to the relay", Udp("2001:db8:c1::1", "2001:db8:ac::1").EchoRequest(1), "consumed"},
  };
  for (const Row& row : rows) EXPECT_EQ(Outbound(row.packet), row.outcome) << row.what;
}

TEST_F(Admit, InboundInOrderOfPrecedence) {
  struct Row {
    const char* what;
    PacketBuilder packet;
    const char* outcome;
  };
  const Row rows[] = {
      {"martian to itself", Udp("127.0.0.1", "127.0.0.1"), "martian_source"},
      {"alias to itself", Udp("203.0.113.7", "203.0.113.7"), "land"},
      {"alias to the relay", Udp("203.0.113.7", "192.0.2.1").EchoRequest(1), "spoof_core"},
      {"subscriber to an alias", Udp("100.64.0.1", "203.0.113.7"), "spoof_core"},
      {"the relay to an alias", Udp("192.0.2.1", "203.0.113.7"), "spoof_core"},
      {"the relay's access address", Udp("10.0.0.1", "203.0.113.7"), "spoof_core"},
      {"remote pings the relay", Udp("198.51.100.5", "192.0.2.1").EchoRequest(1), "consumed"},
      {"remote answers the relay's echo", Udp("198.51.100.5", "192.0.2.1").EchoReply(1), "own_address"},
      {"remote speaks to the relay", Tcp("198.51.100.5", "192.0.2.1", kSyn), "own_address"},
      {"remote pings the access address", Udp("198.51.100.5", "10.0.0.1").EchoRequest(1), "own_address"},
      {"bypass to an alias", Udp("198.51.100.201", "203.0.113.7"), "no_flow"},
      {"remote to a pool address", Udp("198.51.100.5", "203.0.113.9"), "no_flow"},
      {"bypass to a subscriber", Udp("198.51.100.201", "100.64.0.1"), "bypassed"},
      {"bypass to nobody", Udp("198.51.100.201", "9.9.9.9"), "not_alias"},
      {"remote to a subscriber", Udp("198.51.100.5", "100.64.0.1"), "not_alias"},
      {"remote to a martian", Udp("198.51.100.5", "127.0.0.1"), "martian_destination"},
      {"IPv6 bypass to a subscriber", Udp("2001:db8:b::5", "2001:db8:c1::1"), "bypassed"},
      {"IPv6 remote to a pool address", Udp("2001:db8:e::5", "2001:db8:a000::9"), "no_flow"},
  };
  for (const Row& row : rows) EXPECT_EQ(Inbound(row.packet), row.outcome) << row.what;
}

// RFC 6890 and RFC 4291, at both ends of each range.
TEST_F(Admit, MartiansToTheAddress) {
  const char* martians[] = {"0.0.0.0",
                            "0.255.255.255",
                            "127.0.0.0",
                            "127.255.255.255",
                            "169.254.0.0",
                            "169.254.255.255",
                            "224.0.0.0",
                            "239.255.255.255",
                            "240.0.0.0",
                            "255.255.255.255",
                            "::",
                            "::1",
                            "::ffff:0.0.0.0",
                            "::ffff:255.255.255.255",
                            "fe80::",
                            "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                            "ff00::",
                            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
  const char* hosts[] = {"1.0.0.0",     "126.255.255.255", "128.0.0.0",   "169.253.255.255",
                         "169.255.0.0", "223.255.255.255", "::2",         "::fffe:0:0",
                         "0:0:0:0:1::", "64:ff9a::1",      "fe7f:ffff::", "fec0::",
                         "feff:ffff::", "fbff::1"};
  auto from = [](const char* to) {
    return std::string_view(to).find(':') == std::string_view::npos ? "100.64.0.1" : "2001:db8:c1::1";
  };
  for (const char* a : martians) {
    EXPECT_EQ(Outbound(Udp(from(a), a)), "martian_destination") << a;
    EXPECT_EQ(Outbound(Udp(a, from(a))), "martian_source") << a;
    EXPECT_EQ(Inbound(Udp(a, from(a))), "martian_source") << a;
  }
  for (const char* a : hosts) {
    EXPECT_TRUE(Outbound(Udp(from(a), a)).starts_with("opens")) << a;
    EXPECT_EQ(Outbound(Udp(a, from(a))), "spoof_access") << a;
    EXPECT_EQ(Inbound(Udp(a, from(a))), "not_alias") << a;
  }
}

}  // namespace
}  // namespace cfr
