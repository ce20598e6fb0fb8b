// SPDX-License-Identifier: BSD-3-Clause
// Times and days as people write them, for records: an abuse report says when in UTC. The only place that
// reads the wall clock; nothing that times out, leases or rotates epochs does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cfr {

using UtcDay = uint32_t;  // days since 1970-01-01

inline constexpr uint64_t kMinuteSeconds = 60, kDaySeconds = 86'400;

constexpr UtcDay DayOf(uint64_t utc_s) {
  return static_cast<UtcDay>(utc_s / kDaySeconds);
}

std::string FormatDay(UtcDay day);                        // "2026-11-25"
std::optional<UtcDay> ParseDay(std::string_view text);    // that form alone
std::string FormatUtc(uint64_t utc_s);                    // "2026-11-25T03:04:05Z"
std::optional<uint64_t> ParseUtc(std::string_view text);  // that form alone (RFC 3339 in UTC, whole seconds)

// Both clocks at one instant: what happened at a monotonic time happened at a UTC time.
struct UtcClock {
  uint64_t monotonic_ms = 0, utc_ms = 0;
  uint64_t seconds() const { return utc_ms / 1000; }
  uint64_t SecondsAt(uint64_t at_ms) const { return (utc_ms - monotonic_ms + at_ms) / 1000; }
};
UtcClock ReadUtcClock();

}  // namespace cfr
