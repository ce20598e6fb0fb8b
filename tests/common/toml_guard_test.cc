// SPDX-License-Identifier: BSD-3-Clause
#include "common/toml_guard.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace cfr {
namespace {

std::string Repeat(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

// "LINE:COLUMN MESSAGE", or "passes".
std::string Judge(const std::string& text) {
  auto refused = GuardToml(SourceText(text));
  if (!refused.has_value()) return "passes";
  return std::to_string(refused->line) + ":" + std::to_string(refused->column) + " " + refused->message;
}

constexpr const char* kDeep = "nested deeper than 16 levels";

TEST(TomlGuard, BoundsNesting) {
  EXPECT_EQ(Judge(absl::StrCat("x = ", Repeat("[", 16), Repeat("]", 16))), "passes");
  EXPECT_EQ(Judge(absl::StrCat("x = ", Repeat("[", 17))), absl::StrCat("1:21 ", kDeep));
  EXPECT_EQ(Judge(absl::StrCat("x = ", Repeat("{a=", 17))), absl::StrCat("1:53 ", kDeep));
  EXPECT_EQ(Judge(absl::StrCat("y = 1\n", Repeat("a.", 17), "b = 1")), absl::StrCat("2:32 ", kDeep));
  EXPECT_EQ(Judge(absl::StrCat("[", Repeat("a.", 17), "b]")), absl::StrCat("1:33 ", kDeep));
  EXPECT_EQ(Judge(Repeat("[[a.b]]\nc = 1.5\n", 1000)), "passes") << "what was closed does not count";
}

TEST(TomlGuard, BracketsOfStringsAndCommentsDoNotCount) {
  const std::string brackets = Repeat("[", 40);
  for (const char* open_close : {"\"", "'", "\"\"\"", "'''"})
    EXPECT_EQ(Judge(absl::StrCat("x = ", open_close, brackets, open_close, "\n")), "passes") << open_close;
  EXPECT_EQ(Judge(absl::StrCat("x = 1 # ", brackets, "\n")), "passes");
  EXPECT_EQ(Judge(absl::StrCat("x = \"\"\"\n", brackets, "\n\"\"\"\n")), "passes");
}

// Each tries to make the guard believe that real brackets stand in a string.
TEST(TomlGuard, IsNotTalkedOutOfCounting) {
  const std::string brackets = Repeat("[", 40);
  for (const char* start :
       {"x = [\"\\\\\", ", "x = ['\\', ", "x = [\"\"\"\n\"\"\", ", "x = [\"\"\"it's\n\"\"\", ",
        "x = ['''\"\n''', ", "x = [\"\", ", "x = ['', ", "x = [\"\\\"\", ", "x = 1 # \"\ny = ["}) {
    std::string judged = Judge(absl::StrCat(start, brackets));
    EXPECT_TRUE(judged.ends_with(kDeep)) << start << judged;
  }
  EXPECT_TRUE(
      Judge(absl::StrCat("x = \"\"\"", Repeat("]", 100), "\"\"\"\n", Repeat("]", 100), "\ny = ", brackets))
          .ends_with(kDeep));
}

TEST(TomlGuard, RefusesWhatIsNotText) {
  EXPECT_EQ(Judge("ok = 1\nx = \"\xc3\x28\""), "2:6 the file is not UTF-8");
  for (const char* bad : {"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80", "\xff", "\xe2\x82"})
    EXPECT_EQ(Judge(bad), "1:1 the file is not UTF-8");
  for (const char* good : {"\xc3\xa9", "\xe2\x82\xac", "\xed\x9f\xbf", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf",
                           "\xef\xbb\xbfx = 1"})
    EXPECT_EQ(Judge(good), "passes");
  EXPECT_EQ(Judge(std::string("x = 1\0", 6)), "1:6 control character 0x00");
  EXPECT_EQ(Judge("x = \"\x1b[31m\""), "1:6 control character 0x1b");
  EXPECT_EQ(Judge("a = 1\r\nb\t= 1\r\n"), "passes");
}

TEST(TomlGuard, BoundsLinesAndSize) {
  EXPECT_EQ(Judge(std::string(4096, '#') + "\n" + std::string(4096, '#')), "passes");
  EXPECT_EQ(Judge(absl::StrCat("\n", std::string(4097, '#'))), "2:1 this line is longer than 4096 bytes");
  std::string large = Repeat(std::string(1023, '#') + "\n", 8192);
  EXPECT_EQ(Judge(large), "passes");
  EXPECT_EQ(Judge(large + "#"), "0:0 the file has 8388609 bytes; at most 8388608");
}

// Without the guard each of these runs the library out of stack.
TEST(TomlGuard, ParsingSurvivesDepth) {
  for (const std::string& text :
       {absl::StrCat("x = ", Repeat("[", 100000)), Repeat("[", 100000), Repeat("[\n", 100000),
        Repeat("{a=\n", 100000), absl::StrCat("x = ", Repeat("[\n", 100000)),
        absl::StrCat("x = [\"\"\"\n\"\"\",", Repeat("[\n", 100000)), Repeat("a.\n", 100000),
        absl::StrCat("[", Repeat("a.", 1000), "a]\n")}) {
    ConfigResult result = ParseConfig(text);
    EXPECT_EQ(result.errors.size(), 1u) << text.substr(0, 20);
  }
}

}  // namespace
}  // namespace cfr
