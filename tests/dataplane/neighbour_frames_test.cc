// SPDX-License-Identifier: BSD-3-Clause
// The bytes of what the relay says on its links, compared with frames of the test library.
#include <gtest/gtest.h>

#include "tests/support/dissection.h"
#include "tests/support/literals.h"
#include "tests/support/neighbour_bed.h"
#include "tests/support/neighbour_messages.h"

namespace cfr {
namespace {

using test::Arp;
using test::ConfigurationRun;
using test::Dissect;
using test::Dissection;
using test::Frame;
using test::MacAddress;
using test::PacketBuilder;
using test::operator""_ip;
using test::operator""_net;

constexpr MacAddress kPeer = {2, 0, 0, 0, 0xaa, 7}, kBroadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr uint32_t kRouter = 0x80000000, kSolicited = 0x40000000, kOverride = 0x20000000;

class NeighbourFrames : public testing::Test {
 protected:
  NeighbourFrames() {
    bed_.Configure(ConfigurationRun(1)
                       .Own(Side::kAccess, "10.0.0.1/24"_net)
                       .Own(Side::kCore, "192.0.2.1/24"_net)
                       .Own(Side::kCore, "2001:db8:c0::1/64"_net)
                       .Gateway(Side::kCore, "192.0.2.254"_ip)
                       .Gateway(Side::kCore, "2001:db8:c0::fe"_ip));
    questions_ = bed_.TakeSent();
  }
  // What the relay answers to one frame on the core side, empty if nothing.
  Frame Answer(const Frame& frame) {
    bed_.Take(Side::kCore, frame);
    auto sent = bed_.TakeSent();
    if (sent.size() != 1 || sent[0].side != Side::kCore) return {};
    return sent[0].frame;
  }

