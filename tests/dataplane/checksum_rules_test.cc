// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/checksum_rules.h"

#include <gtest/gtest.h>

#include "tests/support/packet_builder.h"

namespace cfr {
namespace {

using test::Frame;
using test::PacketBuilder;

Packet View(Frame* frame, Family family, uint8_t protocol) {
  Packet p;
  p.data = frame->data();
  p.length = static_cast<uint16_t>(frame->size());
  p.family = family;
  p.protocol = protocol;
  p.l4_offset = family == Family::kV4 ? 34 : 54;
  return p;
}

// Every protocol and length: right as built, wrong after any byte of it changed, the addresses included
// where they count.
TEST(ChecksumRules, ARightChecksumIsToldFromAWrongOne) {
  for (Family family : {Family::kV4, Family::kV6}) {
    const bool v4 = family == Family::kV4;
    const size_t l4 = v4 ? 34 : 54, addresses = v4 ? 26 : 22;
    for (uint8_t protocol : {kProtocolTcp, kProtocolUdp, v4 ? kProtocolIcmp : kProtocolIcmp6})
      for (size_t payload = 0; payload < 9; ++payload) {
        PacketBuilder b;
        b.From(*ParseAddress(v4 ? "198.51.100.1" : "2001:db8::1"), 1000)
            .To(*ParseAddress(v4 ? "203.0.113.9" : "2001:db8:1::9"), 53);
        if (protocol == kProtocolTcp)
          b.Tcp(kTcpAck, 7, 8).TcpOptions({1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2});
        else if (protocol == kProtocolUdp)
          b.Udp();
        else
          b.EchoRequest(77);
        Frame frame = b.Payload(payload).Build();
        const Packet p = View(&frame, family, protocol);
        ASSERT_TRUE(HasRightChecksum(p)) << int{protocol} << " " << payload;
        for (size_t i = protocol == kProtocolIcmp ? l4 : addresses; i < frame.size(); ++i) {
          const bool udp_length =
              protocol == kProtocolUdp && (i == l4 + 4 || i == l4 + 5);  // parse has judged it
          if (udp_length) continue;
          frame[i] ^= 0x21;
          ASSERT_FALSE(HasRightChecksum(p)) << int{protocol} << " " << payload << " byte " << i;
          frame[i] ^= 0x21;
        }
      }
  }
}

TEST(ChecksumRules, WhatLiesBehindAUdpDatagramDoesNotCount) {
  PacketBuilder b;
  b.From(*ParseAddress("198.51.100.1"), 1000).To(*ParseAddress("203.0.113.9"), 53).Udp().Payload(10);
  Frame frame = b.Build();
  Packet p = View(&frame, Family::kV4, kProtocolUdp);
  frame.resize(frame.size() + 7, 0xee);
  p.data = frame.data();
  p.length = static_cast<uint16_t>(frame.size());
  EXPECT_TRUE(HasRightChecksum(p));
}

}  // namespace
}  // namespace cfr
