// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/prefix_map.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/literals.h"

namespace cfr {
namespace {

using test::operator""_ip;
using test::operator""_net;

using Entries = std::vector<std::pair<Prefix, int>>;

PrefixMap<int> MapOf(const Entries& entries) {
  PrefixMap<int> map;
  map.Build(entries);
  return map;
}

// -1 if there is none.
int Found(const PrefixMap<int>& map, const Address& a) {
  const int* value = map.Find(a);
  return value == nullptr ? -1 : *value;
}

TEST(PrefixMap, EveryAddressOfAPrefixAndNoneBeside) {
  auto map = MapOf({{"192.0.2.0/24"_net, 1}, {"198.51.100.64/26"_net, 2}, {"2001:db8:1::/48"_net, 3}});
  EXPECT_EQ(Found(map, "192.0.1.255"_ip), -1);
  EXPECT_EQ(Found(map, "192.0.2.0"_ip), 1);
  EXPECT_EQ(Found(map, "192.0.2.255"_ip), 1);
  EXPECT_EQ(Found(map, "192.0.3.0"_ip), -1);
  EXPECT_EQ(Found(map, "198.51.100.63"_ip), -1);
  EXPECT_EQ(Found(map, "198.51.100.127"_ip), 2);
  EXPECT_EQ(Found(map, "198.51.100.128"_ip), -1);
  EXPECT_EQ(Found(map, "2001:db8:0:ffff:ffff:ffff:ffff:ffff"_ip), -1);
  EXPECT_EQ(Found(map, "2001:db8:1::"_ip), 3);
  EXPECT_EQ(Found(map, "2001:db8:1:ffff:ffff:ffff:ffff:ffff"_ip), 3);
  EXPECT_EQ(Found(map, "2001:db8:2::"_ip), -1);
}

TEST(PrefixMap, NeighboursAndEnds) {
  auto map = MapOf(
      {{"10.0.0.1/32"_net, 2}, {"10.0.0.0/32"_net, 1}, {"0.0.0.0/8"_net, 3}, {"255.255.255.255/32"_net, 4}});
  EXPECT_EQ(Found(map, "0.0.0.0"_ip), 3);
  EXPECT_EQ(Found(map, "10.0.0.0"_ip), 1);
  EXPECT_EQ(Found(map, "10.0.0.1"_ip), 2);
  EXPECT_EQ(Found(map, "10.0.0.2"_ip), -1);
  EXPECT_EQ(Found(map, "255.255.255.255"_ip), 4);
  EXPECT_EQ(Found(map, "255.255.255.254"_ip), -1);
}

// 10.0.0.0 and a00:: begin with the same byte.
TEST(PrefixMap, FamiliesAreApart) {
  auto map = MapOf({{"10.0.0.0/8"_net, 4}});
  EXPECT_EQ(Found(map, "a00::"_ip), -1);
  EXPECT_EQ(map.FindOverlap("::/0"_net), nullptr);
  auto all = MapOf({{"0.0.0.0/0"_net, 4}, {"::/0"_net, 6}});
  EXPECT_EQ(Found(all, "255.1.2.3"_ip), 4);
  EXPECT_EQ(Found(all, "ffff::1"_ip), 6);
}

TEST(PrefixMap, EmptyAndRebuilt) {
  PrefixMap<int> map;
  EXPECT_EQ(Found(map, "192.0.2.1"_ip), -1);
  EXPECT_EQ(map.FindOverlap("0.0.0.0/0"_net), nullptr);
  map.Build({{"192.0.2.0/24"_net, 1}});
  map.Build({{"198.51.100.0/24"_net, 2}});
  EXPECT_EQ(Found(map, "192.0.2.1"_ip), -1) << "what was there before is gone";
  EXPECT_EQ(Found(map, "198.51.100.1"_ip), 2);
}

TEST(PrefixMap, OverlapInsideAroundAndBeside) {
  auto map = MapOf({{"192.0.2.64/26"_net, 1}, {"2001:db8::/64"_net, 2}});
  auto overlap = [&](const Prefix& p) {
    const Prefix* found = map.FindOverlap(p);
    return found == nullptr ? "none" : Format(*found);
  };
  EXPECT_EQ(overlap("192.0.2.64/26"_net), "192.0.2.64/26");
  EXPECT_EQ(overlap("192.0.2.127/32"_net), "192.0.2.64/26");
  EXPECT_EQ(overlap("192.0.0.0/16"_net), "192.0.2.64/26");
  EXPECT_EQ(overlap("0.0.0.0/0"_net), "192.0.2.64/26");
  EXPECT_EQ(overlap("192.0.2.0/26"_net), "none");
  EXPECT_EQ(overlap("192.0.2.128/26"_net), "none");
  EXPECT_EQ(overlap("2001:db8::5/128"_net), "2001:db8::/64");
  EXPECT_EQ(overlap("2001:db8:0:1::/64"_net), "none");
}

// Random disjoint prefixes of a small space, against a walk over all of them.
TEST(PrefixMap, AgreesWithAWalkOverAllEntries) {
  std::mt19937 random(1);
  auto draw = [&](int length_min) {
    const uint8_t bytes[4] = {192, 0, static_cast<uint8_t>(random() % 2), static_cast<uint8_t>(random())};
    auto length = static_cast<uint8_t>(length_min +
                                       static_cast<int>(random() % static_cast<uint32_t>(33 - length_min)));
    return Prefix{Masked(Address::FromV4(bytes), length), length};
  };
  for (int round = 0; round < 300; ++round) {
    Entries entries;
    for (int n = 0; n < 40; ++n) {
      Prefix p = draw(25);
      bool overlaps =
          std::any_of(entries.begin(), entries.end(), [&](auto& e) { return e.first.Overlaps(p); });
      if (!overlaps) entries.emplace_back(p, n);
    }
    auto map = MapOf(entries);
    for (int n = 0; n < 200; ++n) {
      const Prefix probe = draw(20);
      int expected = -1;
      bool any = false;
      for (const auto& [prefix, value] : entries) {
        if (prefix.Contains(probe.address)) expected = value;
        any |= prefix.Overlaps(probe);
      }
      ASSERT_EQ(Found(map, probe.address), expected) << Format(probe.address);
      const Prefix* overlap = map.FindOverlap(probe);
      ASSERT_EQ(overlap != nullptr, any) << Format(probe);
      ASSERT_TRUE(overlap == nullptr || overlap->Overlaps(probe));
    }
  }
}

}  // namespace
}  // namespace cfr
