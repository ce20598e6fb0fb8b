// SPDX-License-Identifier: BSD-3-Clause
#include "common/region_code.h"

#include <gtest/gtest.h>

namespace cfr {
namespace {

TEST(RegionCode, Forms) {
  for (const char* code : {"DE", "XA", "ZZ"}) EXPECT_TRUE(IsCountryCode(code)) << code;
  for (const char* code : {"DE-BE", "IT-25", "FR-2A", "XA-1", "GB-ENG"})
    EXPECT_TRUE(IsSubdivisionCode(code) && IsIsoRegion(code)) << code;
  for (const char* code : {"", "D", "de", "D1", "DEU", "De"}) EXPECT_FALSE(IsCountryCode(code)) << code;
  for (const char* code :
       {"", "DE-", "DE-be", "DE_BE", "DE-BERL", "D-BE", "de-BE", "DE-B.", "eu-west", "lab"})
    EXPECT_FALSE(IsIsoRegion(code)) << code;
}

TEST(RegionCode, Containment) {
  EXPECT_TRUE(RegionContains("DE", "DE"));
  EXPECT_TRUE(RegionContains("DE", "DE-BE"));
  EXPECT_TRUE(RegionContains("DE-BE", "DE-BE"));
  EXPECT_TRUE(RegionContains("eu-west", "eu-west"));
  EXPECT_FALSE(RegionContains("DE-BE", "DE"));
  EXPECT_FALSE(RegionContains("DE", "FR-75"));
  EXPECT_FALSE(RegionContains("DE", "DK"));
  EXPECT_FALSE(RegionContains("DE-B", "DE-BE"));
  EXPECT_FALSE(RegionContains("eu", "eu-west"));
}

}  // namespace
}  // namespace cfr
