// SPDX-License-Identifier: BSD-3-Clause
#include "control/answer.h"

#include <gtest/gtest.h>

#include "common/limits.h"

namespace cfr {
namespace {

std::string Nested(int depth, const std::string& open, const std::string& close) {
  std::string text;
  for (int i = 0; i < depth; ++i) text += open;
  for (int i = 0; i < depth; ++i) text += close;
  return text;
}

TEST(ExitCodes, RowsAreInTheOrderOfTheirNumbers) {
  int number = 0;
  for (const ExitCodeRow& row : kExitCodeRows) {
    EXPECT_EQ(static_cast<int>(row.code), number++);
    EXPECT_STREQ(Name(row.code), row.name);
  }
  EXPECT_EQ(number, 7);
}

TEST(ToLine, IsOneLineWhateverIsInIt) {
  EXPECT_EQ(ToLine({{"a", "x\ny"}}), "{\"a\":\"x\\ny\"}\n");
  EXPECT_EQ(ToLine({{"a", "\xff"}}), "{\"a\":\"\xef\xbf\xbd\"}\n");
}

TEST(ToJson, OfAFailureHasAllThreeFields) {
  EXPECT_EQ(ToJson(Failure{ExitCode::kConflict, "m", "h"}),
            Json({{"code", "conflict"}, {"message", "m"}, {"hint", "h"}}));
}

TEST(ParseJson, TakesNestingUpToTheLimit) {
  EXPECT_FALSE(ParseJson(Nested(kApiNestingMax, "[", "]")).is_discarded());
  EXPECT_TRUE(ParseJson(Nested(kApiNestingMax + 1, "[", "]")).is_discarded());
  EXPECT_FALSE(ParseJson(Nested(kApiNestingMax / 2, "{\"a\":[", "]}")).is_discarded());
  EXPECT_TRUE(ParseJson(Nested(kApiNestingMax / 2 + 1, "{\"a\":[", "]}")).is_discarded());
}

TEST(ParseJson, MillionsOfBracketsAreRefused) {
  EXPECT_TRUE(ParseJson(std::string(8'000'000, '[')).is_discarded());
  EXPECT_TRUE(ParseJson(Nested(4'000'000, "[", "]")).is_discarded());
  EXPECT_TRUE(ParseJson(Nested(1'000'000, "{\"a\":[", "]}")).is_discarded());
}

TEST(ParseJson, BracketsInStringsDoNotCount) {
  std::string brackets(1000, '[');
  EXPECT_EQ(ParseJson("\"" + brackets + "\""), Json(brackets));
  EXPECT_EQ(ParseJson("\"\\\"" + brackets + "\""), Json("\"" + brackets));
  EXPECT_EQ(ParseJson("[\"\\\\\",[]]"), Json({"\\", Json::array()}));
}

TEST(ParseJson, ManySiblingsAreNoNesting) {
  std::string text = "[";
  for (int i = 0; i < 1000; ++i) text += "[],";
  EXPECT_EQ(ParseJson(text + "[]]").size(), 1001u);
}

TEST(ParseJson, RefusesWhatIsNoJson) {
  for (const char* text : {"", "x", "{", "]", "{\"a\":1} 2", "\"\xff\"", "\"\\ud800\"", "1e999", "nul"})
    EXPECT_TRUE(ParseJson(text).is_discarded()) << text;
}

}  // namespace
}  // namespace cfr
