// SPDX-License-Identifier: BSD-3-Clause
#include "common/config_rules.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/common/config_rows.h"

namespace cfr {
namespace {

TEST(ConfigRules, NamesRegionsAndPorts) {
  ExpectRows({
      {"unknown region of subscribers", "per = 32\nregion = \"IT-25\"", "per = 32\nregion = ^\"IT-26\"",
       "unknown region 'IT-26'", "did you mean 'IT-25'?"},
      {"unknown region of a pool", "",
       "[[pool]]\nname = \"x\"\nprefixes = [\"203.0.113.16/28\"]\nregion = ^\"anywhere\"\n",
       "unknown region 'anywhere'", "list it in node.regions"},
      {"two pools of one name", "",
       "[[pool]]\nname = ^\"milan-v4\"\nprefixes = [\"203.0.113.16/28\"]\nregion = \"IT-25\"\n",
       "pool 'milan-v4' is defined twice", "first in line 47"},
      {"two bypasses of one name", "",
       "[[bypass]]\nname = ^\"portal\"\nprefix = \"198.51.100.64/28\"\nreason = \"r\"\n",
       "bypass 'portal' is defined twice", "first in line 60"},
      {"subscribers of a family without pools", "\"2001:db8:1000::/36\"\nper = 56\nregion = \"IT-25\"",
       "^\"2001:db8:1000::/36\"\nper = 56\nregion = \"IT-62\"",
       "region 'IT-62' has ipv6 subscribers but no ipv6 pool", "region = \"IT-62\""},
      {"port range reversed", "port_first = 2000\nport_last = 60000", "port_first = ^60000\nport_last = 2000",
       "alias.port_first 60000 is above alias.port_last 2000", "both inclusive"},
      {"no UDP port left", "port_first = 2000\nport_last = 60000",
       "port_first = 2000\nport_last = 2001\navoided_ports = [^2000, 2001, 70]",
       "alias.avoided_ports leaves no port of port_first to port_last for UDP", "widen the range"},
      {"the standard list leaves no port", "port_first = 2000\nport_last = 60000",
       "port_first = ^1900\nport_last = 1900", "leaves no port", "widen the range"},
      {"QUIC among the short timers", "udp = \"5m\"", "udp_wellknown_ports = [53, ^443]",
       "timers.udp_wellknown_ports lists 443, which is QUIC's", "delete it"},
      {"DNS over QUIC among the short timers", "udp = \"5m\"", "udp_wellknown_ports = [^853]", "lists 853",
       ""},
      {"records without a key", "[scrub]", "[records]\nmode = ^\"batch\"\n[scrub]",
       "records.mode is \"batch\", but there are no day keys to seal to", "day_keys = "},
      {"a subscriber of more bits than a record keeps",
       "\"2001:db8:1000::/36\"\nper = 56\nregion = \"IT-25\"",
       "^\"2001:db8:1000::/36\"\nper = 65\nregion = \"IT-25\"\n[records]\nday_keys = \"/etc/cfr/keys\"\n",
       "a record keeps 64 bits of a subscriber, but one of these has 65", "records.mode = \"off\""},
      {"records in no directory", "[scrub]", "[records]\ndirectory = ^\"records\"\n[scrub]",
       "'records.directory' is \"records\", which does not begin with '/'", "no particular directory"},
      {"both ports on one device", "\"core0\"", "^\"acc0\"", "port.core is the device of port.access, 'acc0'",
       ""},
  });
}

// Whose aliases would hide nobody.
TEST(ConfigRules, Crowds) {
  auto few = [&](const char* subscribers, const char* rest) {
    return absl::StrCat("[[pool]]\nname = \"few\"\nprefixes = [\"203.0.113.16/28\"]\nregion = \"IT-62\"\n",
                        "alias_units = ", rest, "[[subscribers]]\nprefix = \"", subscribers,
                        "\"\nregion = \"IT-62\"\n");
  };
  const std::string wide = few("100.65.0.0/24", "^3\n"),
                    one = few("100.65.0.0/32", "^1\nsmall_crowd = true\n"),
                    each = few("100.65.0.0/30", "^4\nsmall_crowd = true\n");
  ExpectRows({
      {"more units than the crowd allows", "", wide.c_str(),
       "pool 'few': region 'IT-62' has 3 alias units for 256 possible ipv4 subscribers, so fewer than 100 "
       "would "
       "share an alias",
       "or write small_crowd = true"},
      {"one subscriber", "", one.c_str(),
       "1 alias units for 1 possible ipv4 subscribers, so an alias would name", "only renames them"},
      {"an alias for each", "", each.c_str(), "so an alias would name its subscriber", ""},
  });
  auto accepted = [&](const std::string& text) {
    return ParseConfig(GoodConfig() + text).config.has_value();
  };
  EXPECT_TRUE(accepted(few("100.65.0.0/24", "2\n")));
  EXPECT_TRUE(accepted(few("100.65.0.0/24", "3\nsmall_crowd = true\n"))) << "the word for it";
  EXPECT_TRUE(accepted(few("100.65.0.0/24", "3\nstate = \"draining\"\n"))) << "draws nobody";
  EXPECT_TRUE(accepted(few("100.65.0.0/31", "1\nsmall_crowd = true\n")));
}

TEST(ConfigRules, AffinityTimes) {
  ExpectRows({
      {"idle beyond the cap", "epoch = \"1h\"", "affinity_idle = ^\"5h\"",
       "alias.affinity_idle 18000 s is longer than alias.affinity_cap 14400 s", "given up at the cap"},
      {"a cap below the idle time of the profile", "epoch = \"1h\"",
       "profile = \"compat\"\naffinity_cap = ^\"30m\"", "alias.affinity_idle 3600 s is longer", ""},
      {"no epoch", "epoch = \"1h\"", "epoch = ^0", "'alias.epoch' is 0 s; allowed: 60 s to 86400 s",
       "longer than a day lets habits name a subscriber"},
      {"an epoch of two days", "epoch = \"1h\"", "epoch = ^\"48h\"", "'alias.epoch' is 172800 s",
       "longer than a day lets habits name a subscriber"},
      {"an affinity for ever", "epoch = \"1h\"", "affinity_cap = ^\"25h\"", "'alias.affinity_cap' is 90000 s",
       "a site would know its visitor again"},
      {"an unknown profile", "epoch = \"1h\"", "profile = ^\"paranoid\"",
       "'alias.profile' is \"paranoid\"; allowed: default, strict, compat", ""},
  });
}

// One more than each limit of common/limits.h, at the place of the one too many.
std::string Repeated(int count, const std::string& before, const char* between, const std::string& after) {
  std::string text;
  for (int i = 0; i < count; ++i) absl::StrAppend(&text, before, i / 256, between, i % 256, after);
  return text;
}

void ExpectLimit(const std::string& added, const std::string& message) {
  std::string text = GoodConfig();
  text.erase(text.find("egress_allowed"), text.find("[timers]") - text.find("egress_allowed"));
  ConfigResult result = ParseConfig(text + added);
  bool found = false;
  for (const ConfigError& e : result.errors) found |= e.message == message && e.line > 1;
  EXPECT_TRUE(found) << message << ", got "
                     << (result.errors.empty() ? "nothing" : Format(result.errors.front(), "f"));
}

TEST(ConfigRules, Limits) {
  ExpectLimit(Repeated(kPoolsMax, "[[pool]]\nname = \"p", "-",
                       "\"\nregion = \"IT-25\"\nprefixes = [\"203.0.113.0/28\"]\nalias_units = 1\n"),
              "258 pools; at most 256");
  ExpectLimit(Repeated(kBypassMax, "[[bypass]]\nname = \"p", "-",
                       "\"\nprefix = \"198.51.100.0/28\"\nreason = \"r\"\n"),
              "257 bypass prefixes; at most 256");
  ExpectLimit(Repeated(kSubscriberPrefixesMax, "[[subscribers]]\nprefix = \"10.", ".",
                       ".0/24\"\nregion = \"IT-25\"\n"),
              "65538 subscriber prefixes; at most 65536");
  ExpectLimit("[[pool]]\nname = \"x\"\nregion = \"IT-25\"\nprefixes = [\n" +
                  Repeated(kPoolPrefixesMax, "\"198.18.", ".", "/32\",\n") + "]\n",
              "1026 pool prefixes; at most 1024");
  ExpectLimit(Repeated(64, "[[pool]]\nname = \"p", "-",
                       "\"\nregion = \"IT-25\"\nprefixes = [\"203.0.113.0/28\"]\nalias_units = 16\n"),
              "more than 1024 alias units, all pools together");
}

TEST(ConfigRules, LimitOfRegionsAndOfOwnAddresses) {
  std::string text = GoodConfig();
  auto put_before = [&](const char* item, const std::string& items) { text.insert(text.find(item), items); };
  put_before("\"IT-62\"", Repeated(255, "\"R", "-", "\",\n"));
  put_before("\"192.0.2.2/24\"", Repeated(13, "\"192.0.", ".1", "/24\",\n"));
  ConfigResult result = ParseConfig(text);
  ASSERT_EQ(result.errors.size(), 2u) << Format(result.errors.at(0), "f");
  EXPECT_EQ(Format(result.errors[0], "f"), "f:258:1: error: 257 regions; at most 256");
  EXPECT_EQ(result.errors[1].message, "17 addresses of the relay, both ports together; at most 16");
}

}  // namespace
}  // namespace cfr
