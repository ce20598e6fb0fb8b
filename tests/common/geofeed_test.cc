// SPDX-License-Identifier: BSD-3-Clause
#include "common/geofeed.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/support/literals.h"

namespace cfr {
namespace {

using test::operator""_net;

// "LINE: MESSAGE" of each.
std::string Text(const std::vector<GeofeedFinding>& findings) {
  std::string text;
  for (const GeofeedFinding& f : findings) absl::StrAppend(&text, f.line, ": ", f.message, "\n");
  return text;
}

PoolConfig Pool(const char* name, const char* region, std::vector<Prefix> prefixes, const char* city = "") {
  PoolConfig pool;
  pool.name = name;
  pool.region = region;
  pool.prefixes = std::move(prefixes);
  pool.city = city;
  return pool;
}

TEST(Geofeed, OfThePoolsInTheOrderOfTheirPrefixes) {
  Config config;
  config.pools = {Pool("six", "DE", {"2001:db8:cf::/64"_net}),
                  Pool("berlin", "DE-BE", {"203.0.113.64/28"_net, "203.0.113.0/28"_net}),
                  Pool("milan", "IT-25", {"198.51.100.0/24"_net}, "Milano"),
                  Pool("lab", "eu-west", {"192.0.2.0/24"_net})};
  std::vector<std::string> omitted;
  EXPECT_EQ(WriteGeofeed(GeofeedOf(config, &omitted)),
            "# prefix,country,region,city,postal code: RFC 8805\n"
            "198.51.100.0/24,IT,IT-25,Milano,\n"
            "203.0.113.0/28,DE,DE-BE,,\n"
            "203.0.113.64/28,DE,DE-BE,,\n"
            "2001:db8:cf::/64,DE,,,\n");
  EXPECT_EQ(omitted, std::vector<std::string>{"lab"});
}

TEST(Geofeed, WhatIsWrittenIsReadAndSaysTheSame) {
  Config config;
  config.pools = {Pool("a", "DE-BE", {"203.0.113.0/28"_net, "203.0.113.64/28"_net}, "K\xc3\xb6penick"),
                  Pool("b", "DE", {"2001:db8:cf::/64"_net})};
  std::vector<std::string> omitted;
  auto wanted = GeofeedOf(config, &omitted);
  Geofeed read = ReadGeofeed(WriteGeofeed(wanted));
  EXPECT_EQ(Text(read.findings), "");
  ASSERT_EQ(read.entries.size(), 3u);
  EXPECT_EQ(read.entries[0].line, 2);
  EXPECT_EQ(Text(CompareGeofeed(read.entries, wanted)), "");
}

TEST(Geofeed, LinesThatAreAsTheyShouldBe) {
  Geofeed feed = ReadGeofeed(
      "# a comment\r\n\r\n192.0.2.0/24,US,US-AL,,\r\n"
      "192.0.2.5,de,de-be,Berlin, # an address, small letters\n2001:db8::/32,,,,\n   # no blanks before it\n"
      "198.51.100.0/24,ZZ,,,");
  EXPECT_EQ(Text(feed.findings), "");
  ASSERT_EQ(feed.entries.size(), 4u);
  EXPECT_EQ(feed.entries[0].line, 3);
  EXPECT_EQ(feed.entries[1].prefix, "192.0.2.5/32"_net);
  EXPECT_EQ(feed.entries[1].country + feed.entries[1].region + feed.entries[1].city, "DEDE-BEBerlin");
  EXPECT_EQ(feed.entries[2].country, "");
}

TEST(Geofeed, EachLineThatIsNot) {
  for (auto [line, message] : std::initializer_list<std::pair<std::string, const char*>>{
           {"192.0.2.0/24,US,US-AL,", "3 commas; prefix,country,region,city,postal code have 4"},
           {"192.0.2.0/24", "0 commas"},
           {"192.0.2.0/24,US,,\"Bonn, Rhein\",", "5 commas"},
           {" 192.0.2.0/24,US,,,", "blanks around a cell"},
           {"192.0.2.0/24,US, ,,", "blanks around a cell"},
           {",US,,,", "'' is no prefix"},
           {"192.0.2.0/33,US,,,", "'192.0.2.0/33' is no prefix"},
           {"192.0.2.1/24,US,,,", "has host bits set"},
           {"192.0.2.0/24,USA,,,", "'USA' is no country of ISO 3166-1"},
           {"192.0.2.0/24,U1,,,", "'U1' is no country"},
           {"192.0.2.0/24,US,AL,,", "'AL' is no region of ISO 3166-2"},
           {"192.0.2.0/24,US,US-ALAB,,", "'US-ALAB' is no region"},
           {"192.0.2.0/24,CA,US-AL,,", "region US-AL is not of the country 'CA'"},
           {"192.0.2.0/24,,US-AL,,", "region US-AL is not of the country ''"},
           {"192.0.2.0/24,US,US-AL,,35004", "postal code is too precise"},
           {"203.0.113.0/24,US,,,", "203.0.113.0/24 is in line 1, too"},
           {"192.0.2.0/24,US,,\x1b[1m,", "control characters"},
           {"192.0.2.0/24,US,,K\xf6ln,", "not UTF-8"},
           {"192.0.2.0/24,US,,\xed\xa0\x80,", "not UTF-8"},
           {"192.0.2.0/24,US,,\xc0\xaf,", "not UTF-8"},
           {"192.0.2.0/24,US,,K\xc3", "not UTF-8"}}) {
    Geofeed feed = ReadGeofeed(absl::StrCat("203.0.113.0/24,DE,,,\n", line, "\n"));
    ASSERT_EQ(feed.findings.size(), 1u) << line;
    EXPECT_EQ(feed.findings[0].line, 2) << line;
    EXPECT_NE(feed.findings[0].message.find(message), std::string::npos) << feed.findings[0].message;
    EXPECT_EQ(feed.entries.size(), 1u) << line;
  }
}

TEST(Geofeed, ComparedByLongestMatch) {
  const std::vector<GeofeedEntry> wanted = {{"203.0.113.0/28"_net, "DE", "DE-BE", ""},
                                            {"203.0.113.64/28"_net, "DE", "DE-BE", ""}};
  auto compared = [&](const char* text) {
    Geofeed feed = ReadGeofeed(text);
    EXPECT_EQ(Text(feed.findings), "");
    return Text(CompareGeofeed(feed.entries, wanted));
  };
  EXPECT_EQ(compared("203.0.113.0/24,DE,DE-BE,,\n8.8.8.0/24,US,,,\n"), "") << "a wider entry says it, too";
  EXPECT_EQ(compared("203.0.113.0/24,FR,,,\n203.0.113.0/25,DE,DE-BE,,\n"), "");
  EXPECT_EQ(compared("203.0.113.0/28,DE,DE-BE,,\n"), "0: the pools' 203.0.113.64/28, in DE-BE, is missing\n");
  EXPECT_EQ(compared("203.0.113.0/24,DE,DE-BE,,\n203.0.113.0/28,DE,,,\n"),
            "2: 203.0.113.0/28 is said to be in DE; the pools' 203.0.113.0/28 is in DE-BE\n");
  EXPECT_EQ(compared("203.0.113.0/24,DE,DE-BE,,\n203.0.113.66,DE,DE-BE,Berlin,\n"),
            "2: 203.0.113.66/32 is said to be in DE-BE, Berlin; the pools' 203.0.113.64/28 is in DE-BE\n");
  EXPECT_EQ(compared("203.0.113.0/24,,,,\n"),
            "1: 203.0.113.0/24 is said to be in nowhere; the pools' 203.0.113.0/28 is in DE-BE\n"
            "1: 203.0.113.0/24 is said to be in nowhere; the pools' 203.0.113.64/28 is in DE-BE\n");
}

}  // namespace
}  // namespace cfr
