// SPDX-License-Identifier: BSD-3-Clause
// One line a fact on stderr, logfmt, with the journal's priority prefix. No subscriber, alias or remote
// address is ever passed here.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>

namespace cfr {

enum class LogLevel : int { kError = 3, kWarning = 4, kInfo = 6 };

// Values are quoted when they hold a space, quote, backslash or '='; control characters become '?'.
void Log(LogLevel level, const std::string& message,
         std::initializer_list<std::pair<const char*, std::string>> fields);

}  // namespace cfr
