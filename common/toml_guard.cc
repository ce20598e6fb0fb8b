// SPDX-License-Identifier: BSD-3-Clause
#include "common/toml_guard.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace cfr {
namespace {

constexpr int kNestingMax = 16;         // brackets and braces inside each other
constexpr int kKeyPartsMax = 16;        // a.b.c has three; each makes a table inside a table
constexpr size_t kLineBytesMax = 4096;  // the library looks at the whole line for each value on it

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

// Follows TOML's strings and comments, so that only brackets and dots that mean something are counted.
class Nesting {
 public:
  // Passes over the token at `text[*at]`; false when it nests too deeply.
  bool Pass(std::string_view text, size_t* at) {
    std::string_view rest = text.substr(*at);
    if (!delimiter_.empty()) {
      *at += InString(rest);
      return true;
    }
    const char c = rest.front();
    if (c == '#') {
      *at += std::min(rest.find('\n'), rest.size());
      return true;
    }
    if (c == '"' || c == '\'') {
      delimiter_ =
          rest.starts_with("\"\"\"") || rest.starts_with("'''") ? rest.substr(0, 3) : rest.substr(0, 1);
      *at += delimiter_.size();
      return true;
    }
    Count(c);
    ++*at;
    return depth_ <= kNestingMax && key_parts_ <= kKeyPartsMax;
  }

 private:
  // Bytes passed inside a string: its end, an escape or one byte. A string of one line ends there at the
  // latest; the library refuses that line and reads no further.
  size_t InString(std::string_view rest) {
    const bool escapes = delimiter_.front() == '"';
    if (escapes && rest.front() == '\\') return std::min<size_t>(2, rest.size());
    if (rest.starts_with(delimiter_) || (rest.front() == '\n' && delimiter_.size() == 1)) {
      size_t length = rest.front() == '\n' ? 1 : delimiter_.size();
      delimiter_ = {};
      return length;
    }
    return 1;
  }

  void Count(char c) {
    if (c == '[' || c == '{') ++depth_;
    if (c == ']' || c == '}') depth_ = std::max(0, depth_ - 1);
    if (c == '.') ++key_parts_;
    if (c == '\n' || c == '=' || c == ',') key_parts_ = 1;
  }

  std::string_view delimiter_;  // of the string we are in, empty outside
  int depth_ = 0, key_parts_ = 1;
};

bool IsControl(char c) {
  auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7f;
}

// Encoding, control characters and line length.
std::optional<ConfigError> CheckCharacters(const SourceText& source) {
  std::string_view text = source.text();
  size_t line_start = 0;
  auto refuse = [&](size_t at, std::string message, std::string hint) {
    Place place = source.At(at);
    return ConfigError{place.line, place.column, std::move(message), std::move(hint)};
  };
  for (size_t i = 0; i < text.size();) {
    size_t length = Utf8Length(text.substr(i));
    if (length == 0) return refuse(i, "the file is not UTF-8", "save it as UTF-8 text");
    if (IsControl(text[i]))
      return refuse(i,
                    absl::StrCat("control character 0x",
                                 absl::Hex(static_cast<unsigned char>(text[i]), absl::kZeroPad2)),
                    "delete it");
    if (text[i] == '\n') line_start = i + 1;
    if (i >= line_start + kLineBytesMax)
      return refuse(line_start, absl::StrCat("this line is longer than ", kLineBytesMax, " bytes"),
                    "break an array after a comma");
    i += length;
  }
  return std::nullopt;
}

}  // namespace

std::optional<ConfigError> GuardToml(const SourceText& source) {
  std::string_view text = source.text();
  if (text.size() > static_cast<size_t>(kConfigBytesMax))
    return ConfigError{0, 0, absl::StrCat("the file has ", text.size(), " bytes; at most ", kConfigBytesMax),
                       ""};
  if (auto refused = CheckCharacters(source); refused.has_value()) return refused;
  Nesting nesting;
  for (size_t i = 0; i < text.size();) {
    Place place;
    size_t before = i;
    if (nesting.Pass(text, &i)) continue;
    place = source.At(before);
    return ConfigError{place.line, place.column, absl::StrCat("nested deeper than ", kNestingMax, " levels"),
                       "no setting needs that"};
  }
  return std::nullopt;
}

}  // namespace cfr
