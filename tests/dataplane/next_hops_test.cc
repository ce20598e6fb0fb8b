// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/next_hops.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/support/configuration_run.h"
#include "tests/support/literals.h"

namespace cfr {
namespace {

using test::ConfigurationRun;
using test::SnapshotOf;
using test::operator""_ip;
using test::operator""_net;

constexpr uint64_t kSalt = 0x1122334455667788;

Mac Station(uint8_t n) {
  return {2, 0, 0, 0, 1, n};
}

// The last byte of the station's MAC, -1 if there is none.
int Found(const NextHops& hops, Side side, const Address& a) {
  const Mac* mac = a.family == Family::kV4 ? hops.Find(side, LoadAddress<V4>(a.bytes.data()))
                                           : hops.Find(side, LoadAddress<V6>(a.bytes.data()));
  return mac == nullptr ? -1 : (*mac)[5];
}

std::shared_ptr<const Snapshot> TwoLinks() {
  return SnapshotOf(ConfigurationRun(1)
                        .Own(Side::kAccess, "10.0.0.1/24"_net)
                        .Own(Side::kAccess, "2001:db8:ac::1/64"_net)
                        .Own(Side::kCore, "192.0.2.1/24"_net)
                        .Own(Side::kCore, "198.51.100.1/30"_net)
                        .Own(Side::kCore, "2001:db8:c0::1/64"_net)
                        .Gateway(Side::kAccess, "10.0.0.2"_ip)
                        .Gateway(Side::kCore, "192.0.2.254"_ip)
                        .Gateway(Side::kCore, "2001:db8:c0::fe"_ip));
}

TEST(NextHops, OnLinkItselfElseTheGateway) {
  const NextHops hops(*TwoLinks(),
                      {{Side::kAccess, "10.0.0.2"_ip, Station(1)},
                       {Side::kAccess, "10.0.0.77"_ip, Station(2)},
                       {Side::kCore, "192.0.2.254"_ip, Station(3)},
                       {Side::kCore, "198.51.100.2"_ip, Station(4)},
                       {Side::kCore, "2001:db8:c0::fe"_ip, Station(5)},
                       {Side::kCore, "2001:db8:c0::77"_ip, Station(6)}},
                      kSalt);
  EXPECT_EQ(Found(hops, Side::kAccess, "100.64.0.1"_ip), 1);
  EXPECT_EQ(Found(hops, Side::kAccess, "10.0.0.77"_ip), 2);
  EXPECT_EQ(Found(hops, Side::kAccess, "10.0.0.78"_ip), -1) << "on-link and silent: not the gateway's";
  EXPECT_EQ(Found(hops, Side::kCore, "203.0.113.5"_ip), 3);
  EXPECT_EQ(Found(hops, Side::kCore, "192.0.2.254"_ip), 3) << "the gateway is on-link, too";
  EXPECT_EQ(Found(hops, Side::kCore, "198.51.100.2"_ip), 4) << "on the second link of the side";
  EXPECT_EQ(Found(hops, Side::kCore, "198.51.100.5"_ip), 3) << "just beyond it";
  EXPECT_EQ(Found(hops, Side::kCore, "2001:db8:ffff::1"_ip), 5);
  EXPECT_EQ(Found(hops, Side::kCore, "2001:db8:c0::77"_ip), 6);
  EXPECT_EQ(Found(hops, Side::kAccess, "2001:db8:ffff::1"_ip), -1) << "no gateway of this side and family";
}

TEST(NextHops, SidesAndFamiliesAreApart) {
  Address v6_with_the_bytes = "10.0.0.77"_ip;
  v6_with_the_bytes.family = Family::kV6;
  auto snapshot = SnapshotOf(ConfigurationRun(1)
                                 .Own(Side::kAccess, "10.0.0.1/8"_net)
                                 .Own(Side::kCore, "10.0.0.9/8"_net)
                                 .Own(Side::kAccess, "a00::1/16"_net));
  const NextHops hops(*snapshot, {{Side::kAccess, "10.0.0.77"_ip, Station(1)}}, kSalt);
  EXPECT_EQ(Found(hops, Side::kAccess, "10.0.0.77"_ip), 1);
  EXPECT_EQ(Found(hops, Side::kCore, "10.0.0.77"_ip), -1);
  EXPECT_EQ(Found(hops, Side::kAccess, v6_with_the_bytes), -1);
}

TEST(NextHops, AnUnknownGatewayIsNoStation) {
  const NextHops hops(*TwoLinks(), {}, kSalt);
  EXPECT_EQ(Found(hops, Side::kCore, "203.0.113.5"_ip), -1);
  EXPECT_EQ(hops.HopAddress(Side::kCore, "203.0.113.5"_ip), "192.0.2.254"_ip);
}

TEST(NextHops, WhoseStationIsWanted) {
  const NextHops hops(*TwoLinks(), {}, kSalt);
  EXPECT_EQ(hops.HopAddress(Side::kCore, "192.0.2.77"_ip), "192.0.2.77"_ip);
  EXPECT_EQ(hops.HopAddress(Side::kAccess, "192.0.2.77"_ip), "10.0.0.2"_ip);
  EXPECT_EQ(hops.HopAddress(Side::kCore, "2001:db8:c0::77"_ip), "2001:db8:c0::77"_ip);
  EXPECT_EQ(hops.HopAddress(Side::kAccess, "2001:db8:ffff::1"_ip), std::nullopt);
}

TEST(NextHops, LinksOfEveryLength) {
  for (int length = 0; length <= 32; ++length) {
    const Prefix own{"192.0.2.133"_ip, static_cast<uint8_t>(length)};
    const NextHops hops(*SnapshotOf(ConfigurationRun(1).Own(Side::kCore, own)), {}, kSalt);
    for (const Address& a :
         {"192.0.2.132"_ip, "192.0.2.133"_ip, "192.0.2.255"_ip, "193.0.2.133"_ip, "64.0.2.133"_ip})
      EXPECT_EQ(hops.HopAddress(Side::kCore, a).has_value(), own.Contains(a)) << length << " " << Format(a);
  }
  for (int length = 0; length <= 128; ++length) {
    const Prefix own{"2001:db8:5555:5555:5555:5555:5555:5555"_ip, static_cast<uint8_t>(length)};
    const NextHops hops(*SnapshotOf(ConfigurationRun(1).Own(Side::kCore, own)), {}, kSalt);
    for (size_t bit = 0; bit < 128; ++bit) {
      Address a = own.address;
      a.bytes[bit / 8] ^= static_cast<uint8_t>(0x80 >> bit % 8);
      ASSERT_EQ(hops.HopAddress(Side::kCore, a).has_value(), own.Contains(a)) << length << " " << bit;
    }
  }
}

// As many as the main lcore may know, each found and no other.
TEST(NextHops, AgreesWithAMap) {
  std::mt19937_64 random(1);
  for (int salt = 0; salt < 5; ++salt) {
    std::map<std::pair<Side, Address>, uint8_t> known;
    auto draw = [&] {
      Address a = random() % 2 == 0 ? "10.0.0.0"_ip : "2001:db8:ac::"_ip;
      const size_t last = a.family == Family::kV4 ? 3 : 15;
      a.bytes[last] = static_cast<uint8_t>(random());
      a.bytes[last - 1] = static_cast<uint8_t>(random() % 32);
      return std::pair{static_cast<Side>(random() % 2), a};
    };
    for (int n = 0; n < kNeighboursMax; ++n) known[draw()] = static_cast<uint8_t>(random());
    std::vector<ResolvedNeighbour> neighbours;
    for (const auto& [key, n] : known) neighbours.push_back({key.first, key.second, Station(n)});
    auto snapshot = SnapshotOf(ConfigurationRun(1)
                                   .Own(Side::kAccess, "10.0.255.1/16"_net)
                                   .Own(Side::kCore, "10.0.255.2/16"_net)
                                   .Own(Side::kAccess, "2001:db8:ac::ff:1/64"_net)
                                   .Own(Side::kCore, "2001:db8:ac::ff:2/64"_net));
    const NextHops hops(*snapshot, neighbours, random());
    for (int n = 0; n < 20'000; ++n) {
      auto probe = draw();
      auto found = known.find(probe);
      ASSERT_EQ(Found(hops, probe.first, probe.second), found == known.end() ? -1 : found->second);
    }
  }
}

}  // namespace
}  // namespace cfr
