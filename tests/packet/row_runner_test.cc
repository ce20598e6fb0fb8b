// SPDX-License-Identifier: BSD-3-Clause
// The rows are only worth something if a wrong row fails.
#include "tests/packet/row_runner.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace cfr::test {
namespace {

std::string configurations;

std::string FirstFailure(const std::string& steps) {
  RowFile file = ParseRows("inline", absl::StrCat("row r\n  A sentence.\n  on plain\n", steps));
  if (!file.errors.empty()) return file.errors[0];
  auto failures = RunRow(file.rows[0], Family::kV4, 1, configurations);
  return failures.empty() ? "" : absl::StrCat(failures[0].line, ": ", failures[0].sentence);
}

TEST(RowRunner, RightRowPasses) {
  EXPECT_EQ(FirstFailure("  access: C:5000>S:443 udp => core: A:a>S:443\n"), "");
}

struct Case {
  const char *steps, *says;
};

TEST(RowRunner, WrongRowsFailWithAReason) {
  const std::string open = "  access: C:5000>S:443 udp => core: A:a>S:443\n";
  const Case cases[] = {
      {"  access: C:5000>S:443 udp => nothing drop=no_flow\n",
       "5: expected a drop for no_flow, but it left on core"},
      {"  access: X:5000>S:443 udp => core\n",
       "expected a packet on core, but it was dropped for spoof_access"},
      {"  access: X:5000>S:443 udp => nothing drop=land\n", "but it was dropped for spoof_access"},
      {"  core: S:443>A:a udp => access: S:443>D:5000\n", "5: destination is not D"},
      {"  access: C:5000>S:443 udp => core: A:b>S:443 ttl=47\n", "5: ttl is 48, not 47"},
      {"  counters opened_udp=2\n", "opened_udp grew by 1, not 2"},
      {"  flows live=0\n", "1 flows live, not 0"},
      {"  differs a a\n", "a and a are the same"},
      {"  access: C:5001>S:443 udp => core: A:b>S:443\n  same a b\n", "a and b differ"},
      {"  wait 121s\n  core: S:443>A:a udp => access\n", "6: expected a packet on access"},
      {"  core: S:443>Ab:b udp => access\n", "neither"},
      {"  access: C:5000>S:443 udp colour=3 => core\n", "unknown field 'colour'"},
      {"  core: T>A icmp 11/0 quoting A:a>S:443 udp => access: T>C icmp 11/0 quoting C:5001>S:443 udp\n",
       "5: of the quoted packet: source port is not 5001"},
      {"  core: T>A icmp 11/0 quoting A:a>S:443 udp => access: T>C icmp 3/0\n", "ICMP type is 11, not 3"},
      {"  core: T>A icmp 3/4 mtu=900 quoting A:a>S:443 udp => access: T>C icmp 3/4 mtu=901\n",
       "mtu is 900, not 901"},
      {"  core: T>A icmp 11/0 quoting A:b>S:443 udp => access\n", "neither"},
      {"  access: C:5000>S:443 udp => core: A:a>S:443 quoting C:5000>S:443 udp\n", "quotes nothing readable"},
      {"  access: C:5000>S:443 udp ttl=1 => nothing drop=ttl_expired\n", "the relay made 1 frames, not 0"},
      {"  core: S:443>A:b udp => nothing drop=no_flow\n", "neither"},
      {"  core: S:443>A:7 udp => refused drop=no_flow\n", "the relay made 0 frames, not 1"},
      {"  access: C:5000>S:443 udp ttl=1 => refused drop=ttl_expired: R>C icmp 3/1\n",
       "ICMP type is 11, not 3"},
      {"  access: C:5000>S:443 udp ttl=1 => refused drop=ttl_expired: Q>C icmp 11/0\n", "source is not Q"},
      {"  access: C:5000>S:443 udp ttl=1 => refused drop=ttl_expired: R>C icmp 11/0 quoting C:5000>S:443 udp "
       "ttl=2\n",
       "of the quoted packet: ttl is 1, not 2"},
      {"  made => access\n", "the relay made nothing"},
      {"  released => core\n", "no packet was released"},
      {"  fly away\n", "unknown step 'fly'"},
      {"  apply timers.udp=1s\n", "udp"},
      {"  apply nothing.such=1\n", "unknown setting"},
  };
  for (const Case& c : cases) {
    std::string failure = FirstFailure(open + c.steps);
    EXPECT_TRUE(absl::StrContains(failure, c.says)) << c.steps << failure;
  }
}

TEST(RowRunner, UnreadableLinesAreNamed) {
  EXPECT_TRUE(absl::StartsWith(FirstFailure("  access: C:5000>S:443 udp\n"), "inline:4: cannot read"));
  EXPECT_TRUE(
      absl::StartsWith(FirstFailure("  access: C:5000>S:443 udp => nothing\n"), "inline:4: cannot read"));
  EXPECT_TRUE(
      absl::StartsWith(FirstFailure("  access: C:5000>S:443 udp => somewhere\n"), "inline:4: cannot read"));
  EXPECT_FALSE(ParseRows("inline", "step without a row\n").errors.empty());
  EXPECT_FALSE(ParseRows("inline", "row no-configuration\n  A sentence.\n  wait 1s\n").errors.empty());
}

TEST(RowRunner, RequirementsHaveAGroupAndANumber) {
  auto parse = [](const char* words) {
    return ParseRows("inline", absl::StrCat("row r ", words, "\n  A sentence.\n  on plain\n  wait 1s\n"));
  };
  EXPECT_EQ(parse("").rows[0].proves, std::vector<std::string>{});
  EXPECT_EQ(parse("UDP-1 E-67").rows[0].proves, (std::vector<std::string>{"UDP-1", "E-67"}));
  EXPECT_TRUE(parse("UDP-1 E-67").errors.empty());
  for (const char* wrong : {"UDP1", "udp-1", "-1", "UDP-", "UDP-0", "UDP-01", "UDP-1a", "UDP-1,E-2"})
    EXPECT_EQ(parse(wrong).errors, std::vector<std::string>{absl::StrCat(
                                       "inline:1: '", wrong, "' is no requirement such as UDP-1")});
}

TEST(RowRunner, FamiliesFollowTheNames) {
  auto families = [](const char* step) {
    return ParseRows("inline", absl::StrCat("row r\n  A sentence.\n  on plain\n  ", step, "\n"))
        .rows[0]
        .families;
  };
  using Families = std::vector<std::string>;
  EXPECT_EQ(families("access: C:1>S:2 udp => core"), (Families{"4", "6"}));
  EXPECT_EQ(families("access: C4:1>S4:2 udp => core"), Families{"4"});
  EXPECT_EQ(families("access: C:1>[2001:db8::1]:2 udp => core"), Families{"6"});
}

}  // namespace
}  // namespace cfr::test

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  cfr::test::configurations = argc > 1 ? argv[1] : "configurations";
  return RUN_ALL_TESTS();
}
