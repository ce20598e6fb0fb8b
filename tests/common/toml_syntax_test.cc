// SPDX-License-Identifier: BSD-3-Clause
// Syntax errors as a reader of the file meets them, guard and library together.
#include "common/toml_syntax.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/common/config_rows.h"

namespace cfr {
namespace {

TEST(TomlSyntax, BareWords) {
  ExpectRows({
      {"a bare region", "region = \"IT-25\"", "region = ^IT-25", "'IT-25' without quotes is no value",
       "in quotes: \"IT-25\""},
      {"a bare region in an array", "\"IT-62\"]", "^IT-62]", "'IT-62' without quotes",
       "in quotes: \"IT-62\""},
      {"a bare IPv4 prefix", "\"100.64.0.0/16\"", "^100.64.0.0/16", "'100.64.0.0/16' without quotes",
       "\"100.64.0.0/16\""},
      {"a bare IPv6 prefix", "\"2001:db8:1000::/36\"", "^2001:db8:1000::/36", "without quotes",
       "\"2001:db8:1000::/36\""},
      {"a bare IPv6 prefix of letters", "\"2001:db8:1000::/36\"", "^fd00::/8", "without quotes",
       "\"fd00::/8\""},
      {"a bare address", "\"192.0.2.1\"", "^192.0.2.1", "'192.0.2.1' without quotes", "\"192.0.2.1\""},
      {"a bare address on its own line", "\"192.0.2.2/24\",", "\n  ^192.0.2.2/24,", "without quotes",
       "\"192.0.2.2/24\""},
      {"a bare duration", "\"5m\"", "^5m", "'5m' without quotes", "\"5m\""},
      {"a bare PCI address", "netdev = \"core0\"", "pci = ^0000:81:00.0", "without quotes",
       "\"0000:81:00.0\""},
      {"True", "dscp = true", "dscp = ^True", "'True' is no value", "write true"},
      {"off", "dscp = true", "dscp = ^off", "'off' is no value", "write false"},
  });
}

TEST(TomlSyntax, PlacesOfTheLibrarysErrors) {
  ExpectRows({
      {"string without end", "\"edge1\"", "^\"edge1", "a string that does not end", "close the quote"},
      {"literal string without end", "\"edge1\"", "^'edge1", "a string that does not end", "close the quote"},
      {"string of several lines without end", "", "[x]\ny = ^\"\"\"abc\n", "several lines that does not end",
       ""},
      {"unknown escape", "\"edge1\"", "^\"edge\\1\"", "unknown escape", ""},
      {"escape that names no character", "\"edge1\"", "\"\\uD800^\"", "names no character", ""},
      {"two on a line", "mtu = 1500", "mtu = 1500 ^mtu = 1500", "something follows where the line should end",
       ""},
      {"value missing", "mtu = 1500", "mtu =^", "the value is missing", ""},
      {"equals sign missing", "mtu = 1500", "mtu^ 1500", "'=' is missing", ""},
      {"key missing", "mtu = 1500", "^= 1500", "the key is missing", ""},
      {"no key at all", "mtu = 1500", "^@ = 1500", "neither a key nor a table header", ""},
      {"something after a header", "[timers]", "[timers]^ udp = 300", "something follows the table header",
       ""},
      {"header without end", "[timers]", "^[timers", "malformed table header", "alone on its line"},
      {"list header half open", "[[bypass]]", "^[[bypass]", "malformed table header", "[[list]]"},
      {"array without comma", "\"IT-25\", \"IT-62\"", "\"IT-25\" ^\"IT-62\"", "a comma is missing", ""},
      {"inline table without end", "", "[x]\ny = {a = 1^\n", "the inline table is malformed", ""},
      {"malformed number", "mtu = 1500", "mtu = 1^__500", "malformed number", ""},
      {"impossible date", "mtu = 1500", "mtu = 2020-13-45^", "no such date", ""},
      {"key given twice", "mtu = 1500", "mtu = 1500\nmtu = ^1500", "already given", "first in line 7"},
      {"table given twice", "", "^[timers]\n", "already given", "first in line 22"},
      {"list after table", "", "^[[timers]]\n", "already given", "first in line 22"},
      {"characters count, not bytes", "\"edge1\"", "\"\xc3\xa9\xc3\xa9\" ^x", "", ""},
  });
}

TEST(TomlSyntax, OnlyTheFirstIsTold) {
  ConfigResult result = ParseConfig("[node]\nname = edge\nregions = (\n");
  ASSERT_EQ(result.errors.size(), 1u);
  EXPECT_EQ(Format(result.errors[0], "f"),
            "f:2:8: error: 'edge' without quotes is no value\n  hint: put it in quotes: \"edge\"");
}

}  // namespace
}  // namespace cfr
