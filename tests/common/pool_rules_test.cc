// SPDX-License-Identifier: BSD-3-Clause
#include "common/pool_rules.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/common/config_rows.h"

namespace cfr {
namespace {

constexpr const char* kRegions = "\"IT-25\", \"IT-62\"";

std::string Pool(const char* name, const char* region, const char* prefix, const std::string& more) {
  return absl::StrCat("[[pool]]\nname = \"", name, "\"\nregion = \"", region, "\"\nprefixes = [\"", prefix,
                      "\"]\n", more);
}

ConfigResult WithPools(const std::string& pools) {
  return ParseConfig(
      absl::StrReplaceAll(GoodConfig(), {{kRegions, "\"IT-25\", \"IT-62\", \"IT\", \"FR\", \"lab\""}}) +
      pools);
}

TEST(PoolRules, Parents) {
  ExpectRows({
      {"an unknown parent", "answer_neighbours = false", "parent = ^\"milan-v5\"",
       "pool 'milan-v4': there is no pool 'milan-v5' to be its parent", "did you mean 'milan-v4'?"},
      {"its own parent", "answer_neighbours = false", "parent = ^\"milan-v4\"",
       "'milan-v4' is its own ancestor", ""},
      {"a parent of the other family", "answer_neighbours = false", "parent = ^\"milan-v6\"",
       "'milan-v4' and its parent 'milan-v6' are of two IP families", "same family"},
      {"a parent of another region", "",
       "[[pool]]\nname = \"rome\"\nregion = \"IT-62\"\nprefixes = [\"203.0.113.16/28\"]\nparent = "
       "^\"milan-v4\"\n",
       "region 'IT-25' does not contain 'IT-62'", "cross_border = true if they may"},
      {"a border for nobody", "answer_neighbours = false", "cross_border = ^true",
       "crosses no border without a parent", "delete cross_border"},
      {"a border that is not crossed", "",
       "[[pool]]\nname = \"m\"\nregion = \"IT-25\"\nprefixes = [\"203.0.113.16/28\"]\nparent = \"milan-v4\"\n"
       "cross_border = ^true\n",
       "region 'IT-25' contains 'IT-25'", "delete cross_border"},
      {"cross_border is a flag", "answer_neighbours = false", "cross_border = ^\"yes\"",
       "must be true or false", ""},
      {"parent is a name", "answer_neighbours = false", "parent = ^\"a b\"", "a name holds letters", ""},
  });
}

TEST(PoolRules, ARingOfParentsIsToldAtEachOfThem) {
  ConfigResult result = WithPools(Pool("a", "IT", "203.0.113.16/28", "parent = \"b\"\n") +
                                  Pool("b", "IT", "203.0.113.32/28", "parent = \"a\"\n") +
                                  Pool("c", "IT", "203.0.113.48/28", "parent = \"a\"\n"));
  ASSERT_EQ(result.errors.size(), 2u);
  EXPECT_EQ(result.errors[0].message, "pool 'a' is its own ancestor");
  EXPECT_EQ(result.errors[1].message, "pool 'b' is its own ancestor");
}

TEST(PoolRules, PoolsOfARegionHaveParentsInOneRegion) {
  ConfigResult result =
      WithPools(Pool("italy", "IT", "203.0.113.16/28", "") + Pool("france", "FR", "203.0.113.32/28", "") +
                Pool("rome", "IT-62", "203.0.113.48/28", "parent = \"italy\"\n") +
                Pool("rome-too", "IT-62", "203.0.113.64/28", "parent = \"france\"\ncross_border = true\n"));
  ASSERT_EQ(result.errors.size(), 1u);
  EXPECT_EQ(result.errors[0].message,
            "pools 'rome' and 'rome-too' of region 'IT-62' have parents in two regions, 'IT' and 'FR'");
}

TEST(PoolRules, AParentOfTheCountryOfTheSameRegionOrAcrossABorderSaidSo) {
  ConfigResult result =
      WithPools(Pool("italy", "IT", "203.0.113.16/28", "") +
                Pool("rome", "IT-62", "203.0.113.32/28", "parent = \"italy\"\n") +
                Pool("rome-too", "IT-62", "203.0.113.48/28", "") +
                Pool("milan", "IT-25", "203.0.113.80/28", "parent = \"milan-v4\"\n") +
                Pool("nice", "FR", "203.0.113.64/28", "parent = \"italy\"\ncross_border = true\n"));
  ASSERT_TRUE(result.config.has_value()) << Format(result.errors.at(0), "f");
  EXPECT_EQ(result.config->FindPool("rome")->parent, "italy");
  EXPECT_TRUE(result.config->FindPool("nice")->cross_border);
  EXPECT_EQ(result.config->FindPool("venice"), nullptr);
}

// 100.64.0.0/16 are 65,536 subscribers of IT-25.
TEST(PoolRules, ACityNeedsAThousandSubscribersForEachAliasUnit) {
  EXPECT_TRUE(WithPools("city = \"Milano\"\n").errors.size() > 0) << "of the bypass: no such key";
  auto with = [](const std::string& more) {
    return ParseConfig(absl::StrReplaceAll(GoodConfig(), {{"answer_neighbours = false", more}}));
  };
  ConfigResult result = with("city = \"Milano\"");
  ASSERT_TRUE(result.config.has_value()) << Format(result.errors.at(0), "f");
  EXPECT_EQ(result.config->pools[0].city, "Milano");
  ExpectRows({
      {"a small crowd", "prefix = \"100.64.0.0/16\"\nper = 32\nregion = \"IT-25\"",
       "prefix = \"100.64.0.0/21\"\nregion = \"IT-25\"\n[[pool]]\nname = \"x\"\nregion = \"IT-25\"\n"
       "prefixes = [\"203.0.113.16/28\"]\ncity = ^\"Milano\"",
       "a city is too precise for 2048 ipv4 subscribers of region 'IT-25'", "its 8 alias units want 8000"},
      {"no crowd at all", "",
       "[[pool]]\nname = \"x\"\nregion = \"IT-62\"\nprefixes = [\"203.0.113.16/28\"]\n"
       "city = ^\"Roma\"\n",
       "too precise for 0 ipv4 subscribers", "want 4000"},
      {"a comma", "answer_neighbours = false", "city = ^\"Milano, Italia\"", "which no geofeed can hold",
       "8805"},
  });
}

TEST(PoolRules, ACityOfARegionThatIsNoCode) {
  ConfigResult result = WithPools("[[subscribers]]\nprefix = \"100.65.0.0/16\"\nregion = \"lab\"\n" +
                                  Pool("x", "lab", "203.0.113.16/28", "city = \"Roma\"\n"));
  ASSERT_EQ(result.errors.size(), 1u);
  EXPECT_EQ(result.errors[0].message, "pool 'x' has a city, but its region 'lab' is no code of ISO 3166");
}

}  // namespace
}  // namespace cfr
