// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/translate.h"

#include <gtest/gtest.h>

#include "tests/support/packet_builder.h"

namespace cfr {
namespace {

template <class A>
Flow<A> MakeFlow(const char* subscriber, const char* alias, uint8_t protocol) {
  Flow<A> f{};
  f.subscriber = LoadAddress<A>(ParseAddress(subscriber)->bytes.data());
  f.alias = LoadAddress<A>(ParseAddress(alias)->bytes.data());
  f.subscriber_port = Be16::From(5000).raw;
  f.alias_port = Be16::From(40000).raw;
  f.protocol = protocol;
  PrepareTranslation(&f);
  return f;
}

template <class A>
struct Case {
  Flow<A> flow;
  test::Frame frame;
  Packet p;
  Be16* checksum;
};

// One segment or datagram of the flow, outbound.
template <class A>
Case<A> MakeCase(const char* subscriber, const char* alias, const char* remote, uint8_t protocol) {
  constexpr bool kV4 = A::kFamily == Family::kV4;
  test::PacketBuilder b;
  b.From(*ParseAddress(subscriber), 5000).To(*ParseAddress(remote), 443).Payload(7);
  protocol == kProtocolTcp ? b.Tcp(kTcpAck) : b.Udp();
  Case<A> c{MakeFlow<A>(subscriber, alias, protocol), b.Build(), {}, nullptr};
  c.p.data = c.frame.data();
  c.p.length = static_cast<uint16_t>(c.frame.size());
  c.p.family = A::kFamily;
  c.p.protocol = protocol;
  c.p.l4_offset = kEthernetBytes + (kV4 ? sizeof(Ipv4Header) : sizeof(Ipv6Header));
  c.checksum = protocol == kProtocolTcp ? &c.p.tcp().checksum : &c.p.udp().checksum;
  return c;
}

uint32_t Modulo(uint32_t value) {
  return value % 0xffff;
}

// Every value the field can have: off by the same distance as before, and for UDP never the 0 that would
// say "no checksum" (RFC 768); 0 itself stays.
template <class A>
void Sweep(Case<A> c) {
  const bool udp = c.flow.protocol == kProtocolUdp;
  const uint32_t right = c.checksum->host();
  Translate<A, Direction::kOutbound>(c.p, c.flow);
  const uint32_t right_out = c.checksum->host();
  int zeros = 0;
  for (uint32_t value = 0; value < 0x10000; ++value) {
    *c.checksum = Be16::From(static_cast<uint16_t>(value));
    Translate<A, Direction::kOutbound>(c.p, c.flow);
    const uint32_t out = c.checksum->host();
    zeros += out == 0 ? 1 : 0;
    if (udp && value == 0) {
      ASSERT_EQ(out, 0u);
      continue;
    }
    ASSERT_EQ(Modulo(out + 0xffff - right_out), Modulo(value + 0xffff - right)) << std::hex << value;
    Translate<A, Direction::kInbound>(c.p, c.flow);
    ASSERT_EQ(Modulo(c.checksum->host()), Modulo(value)) << std::hex << value;
  }
  EXPECT_EQ(zeros, 1) << "UDP: only where it came; TCP: as the one sum that is 0";
}

TEST(Translate, UdpOverIpv4) {
  Sweep(MakeCase<V4>("100.64.1.10", "203.0.113.7", "198.51.100.5", kProtocolUdp));
}
TEST(Translate, UdpOverIpv6) {
  Sweep(MakeCase<V6>("2001:db8:c1::10", "2001:db8:a000::7", "2001:db8:5::5", kProtocolUdp));
}
TEST(Translate, TcpOverIpv4) {
  Sweep(MakeCase<V4>("100.64.1.10", "203.0.113.7", "198.51.100.5", kProtocolTcp));
}
TEST(Translate, TcpOverIpv6) {
  Sweep(MakeCase<V6>("2001:db8:c1::10", "2001:db8:a000::7", "2001:db8:5::5", kProtocolTcp));
}

}  // namespace
}  // namespace cfr
