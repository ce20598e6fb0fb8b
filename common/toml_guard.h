// SPDX-License-Identifier: BSD-3-Clause
// What the TOML library must not be given: text that is too long, not UTF-8, or nested so deeply that
// its recursive parser would run out of stack.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/config.h"

namespace cfr {

// The reason to refuse `text` before parsing, if there is one.
std::optional<ConfigError> GuardToml(std::string_view text);
// The library's message without its function names and drawing.
std::string SyntaxSentence(std::string_view what);

}  // namespace cfr
