// SPDX-License-Identifier: BSD-3-Clause
// Draft R8: what may pass the last check before the core port, and what may not.
#include "dataplane/egress_guard.h"

#include <gtest/gtest.h>

#include "tests/support/configuration_run.h"
#include "tests/support/literals.h"
#include "tests/support/neighbour_messages.h"
#include "tests/support/parsed_packet.h"

namespace cfr {
namespace {

using test::Arp;
using test::ConfigurationRun;
using test::Frame;
using test::PacketBuilder;
using test::ParsedPacket;
using test::operator""_ip;
using test::operator""_net;

class EgressGuardTest : public testing::Test {
 protected:
  bool PassesTranslated(const Address& source, UnitIndex unit) const {
    const Address remote = source.family == Family::kV4 ? "198.51.100.5"_ip : "2001:db8:e::5"_ip;
    return EgressGuard::PassesTranslated(ParsedPacket(PacketBuilder().From(source, 5).To(remote, 443)).packet,
                                         *snapshot_, unit);
  }
  bool PassesOwn(const Frame& frame) const {
    return EgressGuard::PassesOwn(frame.data(), static_cast<uint16_t>(frame.size()), *snapshot_);
  }
  bool MaySpeak(const Address& source) const {
    const Address remote = source.family == Family::kV4 ? "192.0.2.254"_ip : "2001:db8:c0::fe"_ip;
    return PassesOwn(PacketBuilder().From(source).To(remote).EchoReply(1).Build());
  }
  bool MayArp(const Address& sender) const {
    return PassesOwn(Arp{Arp::kRequest, {}, sender, {}, "192.0.2.254"_ip}.Build({}, {}));
  }

