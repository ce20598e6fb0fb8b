// SPDX-License-Identifier: BSD-3-Clause
#include "common/toml_syntax.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace cfr {
namespace {

// One drawing of the library's:   " 12 | x = @"
//                                 "    |     ^--- comment"
struct Drawing {
  int line = 0;
  size_t column_bytes = 0;  // from 0
  std::string_view quoted, comment;
};

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  for (size_t end; !text.empty(); text.remove_prefix(std::min(end + 1, text.size()))) {
    end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
  }
  return lines;
}

std::vector<Drawing> Drawings(std::string_view what) {
  constexpr std::string_view kBar = " | ";
  std::vector<Drawing> drawings;
  std::vector<std::string_view> lines = Lines(what);
  for (size_t i = 0; i + 1 < lines.size(); ++i) {
    const size_t bar = lines[i].find(kBar);
    if (bar == std::string_view::npos || lines[i + 1].size() < bar + kBar.size()) continue;
    const size_t number = std::min(lines[i].find_first_not_of(' '), bar);
    Drawing d;
    if (std::from_chars(lines[i].data() + number, lines[i].data() + bar, d.line).ec != std::errc()) continue;
    d.quoted = lines[i].substr(bar + kBar.size());
    std::string_view below = lines[i + 1].substr(bar + kBar.size());
    d.column_bytes = std::min(below.find_first_not_of(' '), below.size());
    std::string_view comment = below.substr(std::min(below.find(' ', d.column_bytes), below.size()));
    d.comment = comment.substr(std::min(comment.find_first_not_of(' '), comment.size()));
    drawings.push_back(d);
  }
  return drawings;
}

// The byte the last drawing points at. Some values are parsed as a text of their own: then the line
// number is that text's and the quotation tells where it is.
std::optional<size_t> Offset(const SourceText& source, const Drawing& d) {
  size_t start = source.LineStart(d.line);
  if (source.text().substr(start).starts_with(d.quoted)) return start + d.column_bytes;
  size_t found = source.text().find(d.quoted);
  if (found == std::string_view::npos) return std::nullopt;
  return found;
}

bool InBareWord(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) ||
         std::string_view("-_.:/").find(c) != std::string_view::npos;
}

struct BareWord {
  size_t offset;
  std::string_view text;
};

// The word at `offset` if it stands where a value belongs and can only be meant as a string.
std::optional<BareWord> BareWordAt(const SourceText& source, size_t offset) {
  std::string_view text = source.text();
  size_t first = offset, last = offset;
  while (first > 0 && InBareWord(text[first - 1])) --first;
  while (last < text.size() && InBareWord(text[last])) ++last;
  size_t before = text.substr(0, first).find_last_not_of(" \t\r\n");
  if (last == first || before == std::string_view::npos) return std::nullopt;
  if (std::string_view("=[,").find(text[before]) == std::string_view::npos) return std::nullopt;
  size_t line_start = source.LineStart(source.At(first).line);
  if (text[before] == '[' && before == text.find_first_not_of(" \t", line_start))
    return std::nullopt;  // a header
  std::string_view word = text.substr(first, last - first);
  bool letters = std::any_of(word.begin(), word.end(), [](unsigned char c) { return std::isalpha(c); });
  bool address =
      word.find_first_of("/:") != std::string_view::npos || std::count(word.begin(), word.end(), '.') > 1;
  if ((!letters && !address) || word.starts_with("0x")) return std::nullopt;
  return BareWord{first, word};
}

ConfigError At(const SourceText& source, size_t offset, std::string message, std::string hint) {
  Place place = source.At(offset);
  return {place.line, place.column, std::move(message), std::move(hint)};
}

ConfigError BareWordError(const SourceText& source, const BareWord& word) {
  const std::string text(word.text);
  for (const char* yes : {"yes", "on", "True", "TRUE"})
    if (text == yes) return At(source, word.offset, absl::StrCat("'", text, "' is no value"), "write true");
  for (const char* no : {"no", "off", "False", "FALSE"})
    if (text == no) return At(source, word.offset, absl::StrCat("'", text, "' is no value"), "write false");
  return At(source, word.offset, absl::StrCat("'", text, "' without quotes is no value"),
            absl::StrCat("put it in quotes: \"", text, "\""));
}

struct Wording {
  const char* library;  // part of its first line
  const char* ours;
  const char* hint;
};

constexpr Wording kWordings[] = {
    {"invalid line format", "something follows where the line should end", "one key = value on each line"},
    {"valid string", "a string that does not end, or with an unknown escape",
     "close the quote on the same line"},
    {"valid literal string", "a string that does not end", "close the quote on the same line"},
    {"multiline", "a string of several lines that does not end, or with an unknown escape", ""},
    {"missing value", "the value is missing after '='", ""},
    {"missing key-value separator", "'=' is missing after the key", ""},
    {"empty key", "the key is missing before '='", ""},
    {"unknown value", "this is no value TOML knows", "strings stand in quotes"},
    {"parse_boolean", "this is no value TOML knows", "true, false, or a string in quotes"},
    {"value having invalid format", "this is no value TOML knows", "strings stand in quotes"},
    {"missing array separator", "the array does not end, or a comma is missing", "[\"A\", \"B\"]"},
    {"inline_table", "the inline table is malformed", "{ key = value, key = value } on one line"},
    {"codepoint", "an escape that names no character", "write the character itself"},
    {"invalid format for key", "malformed key", "keys hold letters, digits, '-' and '_'"},
    {"newline required", "something follows the table header", "[table] or [[list]], alone on its line"},
    {"bad number", "malformed number", "digits only; strings stand in quotes"},
    {"bad integer", "malformed number", "digits only; strings stand in quotes"},
    {"bad float", "malformed number", "digits only; strings stand in quotes"},
    {"_integer", "malformed number", "digits only; strings stand in quotes"},
    {"bad datetime", "malformed date, and no setting is a date", "strings stand in quotes"},
    {"bad time", "malformed date, and no setting is a date", "strings stand in quotes"},
    {"invalid date", "no such date, and no setting is a date", "strings stand in quotes"},
};

}  // namespace

ConfigError SyntaxError(const SourceText& source, std::string_view what) {
  std::vector<Drawing> drawings = Drawings(what);
  std::string_view title = what.substr(0, what.find('\n'));
  auto says = [&](std::string_view words) { return title.find(words) != std::string_view::npos; };
  size_t offset = 0;
  if (!drawings.empty())
    offset = Offset(source, drawings.back()).value_or(source.LineStart(drawings.back().line));
  if (says("toml::insert_value"))
    return At(source, offset, "this key or table was already given",
              drawings.size() > 1 ? absl::StrCat("first in line ", drawings.front().line) : "");
  if (auto word = BareWordAt(source, offset); word.has_value()) return BareWordError(source, *word);
  if (says("invalid key")) {
    bool header = source.text().substr(offset).starts_with('[');
    return At(source, offset, header ? "malformed table header" : "neither a key nor a table header",
              header ? "[table] or [[list]], alone on its line" : "keys hold letters, digits, '-' and '_'");
  }
  for (const Wording& wording : kWordings)
    if (says(wording.library)) return At(source, offset, wording.ours, wording.hint);
  for (std::string_view noise : {"[error] ", "toml::"})
    if (title.starts_with(noise)) title.remove_prefix(noise.size());
  return At(source, offset, absl::StrCat("malformed TOML: ", std::string(title)), "");
}

}  // namespace cfr
