// SPDX-License-Identifier: BSD-3-Clause
#include "common/toml_guard.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace cfr {
namespace {

constexpr int kNestingMax = 32;

// Length of the UTF-8 sequence at `s`, 0 if there is none (RFC 3629).
size_t Utf8Length(std::string_view s) {
  auto byte = [&](size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0; };
  auto tail = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if ((first & 0xf0) == 0xe0) {
    unsigned code = (first & 0xfu) << 12 | (byte(1) & 0x3fu) << 6 | (byte(2) & 0x3fu);
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return tail(1) && tail(2) && code >= 0x800 && !surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    unsigned code = (first & 7u) << 18 | (byte(1) & 0x3fu) << 12;
    return tail(1) && tail(2) && tail(3) && code >= 0x10000 && code <= 0x10ffff ? 4 : 0;
  }
  return 0;
}

// Position in a text, counted as an editor does.
struct Cursor {
  int line = 1, column = 1;
  void Pass(char c) {
    if (c == '\n') ++line, column = 1;
    else ++column;
  }
};

}  // namespace

std::optional<ConfigError> GuardToml(std::string_view text) {
  if (text.size() > static_cast<size_t>(kConfigBytesMax))
    return ConfigError{0, 0, absl::StrCat("longer than ", kConfigBytesMax, " bytes"), ""};
  Cursor at;
  int depth = 0;
  char quote = 0;
  for (size_t i = 0; i < text.size();) {
    size_t length = Utf8Length(text.substr(i));
    const char c = text[i];
    if (length == 0) return ConfigError{at.line, at.column, "not UTF-8", "save the file as UTF-8"};
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f)
      return ConfigError{at.line, at.column, "a control character", ""};
    if (c == '\n') quote = 0;
    else if (quote != 0) quote = c == quote && text[i - 1] != '\\' ? 0 : quote;
    else if (c == '"' || c == '\'' || c == '#') quote = c == '#' ? '\n' : c;
    else if (c == '[' || c == '{') ++depth;
    else if (c == ']' || c == '}') --depth;
    if (depth > kNestingMax)
      return ConfigError{at.line, at.column, absl::StrCat("nested deeper than ", kNestingMax, " levels"), ""};
    at.Pass(c);
    i += length;
  }
  return std::nullopt;
}

std::string SyntaxSentence(std::string_view what) {
  std::string line(what.substr(0, what.find('\n')));
  for (const char* noise : {"[error] ", "[error]"})
    if (line.rfind(noise, 0) == 0) line.erase(0, std::string_view(noise).size());
  while (line.rfind("toml::", 0) == 0) {
    size_t colon = line.find(": ");
    if (colon == std::string::npos) break;
    line.erase(0, colon + 2);
  }
  return absl::StrCat("TOML syntax: ", line);
}

}  // namespace cfr
