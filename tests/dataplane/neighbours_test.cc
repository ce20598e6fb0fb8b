// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/neighbours.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/support/literals.h"
#include "tests/support/neighbour_bed.h"
#include "tests/support/neighbour_messages.h"

namespace cfr {
namespace {

using test::Arp;
using test::ConfigurationRun;
using test::Frame;
using test::MacAddress;
using test::NeighbourBed;
using test::PacketBuilder;
using test::operator""_ip;
using test::operator""_net;

constexpr MacAddress kBroadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr DropReason kUnresolved = DropReason::kNeighbourUnresolved, kIgnored = DropReason::kNeighbourIgnored;

MacAddress Station(uint8_t n) {
  return {2, 0, 0, 0, 0xaa, n};
}

ConfigurationRun TwoLinks(Generation generation = 1) {
  return ConfigurationRun(generation)
      .Own(Side::kAccess, "10.0.0.1/24"_net)
      .Own(Side::kAccess, "2001:db8:ac::1/64"_net)
      .Own(Side::kCore, "192.0.2.1/24"_net)
      .Own(Side::kCore, "2001:db8:c0::1/64"_net)
      .Gateway(Side::kAccess, "10.0.0.2"_ip)
      .Gateway(Side::kCore, "192.0.2.254"_ip)
      .Gateway(Side::kCore, "2001:db8:c0::fe"_ip)
      .Subscribers("10.0.0.128/25"_net, 32)
      .Subscribers("100.64.0.0/10"_net, 32)
      .Pool("203.0.113.0/24"_net);
}

class NeighboursTest : public testing::Test {
 protected:
  NeighboursTest() {
    bed_.Configure(TwoLinks());
    bed_.TakeSent();
    bed_.Publish();
  }

  static const MacAddress& PortMac(Side side) { return NeighbourBed::kPortMac[static_cast<int>(side)]; }

  void TakeReply(Side side, const Address& sender, const MacAddress& mac) {
    bed_.Take(side, Arp{Arp::kReply, mac, sender, PortMac(side), "192.0.2.1"_ip}.Build(mac, PortMac(side)));
  }
  void TakeRequest(Side side, const Address& sender, const MacAddress& mac, const Address& target) {
    bed_.Take(side, Arp{Arp::kRequest, mac, sender, {}, target}.Build(mac, kBroadcast));
  }
  // A datagram of a subscriber that cannot leave yet.
  const void* TakeWaiting(const Address& destination) {
    Address from = destination.family == Family::kV4 ? "100.64.0.1"_ip : "2001:db8:c1::1"_ip;
    return bed_.Take(Side::kAccess,
                     PacketBuilder()
                         .Stations(Station(1), PortMac(Side::kAccess))
                         .From(from, 1)
                         .To(destination, 2)
                         .Udp()
                         .Build(),
                     destination);
  }
  // Last byte of the station's MAC as the workers see it, -1 while it is unknown.
  int Known(Side side, const Address& a) {
    auto hops = bed_.Publish();
    const Mac* mac = a.family == Family::kV4 ? hops->Find(side, LoadAddress<V4>(a.bytes.data()))
                                             : hops->Find(side, LoadAddress<V6>(a.bytes.data()));
    return mac == nullptr ? -1 : (*mac)[5];
  }
  uint64_t Dropped(DropReason reason) const {
    return bed_.Dropped(Direction::kOutbound, reason) + bed_.Dropped(Direction::kInbound, reason);
  }

