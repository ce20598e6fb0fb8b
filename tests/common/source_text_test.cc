// SPDX-License-Identifier: BSD-3-Clause
#include "common/source_text.h"

#include <gtest/gtest.h>

#include <string>

namespace cfr {
namespace {

std::string At(const SourceText& source, size_t offset) {
  Place place = source.At(offset);
  return std::to_string(place.line) + ":" + std::to_string(place.column);
}

TEST(SourceText, CountsLinesAndCharacters) {
  SourceText source("ab\n\xc3\xa9x\n\nend");
  EXPECT_EQ(At(source, 0), "1:1");
  EXPECT_EQ(At(source, 2), "1:3") << "the line end belongs to its line";
  EXPECT_EQ(At(source, 3), "2:1");
  EXPECT_EQ(At(source, 5), "2:2") << "two bytes, one character";
  EXPECT_EQ(At(source, 7), "3:1");
  EXPECT_EQ(At(source, 10), "4:3");
  EXPECT_EQ(At(source, 11), "4:4") << "one past the end";
  EXPECT_EQ(At(source, 999), "4:4");
  EXPECT_EQ(At(SourceText(""), 0), "1:1");
}

TEST(SourceText, DoesNotCountTheByteOrderMark) {
  SourceText source(
      "\xef\xbb\xbf"
      "ab\nc");
  EXPECT_EQ(At(source, 3), "1:1");
  EXPECT_EQ(At(source, 0), "1:1");
  EXPECT_EQ(source.Line(1), "ab");
}

TEST(SourceText, GivesLinesWithoutTheirEnd) {
  SourceText source("one\r\ntwo\nthree");
  EXPECT_EQ(source.Line(1), "one");
  EXPECT_EQ(source.Line(2), "two");
  EXPECT_EQ(source.Line(3), "three");
  EXPECT_EQ(source.LineStart(3), 9u);
  EXPECT_EQ(source.Line(99), "three");
  EXPECT_EQ(source.LineStart(-1), 0u);
}

}  // namespace
}  // namespace cfr
