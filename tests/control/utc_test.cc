// SPDX-License-Identifier: BSD-3-Clause
#include "control/utc.h"

#include <gtest/gtest.h>

namespace cfr {
namespace {

TEST(Utc, DaysAsDateSaysThem) {  // date -u -d @$((DAY*86400)) +%F
  const std::pair<UtcDay, const char*> days[] = {
      {0, "1970-01-01"},      {58, "1970-02-28"},     {59, "1970-03-01"},     {789, "1972-02-29"},
      {11'016, "2000-02-29"}, {20'000, "2024-10-04"}, {47'540, "2100-02-28"}, {47'541, "2100-03-01"}};
  for (const auto& [day, text] : days) {
    EXPECT_EQ(FormatDay(day), text);
    EXPECT_EQ(ParseDay(text), day);
  }
}

TEST(Utc, EachDayComesBack) {
  for (UtcDay day = 0; day < 60'000; ++day) ASSERT_EQ(ParseDay(FormatDay(day)), day);
}

TEST(Utc, NoDay) {
  for (const char* text :
       {"", "2026-11-5", "2026-11-31", "2025-02-29", "2026-13-01", "2026-00-10", "2026-10-00", "1969-12-31",
        "2026/11/25", "2026-11-25 ", " 2026-11-25", "20261125", "2026-1a-25", "2026--1-25"})
    EXPECT_EQ(ParseDay(text), std::nullopt) << text;
}

TEST(Utc, TimesAsDateSaysThem) {
  EXPECT_EQ(FormatUtc(1'795'576'805), "2026-11-25T03:20:05Z");
  EXPECT_EQ(ParseUtc("2026-11-25T03:20:05Z"), 1'795'576'805u);
  for (uint64_t s : {0ull, 59ull, 3599ull, 86'399ull, 86'400ull, 4'294'967'295ull})
    EXPECT_EQ(ParseUtc(FormatUtc(s)), s);
}

TEST(Utc, NoTime) {
  for (const char* text :
       {"", "2026-11-25", "2026-11-25T03:20:05", "2026-11-25T03:20:05+00:00", "2026-11-25 03:20:05Z",
        "2026-11-25T24:00:00Z", "2026-11-25T03:60:00Z", "2026-11-25T03:20:60Z", "2026-11-25T03:20:05.1Z",
        "2026-11-31T03:20:05Z", "2026-11-25t03:20:05z"})
    EXPECT_EQ(ParseUtc(text), std::nullopt) << text;
}

TEST(Utc, WhatHappenedBeforeIsDatedBefore) {
  const UtcClock clock{10'000, 1'000'000'500};
  EXPECT_EQ(clock.seconds(), 1'000'000u);
  EXPECT_EQ(clock.SecondsAt(10'000), 1'000'000u);
  EXPECT_EQ(clock.SecondsAt(9'500), 1'000'000u);
  EXPECT_EQ(clock.SecondsAt(9'499), 999'999u);
  EXPECT_EQ(clock.SecondsAt(10'500), 1'000'001u);
}

TEST(Utc, BothClocksAreReadTogether) {
  const UtcClock first = ReadUtcClock(), second = ReadUtcClock();
  EXPECT_GE(second.monotonic_ms, first.monotonic_ms);
  EXPECT_GT(first.seconds(), 1'700'000'000u);
}

}  // namespace
}  // namespace cfr
