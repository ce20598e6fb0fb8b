// SPDX-License-Identifier: BSD-3-Clause
#include "common/duration.h"

#include <gtest/gtest.h>

namespace cfr {
namespace {

TEST(Duration, IsANumberWithItsUnit) {
  EXPECT_EQ(ParseDuration("0s"), 0u);
  EXPECT_EQ(ParseDuration("90s"), 90u);
  EXPECT_EQ(ParseDuration("5m"), 300u);
  EXPECT_EQ(ParseDuration("2h"), 7200u);
  EXPECT_EQ(ParseDuration("999999999h"), 999'999'999ull * 3600);
}

TEST(Duration, IsNothingElse) {
  for (const char* text : {"", "s", "5", "5 s", " 5s", "5s ", "5S", "5d", "5ms", "-5s", "+5s", "0x5s", "1.5h",
                           "1e3s", "1000000000s", "99999999999999999999s", "1h30m"})
    EXPECT_FALSE(ParseDuration(text).has_value()) << text;
}

}  // namespace
}  // namespace cfr
