// SPDX-License-Identifier: BSD-3-Clause
// The TOML library's account of a syntax error, put into one place and one sentence.
#pragma once

#include <string_view>

#include "common/config.h"
#include "common/source_text.h"

namespace cfr {

// `what`: the text of the library's exception.
ConfigError SyntaxError(const SourceText& source, std::string_view what);

}  // namespace cfr