  NeighbourBed bed_;
};

TEST_F(NeighboursTest, BeforeTheFirstConfigurationEverythingIsDropped) {
  NeighbourBed bed;
  bed.Take(Side::kCore, Arp{Arp::kRequest, Station(1), "192.0.2.254"_ip, {}, "192.0.2.1"_ip}.Build(
                            Station(1), kBroadcast));
  EXPECT_EQ(bed.Dropped(Direction::kInbound, DropReason::kNoSnapshot), 1u);
  EXPECT_EQ(bed.TakeSent().size(), 0u);
  EXPECT_EQ(bed.TakeReleased().size(), 1u);
  EXPECT_EQ(bed.neighbours.Hops(), nullptr);
}

TEST_F(NeighboursTest, AConfigurationAsksForItsGateways) {
  NeighbourBed bed;
  bed.Configure(TwoLinks());
  EXPECT_EQ(bed.TakeSent().size(), 3u);
  EXPECT_EQ(bed.page->Get(Direction::kOutbound, Counter::kMade), 2u);
  EXPECT_EQ(bed.page->Get(Direction::kInbound, Counter::kMade), 1u);
}

// Who may put an entry into the table, and who may change one.
TEST_F(NeighboursTest, LearningRules) {
  struct Row {
    const char* what;
    std::function<void()> act;
    Side side;
    Address whose;
    int known;  // afterwards
  };
  const Row rows[] = {
      {"a stranger's reply", [&] { TakeReply(Side::kCore, "192.0.2.77"_ip, Station(1)); }, Side::kCore,
       "192.0.2.77"_ip, -1},
      {"a stranger's request for us",
       [&] { TakeRequest(Side::kCore, "192.0.2.77"_ip, Station(2), "192.0.2.1"_ip); }, Side::kCore,
       "192.0.2.77"_ip, -1},
      {"a stranger's announcement",
       [&] { TakeRequest(Side::kCore, "192.0.2.77"_ip, Station(3), "192.0.2.77"_ip); }, Side::kCore,
       "192.0.2.77"_ip, -1},
      {"the gateway's reply", [&] { TakeReply(Side::kCore, "192.0.2.254"_ip, Station(4)); }, Side::kCore,
       "192.0.2.254"_ip, 4},
      {"the gateway's announcement",
       [&] { TakeRequest(Side::kCore, "192.0.2.254"_ip, Station(5), "192.0.2.254"_ip); }, Side::kCore,
       "192.0.2.254"_ip, 5},
      {"the gateway's request for somebody",
       [&] { TakeRequest(Side::kCore, "192.0.2.254"_ip, Station(6), "192.0.2.9"_ip); }, Side::kCore,
       "192.0.2.254"_ip, 6},
      {"the gateway on the other side", [&] { TakeReply(Side::kAccess, "192.0.2.254"_ip, Station(7)); },
       Side::kCore, "192.0.2.254"_ip, 6},
      {"an on-link subscriber's request for us",
       [&] { TakeRequest(Side::kAccess, "10.0.0.200"_ip, Station(8), "10.0.0.1"_ip); }, Side::kAccess,
       "10.0.0.200"_ip, 8},
      {"an on-link subscriber's reply, unasked",
       [&] { TakeReply(Side::kAccess, "10.0.0.201"_ip, Station(9)); }, Side::kAccess, "10.0.0.201"_ip, -1},
      {"a subscriber that is not on the link",
       [&] { TakeRequest(Side::kAccess, "100.64.0.5"_ip, Station(10), "10.0.0.1"_ip); }, Side::kAccess,
       "100.64.0.5"_ip, -1},
      {"a stranger on the access link",
       [&] { TakeRequest(Side::kAccess, "10.0.0.99"_ip, Station(11), "10.0.0.1"_ip); }, Side::kAccess,
       "10.0.0.99"_ip, -1},
      {"our own address claimed", [&] { TakeReply(Side::kCore, "192.0.2.1"_ip, Station(12)); }, Side::kCore,
       "192.0.2.1"_ip, -1},
      {"whom we asked for",
       [&] {
         TakeWaiting("192.0.2.50"_ip);
         TakeReply(Side::kCore, "192.0.2.50"_ip, Station(13));
       },
       Side::kCore, "192.0.2.50"_ip, 13},
      {"a group as station",
       [&] {
         TakeWaiting("192.0.2.51"_ip);
         TakeReply(Side::kCore, "192.0.2.51"_ip, {3, 0, 0, 0, 0, 14});
       },
       Side::kCore, "192.0.2.51"_ip, -1},
  };
  for (const Row& row : rows) {
    row.act();
    EXPECT_EQ(Known(row.side, row.whose), row.known) << row.what;
  }
}

TEST_F(NeighboursTest, LearningRulesOfDiscovery) {
  const Address gateway = "2001:db8:c0::fe"_ip, stranger = "2001:db8:c0::77"_ip, own = "2001:db8:c0::1"_ip;
  auto advertise = [&](const Address& target, uint8_t n, std::optional<MacAddress> option) {
    bed_.Take(Side::kCore,
              test::Advertisement(target, own, option).Stations(Station(n), PortMac(Side::kCore)).Build());
  };
  auto solicit = [&](const Address& source, uint8_t n) {
    bed_.Take(Side::kCore, test::Solicitation(source, own, Station(n))
                               .Stations(Station(n), {0x33, 0x33, 0xff, 0, 0, 1})
                               .Build());
  };
  advertise(stranger, 1, Station(1));
  EXPECT_EQ(Known(Side::kCore, stranger), -1);
  solicit(stranger, 2);
  EXPECT_EQ(Known(Side::kCore, stranger), -1) << "answered, not learnt";
  advertise(gateway, 3, Station(3));
  EXPECT_EQ(Known(Side::kCore, gateway), 3);
  advertise(gateway, 4, std::nullopt);
  EXPECT_EQ(Known(Side::kCore, gateway), 4) << "without the option the sender's MAC";
  solicit(gateway, 5);
  EXPECT_EQ(Known(Side::kCore, gateway), 5);
  TakeWaiting(stranger);
  advertise(stranger, 6, Station(6));
  EXPECT_EQ(Known(Side::kCore, stranger), 6) << "asked for by a packet that waits";
}

// RFC 4861 7.1.1 and 7.1.2: what makes a message invalid.
TEST_F(NeighboursTest, InvalidDiscovery) {
  const Address own = "2001:db8:c0::1"_ip, gateway = "2001:db8:c0::fe"_ip;
  const MacAddress mac = Station(1), ours = PortMac(Side::kCore), group = {0x33, 0x33, 0xff, 0, 0, 1};
  auto target = [](const Address& a) { return std::vector<uint8_t>(a.bytes.begin(), a.bytes.end()); };
  auto with = [&](std::vector<uint8_t> options) {
    auto body = target(own);
    body.insert(body.end(), options.begin(), options.end());
    return PacketBuilder()
        .Stations(mac, group)
        .From(gateway)
        .To(test::SolicitedNode(own))
        .Icmp(135, 0)
        .Payload(body)
        .Ttl(255);
  };
  auto solicitation = [&] { return test::Solicitation(gateway, own, mac).Stations(mac, group); };
  const std::pair<const char*, PacketBuilder> rows[] = {
      {"through a router", solicitation().Ttl(254)},
      {"with a code", PacketBuilder(solicitation()).Icmp(135, 1)},
      {"too short for a target", PacketBuilder(solicitation()).Payload(15)},
      {"for a group", PacketBuilder(solicitation()).Payload(target("ff02::1"_ip))},
      {"option of length 0", with({1, 0, 2, 0, 0, 0, 0, 1})},
      {"option beyond the end", with({1, 2, 2, 0, 0, 0, 0, 1})},
      {"half an option", with({1, 1, 2, 0})},
      {"probe with a station", test::Solicitation("::"_ip, own, mac).Stations(mac, group)},
      {"probe to one address", test::Solicitation("::"_ip, own, std::nullopt).To(own).Stations(mac, ours)},
      {"probe to all nodes", test::Solicitation("::"_ip, own, std::nullopt)
                                 .To("ff02::1"_ip)
                                 .Stations(mac, {0x33, 0x33, 0, 0, 0, 1})},
      {"advertisement through a router", test::Advertisement(gateway, own, mac).Stations(mac, ours).Ttl(64)},
      {"solicited advertisement to a group",
       test::Advertisement(gateway, "ff02::1"_ip, mac).Stations(mac, {0x33, 0x33, 0, 0, 0, 1})},
  };
  uint64_t invalid = 0;
  for (const auto& [what, packet] : rows) {
    bed_.Take(Side::kCore, packet.Build());
    EXPECT_EQ(Dropped(DropReason::kNdInvalid), ++invalid) << what;
    EXPECT_EQ(bed_.TakeSent().size(), 0u) << what;
  }
  EXPECT_EQ(Known(Side::kCore, gateway), -1);
  bed_.Take(Side::kCore, with({14, 1, 0, 0, 0, 0, 0, 0, 1, 1, 2, 0, 0, 0, 0xaa, 9}).Build());
  EXPECT_EQ(Known(Side::kCore, gateway), 9) << "an unknown option is passed over";
  bed_.Take(Side::kCore, test::Advertisement(gateway, "ff02::1"_ip, mac, 0x20000000)
                             .Stations(mac, {0x33, 0x33, 0, 0, 0, 1})
                             .Build());
  EXPECT_EQ(Known(Side::kCore, gateway), 1) << "an unsolicited one to all nodes is right";
  EXPECT_EQ(Dropped(DropReason::kNdInvalid), invalid);
}

TEST_F(NeighboursTest, AnswersForItselfAndForPoolsThatSaySo) {
  bed_.Configure(TwoLinks(2).Pool("198.51.100.0/24"_net, true));
  bed_.TakeSent();
  struct Row {
    const char* what;
    Side side;
    Address target;
    size_t answers;
  };
  const Row rows[] = {
      {"itself on its side", Side::kCore, "192.0.2.1"_ip, 1},
      {"itself on the other side", Side::kAccess, "192.0.2.1"_ip, 0},
      {"a pool that is answered", Side::kCore, "198.51.100.9"_ip, 1},
      {"that pool on the access side", Side::kAccess, "198.51.100.9"_ip, 0},
      {"a pool that is routed to us", Side::kCore, "203.0.113.9"_ip, 0},
      {"a subscriber", Side::kAccess, "10.0.0.200"_ip, 0},
      {"the gateway", Side::kCore, "192.0.2.254"_ip, 0},
  };
  for (const Row& row : rows) {
    TakeRequest(row.side, row.side == Side::kCore ? "192.0.2.77"_ip : "10.0.0.99"_ip, Station(1), row.target);
    EXPECT_EQ(bed_.TakeSent().size(), row.answers) << row.what;
  }
}

TEST_F(NeighboursTest, APacketWaitsAndComesBackAfterTheNextHopsAreOut) {
  const void* packet = TakeWaiting("192.0.2.50"_ip);
  EXPECT_EQ(bed_.TakeSent().size(), 1u) << "the question";
  EXPECT_EQ(bed_.Waiting(Direction::kOutbound), 1);
  TakeReply(Side::kCore, "192.0.2.50"_ip, Station(5));
  EXPECT_TRUE(bed_.TakeReturned().empty()) << "not before the workers can know the station";
  EXPECT_EQ(Known(Side::kCore, "192.0.2.50"_ip), 5);
  EXPECT_EQ(bed_.TakeReturned(), std::vector<const void*>{packet});
  EXPECT_EQ(bed_.Waiting(Direction::kOutbound), 0);
}

TEST_F(NeighboursTest, APacketForAStationJustFoundComesBackAtOnce) {
  TakeReply(Side::kCore, "192.0.2.254"_ip, Station(5));
  const void* packet = TakeWaiting("203.0.114.9"_ip);
  EXPECT_EQ(bed_.TakeSent().size(), 0u);
  bed_.Publish();
  EXPECT_EQ(bed_.TakeReturned(), std::vector<const void*>{packet});
}

TEST_F(NeighboursTest, TheQueueOfAStationIsBounded) {
  std::vector<const void*> waiting;
  for (int n = 0; n < kNeighbourQueueMax; ++n) waiting.push_back(TakeWaiting("192.0.2.50"_ip));
  const void* beyond = TakeWaiting("192.0.2.50"_ip);
  EXPECT_EQ(Dropped(kUnresolved), 1u);
  EXPECT_EQ(bed_.TakeReleased(), std::vector<const void*>{beyond});
  TakeWaiting("192.0.2.51"_ip);
  EXPECT_EQ(Dropped(kUnresolved), 1u) << "each station has its own";
  TakeReply(Side::kCore, "192.0.2.50"_ip, Station(5));
  bed_.Publish();
  EXPECT_EQ(bed_.TakeReturned(), waiting);
}

TEST_F(NeighboursTest, ASilentStationIsAskedThreeTimesASecondApart) {
  const uint64_t start = bed_.now_ms;
  TakeWaiting("192.0.2.50"_ip);
  std::vector<uint64_t> asked;
  auto count = [&] {
    for (const auto& sent : bed_.TakeSent()) {
      bool for_it = sent.frame.size() == 42 && sent.frame[41] == 50;
      if (for_it) asked.push_back(bed_.now_ms - start);
    }
  };
  count();
  while (bed_.now_ms < start + 10'000) {
    bed_.Wait(100);
    count();
    EXPECT_EQ(Dropped(kUnresolved), bed_.now_ms >= start + 3000 ? 1u : 0u) << bed_.now_ms - start;
  }
  EXPECT_EQ(asked, (std::vector<uint64_t>{0, 1000, 2000}));
  EXPECT_EQ(bed_.TakeReleased().size(), 1u);
  EXPECT_EQ(bed_.Waiting(Direction::kOutbound), 0);
  TakeReply(Side::kCore, "192.0.2.50"_ip, Station(5));
  EXPECT_EQ(Known(Side::kCore, "192.0.2.50"_ip), -1) << "too late: nobody asks for it any more";
}

TEST_F(NeighboursTest, AKnownStationIsAskedAgainAndForgottenWhenSilent) {
  TakeWaiting("192.0.2.50"_ip);
  TakeReply(Side::kCore, "192.0.2.50"_ip, Station(5));
  bed_.Wait(29'900);
  TakeReply(Side::kCore, "192.0.2.50"_ip, Station(5));  // an answer renews it
  bed_.Wait(32'900);
  EXPECT_EQ(Known(Side::kCore, "192.0.2.50"_ip), 5) << "used while it is asked for";
  bed_.Wait(100);
  EXPECT_EQ(Known(Side::kCore, "192.0.2.50"_ip), -1);
}

// VRRP: another router takes over the gateway's address and says so.
TEST_F(NeighboursTest, AGatewayFailsOver) {
  TakeReply(Side::kCore, "192.0.2.254"_ip, Station(5));
  EXPECT_EQ(Known(Side::kCore, "203.0.114.9"_ip), 5);
  TakeRequest(Side::kCore, "192.0.2.254"_ip, Station(6), "192.0.2.254"_ip);
  EXPECT_EQ(Known(Side::kCore, "203.0.114.9"_ip), 6);
}

TEST_F(NeighboursTest, AGatewayThatDiesIsAskedForEverAndComesBack) {
  TakeReply(Side::kCore, "192.0.2.254"_ip, Station(5));
  bed_.Wait(40'000);
  EXPECT_EQ(Known(Side::kCore, "203.0.114.9"_ip), -1);
  bed_.TakeSent();
  bed_.Wait(3'600'000);
  size_t asked = 0;
  for (const auto& sent : bed_.TakeSent()) asked += sent.frame.size() == 42 && sent.side == Side::kCore;
  EXPECT_NEAR(static_cast<double>(asked), 3600, 2);
  TakeReply(Side::kCore, "192.0.2.254"_ip, Station(7));
  EXPECT_EQ(Known(Side::kCore, "203.0.114.9"_ip), 7);
}

TEST_F(NeighboursTest, AnotherGatewayByConfiguration) {
  TakeReply(Side::kCore, "192.0.2.254"_ip, Station(5));
  bed_.Configure(
      ConfigurationRun(2).Own(Side::kCore, "192.0.2.1/24"_net).Gateway(Side::kCore, "192.0.2.253"_ip));
  EXPECT_EQ(Known(Side::kCore, "203.0.114.9"_ip), -1) << "not the former one's";
  TakeReply(Side::kCore, "192.0.2.253"_ip, Station(6));
  EXPECT_EQ(Known(Side::kCore, "203.0.114.9"_ip), 6);
  bed_.Wait(40'000);
  bed_.TakeSent();
  bed_.Wait(10'000);
  for (const auto& sent : bed_.TakeSent())
    EXPECT_EQ(sent.frame[41], 253) << "the former one is asked for no more";
}

TEST_F(NeighboursTest, AGenerationKeepsTheStationsThatAreKnown) {
  TakeReply(Side::kCore, "192.0.2.254"_ip, Station(5));
  bed_.Configure(TwoLinks(2));
  for (const auto& sent : bed_.TakeSent()) EXPECT_NE(sent.frame[41], 254) << "no need to ask";
  EXPECT_EQ(Known(Side::kCore, "203.0.114.9"_ip), 5);
}

TEST_F(NeighboursTest, TheTableIsBounded) {
  bed_.Configure(
      ConfigurationRun(2).Own(Side::kCore, "10.128.0.1/9"_net).Gateway(Side::kCore, "10.128.0.2"_ip));
  bed_.Publish();
  bed_.TakeSent();
  for (uint32_t n = 0; n < kNeighboursMax + 100; ++n) {
    Address a = "10.129.0.0"_ip;
    a.bytes[2] = static_cast<uint8_t>(n >> 8);
    a.bytes[3] = static_cast<uint8_t>(n);
    TakeWaiting(a);
  }
  EXPECT_LE(bed_.TakeSent().size(), static_cast<size_t>(kNeighboursMax));
  EXPECT_GE(Dropped(kUnresolved), 100u);
  EXPECT_EQ(bed_.Waiting(Direction::kOutbound) + static_cast<int64_t>(Dropped(kUnresolved)),
            kNeighboursMax + 100);
  bed_.Wait(4000);
  EXPECT_EQ(bed_.Waiting(Direction::kOutbound), 0);
  TakeWaiting("10.130.0.1"_ip);
  EXPECT_EQ(bed_.Waiting(Direction::kOutbound), 1) << "there is room again";
}

TEST_F(NeighboursTest, WithoutALinkOrGatewayAPacketIsDropped) {
  bed_.Configure(ConfigurationRun(2).Own(Side::kCore, "192.0.2.1/24"_net));
  bed_.Publish();
  TakeWaiting("203.0.114.9"_ip);
  EXPECT_EQ(Dropped(kUnresolved), 1u);
}

TEST_F(NeighboursTest, WhatStillWaitsAtTheEndIsReleased) {
  struct Counting : NeighbourIo {
    void Send(Side, std::span<const uint8_t>) override {}
    void Return(Direction, void*) override {}
    void Release(void*) override { ++released; }
    int released = 0;
  } io;
  {
    Neighbours neighbours(bed_.ports, io, *bed_.page, 1);
    neighbours.Configure(test::SnapshotOf(TwoLinks()));
    neighbours.Hops();
    Frame frame = PacketBuilder().From("100.64.0.1"_ip, 1).To("192.0.2.50"_ip, 2).Udp().Build();
    for (const char* to : {"192.0.2.50", "192.0.2.51"}) {
      Packet p;
      p.data = frame.data();
      p.length = static_cast<uint16_t>(frame.size());
      p.l4_offset = 34;
      p.hop = ParseAddress(to);
      neighbours.Take(Direction::kOutbound, p, 0);
    }
    Frame reply = Arp{Arp::kReply, Station(1), "192.0.2.51"_ip, {}, "192.0.2.1"_ip}.Build(
        Station(1), PortMac(Side::kCore));
    Packet p;
    p.data = reply.data();
    p.length = static_cast<uint16_t>(reply.size());
    neighbours.Take(Direction::kInbound, p, 0);
    EXPECT_EQ(io.released, 1) << "the reply; one packet waits, one is ready";
  }
  EXPECT_EQ(io.released, 3);
}

// Malformed and refused packets are released, whatever the reason.
TEST_F(NeighboursTest, NothingIsKept) {
  const MacAddress mac = Station(1);
  bed_.Take(Side::kCore, Frame(20, 0));
  bed_.Take(Side::kCore, Arp{9, mac, "192.0.2.254"_ip, {}, "192.0.2.1"_ip}.Build(mac, kBroadcast));
  bed_.Take(Side::kCore, PacketBuilder()
                             .Stations(mac, PortMac(Side::kCore))
                             .From("192.0.2.9"_ip)
                             .To("192.0.2.1"_ip)
                             .EchoRequest(1)
                             .Build());
  bed_.Take(Side::kAccess, PacketBuilder()
                               .Stations(mac, PortMac(Side::kAccess))
                               .From("100.64.0.1"_ip)
                               .To("192.0.2.1"_ip)
                               .EchoRequest(1)
                               .Build());
  EXPECT_EQ(bed_.TakeReleased().size(), 4u);
  EXPECT_EQ(Dropped(DropReason::kOwnAddress), 1u) << "an address of the other side";
  EXPECT_EQ(bed_.Waiting(Direction::kInbound) + bed_.Waiting(Direction::kOutbound), 0);
}

}  // namespace
}  // namespace cfr
