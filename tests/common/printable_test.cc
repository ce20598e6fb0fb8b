// SPDX-License-Identifier: BSD-3-Clause
#include "common/printable.h"

#include <gtest/gtest.h>

namespace cfr {
namespace {

TEST(Printable, LeavesTextAsItIs) {
  for (const char* text : {"", "a b\nc", "M\xc3\xbcnchen", "\xc2\xa0", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                           "\xc3\x9f\xe4\xb8\x9b"})
    EXPECT_EQ(Printable(text), text);
}

TEST(Printable, TakesTerminalsTheirOrders) {
  EXPECT_EQ(Printable("\x1b[2J"), "?[2J");
  EXPECT_EQ(Printable("a\rb\tc\bd\x7f"), "a?b?c?d?");
  EXPECT_EQ(Printable(std::string("\0", 1)), "?");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "?31m");  // CSI as one character
  EXPECT_EQ(Printable("\x9b"
                      "31m"),
            "?31m");  // and as one byte
  EXPECT_EQ(Printable("\xc2"), "\xc2");
  EXPECT_EQ(Printable("\xe2\x1b[m"), "\xe2?[m");
}

TEST(Printable, NoByteStringKeepsAnOrder) {
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      std::string out = Printable(std::string{static_cast<char>(a), static_cast<char>(b), 'x'});
      for (char c : out)
        EXPECT_FALSE((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f) << a << " " << b;
      EXPECT_FALSE(out.size() == 3 && out[0] == '\xc2' && static_cast<unsigned char>(out[1]) < 0xa0 &&
                   static_cast<unsigned char>(out[1]) >= 0x80);
    }
}

}  // namespace
}  // namespace cfr
