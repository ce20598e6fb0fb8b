// SPDX-License-Identifier: BSD-3-Clause
// Durations as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cfr {

// Seconds of "90s", "5m" or "2h", nothing else.
std::optional<uint64_t> ParseDuration(std::string_view text);

}  // namespace cfr
