// SPDX-License-Identifier: BSD-3-Clause
#include "common/duration.h"

#include <charconv>

namespace cfr {

std::optional<uint64_t> ParseDuration(std::string_view text) {
  constexpr size_t kDigitsMax = 9;
  uint64_t count = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  auto digits = static_cast<size_t>(end - text.data());
  if (error != std::errc() || digits > kDigitsMax || digits + 1 != text.size()) return std::nullopt;
  switch (*end) {
    case 's':
      return count;
    case 'm':
      return count * 60;
    case 'h':
      return count * 3600;
    default:
      return std::nullopt;
  }
}

}  // namespace cfr
