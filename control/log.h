// SPDX-License-Identifier: BSD-3-Clause
// One line a fact on stderr, logfmt, with the journal's priority prefix. No subscriber, alias or remote
// address is ever passed here.
#pragma once

#include <cstdio>
#include <initializer_list>
#include <string>
#include <utility>

namespace cfr {

enum class LogLevel : int { kError = 3, kWarning = 4, kInfo = 6 };

// Values are quoted when they hold a space or quote; control characters become '?'.
inline void Log(LogLevel level, const std::string& message,
                std::initializer_list<std::pair<const char*, std::string>> fields) {
  auto clean = [](const std::string& text) {
    std::string out;
    bool quote = text.empty();
    for (char c : text) {
      quote |= c == ' ' || c == '"' || c == '=';
      if (c == '"' || c == '\\') out += '\\';
      out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    }
    return quote ? '"' + out + '"' : out;
  };
  std::string line = "msg=" + clean(message);
  for (const auto& [key, value] : fields) line += std::string(" ") + key + "=" + clean(value);
  std::fprintf(stderr, "<%d>%s\n", static_cast<int>(level), line.c_str());
}

}  // namespace cfr