  std::shared_ptr<const Snapshot> snapshot_ =
      test::SnapshotOf(ConfigurationRun(1)
                           .Own(Side::kAccess, "10.0.0.1/24"_net)
                           .Own(Side::kAccess, "2001:db8:ac::1/64"_net)
                           .Own(Side::kCore, "192.0.2.1/24"_net)
                           .Own(Side::kCore, "2001:db8:c0::1/64"_net)
                           .Subscribers("100.64.0.0/10"_net, 32)
                           .Subscribers("2001:db8:c1::/48"_net, 56)
                           .Pool("203.0.113.0/25"_net)
                           .Pool("203.0.113.128/25"_net, true)
                           .Pool("2001:db8:a000::/64"_net)
                           .Pool("2001:db8:b000::/64"_net, true)
                           .Unit(0, "203.0.113.7"_ip)
                           .Unit(1, "203.0.113.8"_ip, PrefixState::kDraining)
                           .Unit(2, "2001:db8:a000::7"_ip)
                           .Bypass("198.51.100.200/29"_net));
};

TEST_F(EgressGuardTest, TheAliasUnitOfTheFlowPasses) {
  EXPECT_TRUE(PassesTranslated("203.0.113.7"_ip, 0));
  EXPECT_TRUE(PassesTranslated("203.0.113.8"_ip, 1)) << "live flows of a draining unit go on";
  EXPECT_TRUE(PassesTranslated("2001:db8:a000::7"_ip, 2));
}

TEST_F(EgressGuardTest, AnyOtherSourceDoesNot) {
  for (const Address& source : {"100.64.0.1"_ip, "203.0.113.9"_ip, "203.0.113.8"_ip, "192.0.2.1"_ip,
                                "10.0.0.1"_ip, "2001:db8:a000::7"_ip, "2001:db8:c1::1"_ip}) {
    EXPECT_FALSE(PassesTranslated(source, 0)) << Format(source);
  }
}

TEST_F(EgressGuardTest, AUnitThatIsNotAssignedDoesNot) {
  EXPECT_FALSE(PassesTranslated("203.0.113.9"_ip, 3));
  EXPECT_FALSE(PassesTranslated("0.0.0.0"_ip, 3)) << "the empty slot's own address";
  EXPECT_FALSE(PassesTranslated("203.0.113.7"_ip, kUnitsMax - 1));
}

// An IPv4 unit and an IPv6 source may have the same sixteen bytes.
TEST_F(EgressGuardTest, FamiliesAreNotMixedUp) {
  Address same_bytes = "203.0.113.7"_ip;
  same_bytes.family = Family::kV6;
  EXPECT_FALSE(PassesTranslated(same_bytes, 0));
}

TEST_F(EgressGuardTest, ABypassIsLookedUpAgain) {
  auto passes = [&](const Address& to) {
    ParsedPacket p(PacketBuilder().From("100.64.0.1"_ip, 5).To(to, 53));
    return EgressGuard::PassesBypassed(p.packet, *snapshot_);
  };
  EXPECT_TRUE(passes("198.51.100.200"_ip));
  EXPECT_TRUE(passes("198.51.100.207"_ip));
  EXPECT_FALSE(passes("198.51.100.199"_ip));
  EXPECT_FALSE(passes("198.51.100.208"_ip));
}

TEST_F(EgressGuardTest, TheRelaySpeaksFromItsCoreAddresses) {
  EXPECT_TRUE(MayArp("192.0.2.1"_ip));
  EXPECT_TRUE(MaySpeak("192.0.2.1"_ip));
  EXPECT_TRUE(MaySpeak("2001:db8:c0::1"_ip));
}

TEST_F(EgressGuardTest, AndInArpAndDiscoveryForPoolsItAnswers) {
  EXPECT_TRUE(MayArp("203.0.113.200"_ip));
  EXPECT_TRUE(MaySpeak("2001:db8:b000::9"_ip));
  EXPECT_FALSE(MaySpeak("203.0.113.200"_ip)) << "no IPv4 packet of its own comes from a pool";
}

TEST_F(EgressGuardTest, AndFromNothingElse) {
  for (const Address& a : {"10.0.0.1"_ip, "100.64.0.1"_ip, "203.0.113.7"_ip, "192.0.2.2"_ip, "0.0.0.0"_ip}) {
    EXPECT_FALSE(MayArp(a)) << Format(a);
    EXPECT_FALSE(MaySpeak(a)) << Format(a);
  }
  for (const Address& a :
       {"2001:db8:ac::1"_ip, "2001:db8:c1::1"_ip, "2001:db8:a000::7"_ip, "::"_ip, "fe80::1"_ip})
    EXPECT_FALSE(MaySpeak(a)) << Format(a);
}

TEST_F(EgressGuardTest, AndNeitherToASubscriberNorAboutOne) {
  const Address own4 = "192.0.2.1"_ip, own6 = "2001:db8:c0::1"_ip;
  auto question = [&](const Address& about) {
    return PassesOwn(test::Solicitation(own6, about, {}).Build());
  };
  auto arp = [&](const Address& target) {
    return PassesOwn(Arp{Arp::kReply, {}, own4, {}, target}.Build({}, {}));
  };
  auto echo = [&](const Address& from, const Address& to) {
    return PassesOwn(PacketBuilder().From(from).To(to).EchoReply(1).Build());
  };
  EXPECT_TRUE(arp("192.0.2.77"_ip) && question("2001:db8:c0::77"_ip));
  EXPECT_TRUE(echo(own4, "198.51.100.5"_ip) && echo(own6, "2001:db8:e::5"_ip));
  EXPECT_FALSE(arp("100.64.0.1"_ip));
  EXPECT_FALSE(question("2001:db8:c1::1"_ip));
  EXPECT_FALSE(echo(own4, "100.64.0.1"_ip));
  EXPECT_FALSE(echo(own6, "2001:db8:c1::1"_ip));
}

TEST_F(EgressGuardTest, FramesItCannotReadDoNotPass) {
  const Frame frames[] = {
      Arp{Arp::kRequest, {}, "192.0.2.1"_ip, {}, "192.0.2.254"_ip}.Build({}, {}),
      PacketBuilder().From("192.0.2.1"_ip).To("192.0.2.254"_ip).EchoReply(1).Build(),
      PacketBuilder().From("2001:db8:c0::1"_ip).To("2001:db8:c0::fe"_ip).EchoReply(1).Build(),
  };
  const size_t headers[] = {14 + 28, 14 + 20 + 8, 14 + 40 + 8};
  for (size_t kind = 0; kind < 3; ++kind)
    for (size_t length = 0; length <= frames[kind].size(); ++length)
      EXPECT_EQ(PassesOwn(Frame(frames[kind].begin(), frames[kind].begin() + static_cast<long>(length))),
                length >= headers[kind])
          << kind << " " << length;
  Frame other = frames[1];
  for (uint16_t ethertype : {uint16_t{0x8100}, uint16_t{0x88cc}, uint16_t{0}}) {
    other[12] = static_cast<uint8_t>(ethertype >> 8);
    other[13] = static_cast<uint8_t>(ethertype);
    EXPECT_FALSE(PassesOwn(other)) << ethertype;
  }
}

}  // namespace
}  // namespace cfr
