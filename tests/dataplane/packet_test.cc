// SPDX-License-Identifier: BSD-3-Clause
// The view of a frame once it is parsed: what the steps of the pipeline read of it.
#include "dataplane/packet.h"

#include <gtest/gtest.h>

#include "tests/support/literals.h"
#include "tests/support/parsed_packet.h"

namespace cfr {
namespace {

using test::PacketBuilder;
using test::ParsedPacket;
using test::operator""_ip;

uint16_t Network(uint16_t port) {
  return Be16::From(port).raw;
}

TEST(Packet, AddressesOfBothFamilies) {
  for (const auto& [from, to] :
       {std::pair{"192.0.2.1"_ip, "198.51.100.5"_ip}, {"2001:db8::1"_ip, "2001:db8:e::5"_ip}}) {
    ParsedPacket p(PacketBuilder().From(from, 5000).To(to, 443).Udp());
    ASSERT_FALSE(p.packet.decided());
    EXPECT_EQ(p.packet.SourceAddress(), from);
    EXPECT_EQ(p.packet.DestinationAddress(), to);
  }
}

// The subscriber's end is the source on the way out, the alias the destination on the way in.
TEST(Packet, TheKeyOfEachDirection) {
  ParsedPacket p(PacketBuilder().From("192.0.2.1"_ip, 5000).To("198.51.100.5"_ip, 443).Tcp(0x10));
  const auto out = p.packet.Key<V4>(Direction::kOutbound), in = p.packet.Key<V4>(Direction::kInbound);
  EXPECT_EQ(ToAddress(out.local), "192.0.2.1"_ip);
  EXPECT_EQ(ToAddress(out.remote), "198.51.100.5"_ip);
  EXPECT_EQ(out.local_port, Network(5000));
  EXPECT_EQ(out.remote_port, Network(443));
  EXPECT_EQ(out.protocol, kProtocolTcp);
  EXPECT_EQ(out.direction, Direction::kOutbound);
  EXPECT_EQ(ToAddress(in.local), "198.51.100.5"_ip);
  EXPECT_EQ(in.local_port, Network(443));
  EXPECT_EQ(ToAddress(in.remote), "192.0.2.1"_ip);
  EXPECT_EQ(in.remote_port, Network(5000));
  EXPECT_EQ(in.direction, Direction::kInbound);
}

// The identifier is the port of whoever asked, in the request and in its reply.
TEST(Packet, TheKeyOfAnEcho) {
  ParsedPacket request(PacketBuilder().From("2001:db8::1"_ip).To("2001:db8:e::5"_ip).EchoRequest(77));
  ParsedPacket reply(PacketBuilder().From("2001:db8:e::5"_ip).To("2001:db8::1"_ip).EchoReply(77));
  const auto out = request.packet.Key<V6>(Direction::kOutbound),
             in = reply.packet.Key<V6>(Direction::kInbound);
  EXPECT_EQ(out.local_port, Network(77));
  EXPECT_EQ(out.remote_port, 0);
  EXPECT_EQ(in.local_port, Network(77));
  EXPECT_EQ(in.remote_port, 0);
  EXPECT_EQ(in.local, out.local);
  EXPECT_EQ(in.remote, out.remote);
  EXPECT_FALSE(request.packet.is_echo_reply());
  EXPECT_TRUE(reply.packet.is_echo_reply());
}

TEST(Packet, LengthsAndTtl) {
  ParsedPacket v4(
      PacketBuilder().From("192.0.2.1"_ip, 1).To("198.51.100.5"_ip, 2).Udp().Payload(10).Ttl(9).Trailer(6));
  EXPECT_EQ(v4.packet.ip_length(), 20 + 8 + 10) << "without what lies behind the packet";
  EXPECT_EQ(v4.packet.ttl(), 9);
  ParsedPacket v6(
      PacketBuilder().From("2001:db8::1"_ip, 1).To("2001:db8:e::5"_ip, 2).Udp().Payload(10).Ttl(8));
  EXPECT_EQ(v6.packet.ip_length(), 40 + 8 + 10);
  EXPECT_EQ(v6.packet.ttl(), 8);
}

}  // namespace
}  // namespace cfr
