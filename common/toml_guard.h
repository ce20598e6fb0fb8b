// SPDX-License-Identifier: BSD-3-Clause
// What the TOML library must not be given: text that is too long, not UTF-8, nested so deeply that its
// recursive parser would run out of stack, or with lines so long that it would take minutes.
#pragma once

#include <optional>

#include "common/config.h"
#include "common/source_text.h"

namespace cfr {

// The reason to refuse the text before it is parsed, if there is one.
std::optional<ConfigError> GuardToml(const SourceText& source);

}  // namespace cfr
