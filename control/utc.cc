// SPDX-License-Identifier: BSD-3-Clause
#include "control/utc.h"

#include <time.h>

#include <algorithm>
#include <chrono>

#include "absl/strings/str_format.h"
#include "common/clock.h"

namespace cfr {
namespace {

// The number `text` is, digits only; -1 if it is none.
int Digits(std::string_view text) {
  int value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return text.empty() ? -1 : value;
}

}  // namespace

std::string FormatDay(UtcDay day) {
  std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
  return absl::StrFormat("%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                         static_cast<unsigned>(date.day()));
}

std::optional<UtcDay> ParseDay(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const int year = Digits(text.substr(0, 4)), month = Digits(text.substr(5, 2)),
            day = Digits(text.substr(8, 2));
  if (year < 1970 || month < 0 || day < 0) return std::nullopt;
  std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                   std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return static_cast<UtcDay>(std::chrono::sys_days(date).time_since_epoch().count());
}

std::string FormatUtc(uint64_t utc_s) {
  const uint64_t s = utc_s % kDaySeconds;
  return absl::StrFormat("%sT%02u:%02u:%02uZ", FormatDay(DayOf(utc_s)), s / 3600, s / 60 % 60, s % 60);
}

std::optional<uint64_t> ParseUtc(std::string_view text) {
  if (text.size() != 20 || text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[19] != 'Z')
    return std::nullopt;
  auto day = ParseDay(text.substr(0, 10));
  const int hour = Digits(text.substr(11, 2)), minute = Digits(text.substr(14, 2)),
            second = Digits(text.substr(17, 2));
  if (!day.has_value() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
    return std::nullopt;
  return *day * kDaySeconds + static_cast<uint64_t>(hour * 3600 + minute * 60 + second);
}

UtcClock ReadUtcClock() {
  timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return {MonotonicMs(),
          static_cast<uint64_t>(t.tv_sec) * 1000 + static_cast<uint64_t>(t.tv_nsec) / 1'000'000};
}

}  // namespace cfr
