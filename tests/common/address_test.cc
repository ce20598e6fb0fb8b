// SPDX-License-Identifier: BSD-3-Clause
#include "common/address.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cfr {
namespace {

struct Row {
  const char* text;
  const char* canonical;  // nullptr: refused
};

void ExpectRows(const std::vector<Row>& rows, std::string (*parse_and_format)(std::string_view)) {
  for (const Row& row : rows)
    EXPECT_EQ(parse_and_format(row.text), row.canonical == nullptr ? "refused" : row.canonical) << row.text;
}

std::string RoundAddress(std::string_view text) {
  auto address = ParseAddress(text);
  return address ? Format(*address) : "refused";
}

std::string RoundPrefix(std::string_view text) {
  auto prefix = ParsePrefix(text);
  return prefix ? Format(*prefix) : "refused";
}

TEST(Address, ParsesOrRefuses) {
  ExpectRows(
      {
          {"192.0.2.1", "192.0.2.1"},
          {"0.0.0.0", "0.0.0.0"},
          {"255.255.255.255", "255.255.255.255"},
          {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
          {"::", "::"},
          {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
          {"", nullptr},
          {" 192.0.2.1", nullptr},
          {"192.0.2.1 ", nullptr},
          {"192.0.2", nullptr},
          {"192.0.2.256", nullptr},
          {"192.0.2.01", nullptr},
          {"192.0.2.1.1", nullptr},
          {"0xc0.0.2.1", nullptr},
          {"2001:db8::1::2", nullptr},
          {"2001:db8::1%eth0", nullptr},
          {"2001:db8:12345::1", nullptr},
          {"1111:2222:3333:4444:5555:6666:7777:8888:9999", nullptr},
          {"1111:2222:3333:4444:5555:6666:255.255.255.255.very.long", nullptr},
      },
      RoundAddress);
}

TEST(Address, StopsAtTheEndOfItsText) {
  std::string_view text = "192.0.2.123";
  EXPECT_EQ(RoundAddress(text.substr(0, 10)), "192.0.2.12");
  EXPECT_EQ(RoundAddress(std::string_view("192.0.2.1\0", 10)), "refused") << "a NUL ends no address";
}

TEST(Address, KeepsNetworkByteOrder) {
  auto v4 = ParseAddress("192.0.2.1");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->family, Family::kV4);
  EXPECT_EQ(v4->bytes, (std::array<uint8_t, 16>{192, 0, 2, 1}));
  EXPECT_EQ(Address::FromV4("\xc0\x00\x02\x01"), *v4);
  auto v6 = ParseAddress("2001:db8::1");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->bytes, (std::array<uint8_t, 16>{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
  EXPECT_EQ(Address::FromV6(v6->bytes.data()), *v6);
  EXPECT_NE(*ParseAddress("0.0.0.0"), *ParseAddress("::"));
}

TEST(Prefix, ParsesOrRefuses) {
  ExpectRows(
      {
          {"192.0.2.0/24", "192.0.2.0/24"},
          {"192.0.2.1/24", "192.0.2.1/24"},
          {"0.0.0.0/0", "0.0.0.0/0"},
          {"::/0", "::/0"},
          {"2001:db8::/128", "2001:db8::/128"},
          {"192.0.2.0", nullptr},
          {"192.0.2.0/", nullptr},
          {"/24", nullptr},
          {"192.0.2.0/33", nullptr},
          {"2001:db8::/129", nullptr},
          {"192.0.2.0/-1", nullptr},
          {"192.0.2.0/+8", nullptr},
          {"192.0.2.0/8 ", nullptr},
          {"192.0.2.0/8x", nullptr},
          {"192.0.2.0/0008", nullptr},
          {"192.0.2.0/24/24", nullptr},
          {"192.0.2.0/4294967304", nullptr},
      },
      RoundPrefix);
}

Prefix P(const char* text) {
  return *ParsePrefix(text);
}

TEST(Prefix, ContainsItsAddressesOnly) {
  EXPECT_TRUE(P("192.0.2.0/28").Contains(*ParseAddress("192.0.2.15")));
  EXPECT_FALSE(P("192.0.2.0/28").Contains(*ParseAddress("192.0.2.16")));
  EXPECT_TRUE(P("0.0.0.0/0").Contains(*ParseAddress("203.0.113.9")));
  EXPECT_FALSE(P("0.0.0.0/0").Contains(*ParseAddress("::1"))) << "families never mix";
  EXPECT_TRUE(P("2001:db8::/63").Contains(*ParseAddress("2001:db8:0:1::5")));
  EXPECT_FALSE(P("2001:db8::/63").Contains(*ParseAddress("2001:db8:0:2::5")));
  EXPECT_TRUE(P("192.0.2.0/24").Contains(P("192.0.2.128/25")));
  EXPECT_FALSE(P("192.0.2.128/25").Contains(P("192.0.2.0/24")));
}

TEST(Prefix, OverlapIsMutual) {
  EXPECT_TRUE(P("192.0.2.0/24").Overlaps(P("192.0.2.128/25")));
  EXPECT_TRUE(P("192.0.2.128/25").Overlaps(P("192.0.2.0/24")));
  EXPECT_FALSE(P("192.0.2.0/25").Overlaps(P("192.0.2.128/25")));
  EXPECT_FALSE(P("0.0.0.0/0").Overlaps(P("::/0")));
}

TEST(Prefix, KnowsHostBitsAndItsEnds) {
  EXPECT_FALSE(P("192.0.2.0/24").HasHostBits());
  EXPECT_TRUE(P("192.0.2.1/24").HasHostBits());
  EXPECT_TRUE(P("192.0.2.1/31").HasHostBits());
  EXPECT_FALSE(P("192.0.2.1/32").HasHostBits());
  EXPECT_TRUE(P("128.0.0.0/0").HasHostBits());
  EXPECT_EQ(Format(Masked(*ParseAddress("255.255.255.255"), 17)), "255.255.128.0");
  EXPECT_EQ(Format(Masked(*ParseAddress("ffff:ffff::"), 19)), "ffff:e000::");
  EXPECT_EQ(Format(LastOf(P("192.0.2.0/29"))), "192.0.2.7");
  EXPECT_EQ(Format(LastOf(P("2001:db8::/126"))), "2001:db8::3");
  EXPECT_EQ(Format(LastOf(P("0.0.0.0/0"))), "255.255.255.255");
  EXPECT_EQ(LastOf(P("192.0.2.0/29")).bytes[4], 0) << "bytes past the IPv4 width stay zero";
}

}  // namespace
}  // namespace cfr
