// SPDX-License-Identifier: BSD-3-Clause
#include "common/address_rules.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/common/config_rows.h"

namespace cfr {
namespace {

TEST(AddressRules, Pools) {
  ExpectRows({
      {"both families", "[\"203.0.113.0/28\"]", "[\"203.0.113.0/28\", ^\"2001:db8:cf:1::/64\"]",
       "pool 'milan-v4' mixes IPv4 and IPv6", "make a pool for each"},
      {"IPv6 shorter than a /64", "[\"2001:db8:cf::/64\"]", "[^\"2001:db8:cf::/63\"]",
       "pool 'milan-v6': 2001:db8:cf::/63 does not lie in 2001:db8:cf::/64", "lies inside one /64"},
      {"IPv6 in two /64", "[\"2001:db8:cf::/64\"]", "[\"2001:db8:cf::/64\", ^\"2001:db8:cf:1::/64\"]",
       "2001:db8:cf:1::/64 does not lie in 2001:db8:cf::/64", "make a pool for each"},
      {"fewer addresses than units", "\"203.0.113.0/28\"]\nstate = \"active\"\nalias_units = 4",
       "\"203.0.113.0/31\"]\nstate = \"active\"\nalias_units = ^3", "has 2 addresses for 3 alias units",
       "lower alias_units"},
      {"fewer addresses than the units left out",
       "\"milan-v6\"\nregion = \"IT-25\"\nprefixes = [\"2001:db8:cf::/64\"]",
       "^\"milan-v6\"\nregion = \"IT-25\"\nprefixes = [\"2001:db8:cf::/127\"]", "has 2 addresses for 4", ""},
      {"a prefix twice", "[\"203.0.113.0/28\"]", "[\"203.0.113.0/28\", ^\"203.0.113.0/28\"]",
       "203.0.113.0/28 overlaps 203.0.113.0/28 of pool 'milan-v4'", "in line 49"},
      {"inside another pool", "",
       "[[pool]]\nname = \"x\"\nregion = \"IT-25\"\nprefixes = [^\"203.0.113.4/30\"]\n",
       "pool 'x': 203.0.113.4/30 overlaps 203.0.113.0/28 of pool 'milan-v4'", "in line 49"},
      {"around another pool", "",
       "[[pool]]\nname = \"x\"\nregion = \"IT-25\"\nprefixes = [^\"203.0.113.0/24\"]\n",
       "pool 'x': 203.0.113.0/24 overlaps 203.0.113.0/28 of pool 'milan-v4'", "in line 49"},
      {"inside the subscriber space", "[\"203.0.113.0/28\"]", "[^\"100.64.1.0/28\"]",
       "100.64.1.0/28 overlaps the subscribers 100.64.0.0/16", "nobody's own address"},
      {"around the subscriber space", "[\"203.0.113.0/28\"]", "[^\"100.64.0.0/15\"]",
       "100.64.0.0/15 overlaps the subscribers 100.64.0.0/16", ""},
      {"outside egress_allowed", "[\"203.0.113.0/28\"]", "[^\"198.18.0.0/28\"]",
       "198.18.0.0/28 is outside dataplane.egress_allowed", "takes a restart of cfr-dataplane"},
      {"half outside egress_allowed", "[\"203.0.113.0/28\"]", "[^\"203.0.112.0/23\"]",
       "is outside dataplane.egress", ""},
  });
}

TEST(AddressRules, Martians) {
  for (const char* prefix :
       {"0.0.0.0/0", "0.1.0.0/16", "127.0.0.0/24", "169.254.7.0/24", "224.0.0.0/28", "240.0.0.0/28",
        "255.255.255.255/32", "::/64", "::1/128", "ff02::/64", "fe80::/64", "::ffff:192.0.2.0/120"}) {
    std::string text = GoodConfig();
    text.erase(text.find("egress_allowed"), text.find("[timers]") - text.find("egress_allowed"));
    text += std::string("[[pool]]\nname = \"x\"\nregion = \"IT-25\"\nalias_units = 1\nprefixes = [\"") +
            prefix + "\"]\n";
    bool found = false;
    for (const ConfigError& e : ParseConfig(text).errors)
      found |= e.message == std::string("pool 'x': ") + prefix +
                                " is unspecified, loopback, link-local, multicast or reserved";
    EXPECT_TRUE(found) << prefix;
  }
}

TEST(AddressRules, Subscribers) {
  ExpectRows({
      {"inside others", "", "[[subscribers]]\nprefix = ^\"100.64.7.0/24\"\nregion = \"IT-25\"\n",
       "subscribers 100.64.7.0/24 overlap the subscribers 100.64.0.0/16", "in line 37"},
      {"around others", "", "[[subscribers]]\nprefix = ^\"100.64.0.0/15\"\nregion = \"IT-25\"\n",
       "subscribers 100.64.0.0/15 overlap the subscribers 100.64.0.0/16", "in line 37"},
      {"link-local", "", "[[subscribers]]\nprefix = ^\"fe80::/64\"\nregion = \"IT-25\"\n",
       "subscribers fe80::/64 are unspecified, loopback, link-local", ""},
  });
}

// Sorted, a nested prefix stands between two others, so neighbours alone do not tell.
TEST(AddressRules, FindsEveryNestedPrefix) {
  std::string text = GoodConfig();
  for (const char* prefix : {"10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24", "10.2.0.0/16", "11.0.0.0/8"})
    text += std::string("[[subscribers]]\nregion = \"IT-25\"\nprefix = \"") + prefix + "\"\n";
  ConfigResult result = ParseConfig(text);
  ASSERT_EQ(result.errors.size(), 3u);
  for (const ConfigError& e : result.errors)
    EXPECT_TRUE(e.message.ends_with("overlap the subscribers 10.0.0.0/8"));
}

TEST(AddressRules, TheRelayItself) {
  ExpectRows({
      {"in a pool", "\"192.0.2.2/24\"", "\"192.0.2.2/24\", ^\"203.0.113.3/24\"",
       "the relay's address 203.0.113.3 lies in pool 'milan-v4'", "nobody's own"},
      {"in the subscriber space on the core side", "\"192.0.2.2/24\"", "\"192.0.2.2/24\", ^\"100.64.0.1/24\"",
       "the relay's address 100.64.0.1 on the core port lies in the subscribers 100.64.0.0/16", ""},
      {"twice", "\"192.0.2.2/24\"", "\"192.0.2.2/24\", ^\"10.10.0.1/24\"", "10.10.0.1 is given twice", ""},
      {"multicast", "\"192.0.2.2/24\"", "\"192.0.2.2/24\", ^\"224.0.0.1/24\"", "multicast", ""},
      {"the network's address", "\"192.0.2.2/24\"", "\"192.0.2.2/24\", ^\"192.0.3.0/24\"",
       "first or last of its link", ""},
      {"the broadcast address", "\"192.0.2.2/24\"", "\"192.0.2.2/24\", ^\"192.0.3.255/24\"",
       "first or last of its link", ""},
      {"gateway on no link", "\"192.0.2.1\"", "^\"192.0.3.1\"",
       "gateway 192.0.3.1 is on no link of port.core", "addresses"},
      {"gateway on the other side's link", "\"fd10::fe\"", "^\"2001:db8:c0::9\"",
       "is on no link of port.access", ""},
      {"gateway that is the relay", "\"192.0.2.1\"", "^\"192.0.2.2\"",
       "gateway 192.0.2.2 is the relay itself", ""},
  });
}

TEST(AddressRules, OwnAddressesThatAreFine) {
  for (const char* address : {"100.64.0.1/24", "fe80::1/64", "198.51.100.64/31", "198.51.100.64/32"}) {
    std::string text = GoodConfig();
    text.replace(text.find("\"fd10::1/64\""), 12, std::string("\"fd10::1/64\", \"") + address + "\"");
    EXPECT_TRUE(ParseConfig(text).config.has_value()) << address;
  }
}

TEST(AddressRules, Bypass) {
  ExpectRows({
      {"overlaps a pool", "\"198.51.100.0/28\"", "^\"203.0.113.0/24\"",
       "bypass 203.0.113.0/24 overlaps pool 'milan-v4'", ""},
      {"overlaps the subscribers", "\"198.51.100.0/28\"", "^\"100.64.0.0/24\"",
       "overlaps the subscribers 100.64.0.0/16", ""},
      {"overlaps another bypass", "",
       "[[bypass]]\nname = \"b\"\nprefix = ^\"198.51.100.8/29\"\nreason = \"r\"\n",
       "bypass 198.51.100.8/29 overlaps bypass 198.51.100.0/28", "in line 61"},
  });
}

TEST(AddressRules, Nat64Prefixes) {
  ExpectRows({
      {"IPv4", "", "[admission]\nnat64_prefixes = [^\"192.0.2.0/24\"]\n",
       "NAT64 prefix 192.0.2.0/24 cannot hold an IPv4 address", "of length 32, 40, 48, 56, 64, 96"},
      {"a length RFC 6052 does not know", "",
       "[admission]\nnat64_prefixes = [\"2001:db9::/48\", ^\"2001:db9:1::/72\"]\n",
       "NAT64 prefix 2001:db9:1::/72 cannot hold", ""},
      {"overlaps the subscribers", "", "[admission]\nnat64_prefixes = [^\"2001:db8:1000::/48\"]\n",
       "NAT64 prefix 2001:db8:1000::/48 overlaps the subscribers 2001:db8:1000::/36", ""},
      {"overlaps a pool", "", "[admission]\nnat64_prefixes = [^\"2001:db8:cf::/48\"]\n",
       "NAT64 prefix 2001:db8:cf::/48 overlaps pool 'milan-v6'", ""},
  });
}

// The addresses of the good file are those of documents; its subscribers of IPv4 are not.
TEST(AddressRules, ProductionKnowsNoDocumentationAddresses) {
  ConfigResult result = ParseConfig(GoodConfig() + "[admission]\nmartians = \"production\"\n");
  std::string messages;
  for (const ConfigError& e : result.errors) absl::StrAppend(&messages, e.message, "\n");
  EXPECT_EQ(messages,
            "subscribers 2001:db8:1000::/36 are for documentation\n"
            "pool 'milan-v4': 203.0.113.0/28 is for documentation\n"
            "pool 'milan-v6': 2001:db8:cf::/64 is for documentation\n");
}

// What could not be read is not held against the rest.
TEST(AddressRules, NoErrorFollowsFromAnother) {
  ExpectRows({
      {"the only pool of a region", "\"2001:db8:cf::/64\"]", "^\"2001:db8:cf::1/64\"]", "has host bits set",
       ""},
      {"the address a gateway is reached by", "\"192.0.2.2/24\"", "^\"192.0.2.2/33\"", "no prefix", ""},
      {"the region codes", "\"IT-62\"]", "^7]", "must be a string", ""},
      {"the egress prefixes", "\"203.0.113.0/24\",", "^\"203.0.113.0/33\",", "no prefix", ""},
      {"prefixes that units are counted by", "\"203.0.113.0/28\"", "\"203.0.113.0/32\", ^\"203.0.113/28\"",
       "no prefix", ""},
  });
}

}  // namespace
}  // namespace cfr