  static constexpr MacAddress kCore = test::NeighbourBed::kPortMac[1];
  test::NeighbourBed bed_;
  std::vector<test::NeighbourBed::Sent> questions_;
};

TEST_F(NeighbourFrames, ArpRequest) {
  ASSERT_EQ(questions_.size(), 2u);
  EXPECT_EQ(questions_[0].side, Side::kCore);
  EXPECT_EQ(questions_[0].frame,
            (Arp{Arp::kRequest, kCore, "192.0.2.1"_ip, {}, "192.0.2.254"_ip}.Build(kCore, kBroadcast)));
}

TEST_F(NeighbourFrames, Solicitation) {
  ASSERT_EQ(questions_.size(), 2u);
  EXPECT_EQ(questions_[1].frame, test::Solicitation("2001:db8:c0::1"_ip, "2001:db8:c0::fe"_ip, kCore)
                                     .Stations(kCore, {0x33, 0x33, 0xff, 0, 0, 0xfe})
                                     .Build());
}

TEST_F(NeighbourFrames, ArpReply) {
  const Frame request =
      Arp{Arp::kRequest, kPeer, "192.0.2.254"_ip, {}, "192.0.2.1"_ip}.Build(kPeer, kBroadcast);
  EXPECT_EQ(Answer(request),
            (Arp{Arp::kReply, kCore, "192.0.2.1"_ip, kPeer, "192.0.2.254"_ip}.Build(kCore, kPeer)));
}

// RFC 5227 2.4 (c): a station that claims our address hears whose it is, as all others do.
TEST_F(NeighbourFrames, ArpAnnouncementAgainstAClaim) {
  const Frame claim = Arp{Arp::kRequest, kPeer, "192.0.2.1"_ip, {}, "192.0.2.1"_ip}.Build(kPeer, kBroadcast);
  EXPECT_EQ(Answer(claim),
            (Arp{Arp::kRequest, kCore, "192.0.2.1"_ip, {}, "192.0.2.1"_ip}.Build(kCore, kBroadcast)));
  EXPECT_TRUE(Answer(claim).empty()) << "not twice within ten seconds";
}

// RFC 5227: a probe has no sender address, and is defended against all the same.
TEST_F(NeighbourFrames, ArpReplyToAProbe) {
  const Frame probe = Arp{Arp::kRequest, kPeer, "0.0.0.0"_ip, {}, "192.0.2.1"_ip}.Build(kPeer, kBroadcast);
  EXPECT_EQ(Answer(probe),
            (Arp{Arp::kReply, kCore, "192.0.2.1"_ip, kPeer, "0.0.0.0"_ip}.Build(kCore, kPeer)));
}

TEST_F(NeighbourFrames, Advertisement) {
  const Frame solicitation = test::Solicitation("2001:db8:c0::fe"_ip, "2001:db8:c0::1"_ip, kPeer)
                                 .Stations(kPeer, {0x33, 0x33, 0xff, 0, 0, 1})
                                 .Build();
  EXPECT_EQ(Answer(solicitation), test::Advertisement("2001:db8:c0::1"_ip, "2001:db8:c0::fe"_ip, kCore,
                                                      kRouter | kSolicited | kOverride)
                                      .Stations(kCore, kPeer)
                                      .Build());
}

// RFC 4861 7.2.4: whoever probes for a duplicate has no address to be answered at.
TEST_F(NeighbourFrames, AdvertisementToAllNodes) {
  const Frame probe = test::Solicitation("::"_ip, "2001:db8:c0::1"_ip, std::nullopt)
                          .Stations(kPeer, {0x33, 0x33, 0xff, 0, 0, 1})
                          .Build();
  EXPECT_EQ(Answer(probe), test::Advertisement("2001:db8:c0::1"_ip, "ff02::1"_ip, kCore, kRouter | kOverride)
                               .Stations(kCore, {0x33, 0x33, 0, 0, 0, 1})
                               .Build());
}

TEST_F(NeighbourFrames, EchoReply) {
  struct Row {
    const char *from, *to;
  };
  for (const Row& row : {Row{"192.0.2.9", "192.0.2.1"}, Row{"2001:db8:c0::9", "2001:db8:c0::1"}})
    for (size_t bytes : {0u, 1u, 56u, 1400u}) {
      SCOPED_TRACE(row.from + std::to_string(bytes));
      const Address from = *ParseAddress(row.from), to = *ParseAddress(row.to);
      PacketBuilder request;
      request.Stations(kPeer, kCore).From(from).To(to).EchoRequest(0x1234, 7).Payload(bytes).Ttl(3);
      auto answer = Dissect(Answer(request.Build()));
      auto asked = Dissect(request.Build());
      ASSERT_TRUE(answer.has_value() && asked.has_value());
      EXPECT_TRUE(answer->echo_reply());
      EXPECT_EQ(answer->source_mac, kCore);
      EXPECT_EQ(answer->destination_mac, kPeer);
      EXPECT_EQ(answer->source, to);
      EXPECT_EQ(answer->destination, from);
      EXPECT_EQ(answer->destination_port, 0x1234) << "the identifier";
      EXPECT_EQ(answer->header_rest, asked->header_rest) << "the sequence number";
      EXPECT_EQ(answer->payload, asked->payload);
      EXPECT_EQ(answer->ttl, 64);
      EXPECT_TRUE(answer->ip_checksum_right);
      EXPECT_EQ(answer->l4_error, 0);
    }
}

// Nothing recomputes a transport checksum: the reply to a damaged request is as damaged.
TEST_F(NeighbourFrames, EchoReplyKeepsAWrongChecksumWrong) {
  PacketBuilder request;
  request.Stations(kPeer, kCore).From("192.0.2.9"_ip).To("192.0.2.1"_ip).EchoRequest(1).Payload(8);
  request.wrong().l4_checksum_off = true;
  auto answer = Dissect(Answer(request.Build())), asked = Dissect(request.Build());
  ASSERT_TRUE(answer.has_value() && asked.has_value());
  EXPECT_EQ(answer->l4_error, asked->l4_error);
}

}  // namespace
}  // namespace cfr
