// SPDX-License-Identifier: BSD-3-Clause
#include "common/config_values.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/config_schema.h"
#include "common/duration.h"
#include "common/settings.h"
#include "common/suggestion.h"

namespace cfr {
namespace {

const char* TypeName(const toml::value& v) {
  switch (v.type()) {
    case toml::value_t::boolean:
      return "true or false";
    case toml::value_t::integer:
      return "an integer";
    case toml::value_t::floating:
      return "a number with a fraction";
    case toml::value_t::string:
      return "a string";
    case toml::value_t::array:
      return "an array";
    case toml::value_t::table:
      return "a table";
    default:
      return "a date or time";
  }
}

bool IsControl(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}
bool IsKeyCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.';
}
bool IsBlank(char c) {
  return c == ' ' || c == '\t';
}

}  // namespace

void ConfigValues::Error(Place place, std::string message, std::string hint) {
  errors_.push_back({place.line, place.column, std::move(message), std::move(hint)});
}

// The library's own location() counts lines from the top at every call.
std::optional<size_t> ConfigValues::Offset(const Value& v) const {
  auto* region = dynamic_cast<const toml::detail::region*>(toml::detail::get_region(v));
  if (region == nullptr) return std::nullopt;
  return static_cast<size_t>(region->first() - region->begin());
}

Place ConfigValues::At(const Value& v) const {
  auto offset = Offset(v);
  return offset.has_value() ? source_.At(*offset) : Place{};
}

Place ConfigValues::KeyOf(const Value& v) const {
  auto offset = Offset(v);
  if (!offset.has_value()) return {};
  std::string_view text = source_.text();
  size_t at = *offset;
  while (at > 0 && IsBlank(text[at - 1])) --at;
  if (at == 0 || text[at - 1] != '=') return source_.At(*offset);
  --at;
  while (at > 0 && IsBlank(text[at - 1])) --at;
  size_t end = at;
  if (at > 1 && (text[at - 1] == '"' || text[at - 1] == '\'')) {
    size_t open = text.rfind(text[at - 1], at - 2);
    return source_.At(open == std::string_view::npos ? *offset : open);
  }
  while (at > 0 && IsKeyCharacter(text[at - 1])) --at;
  return source_.At(at < end ? at : *offset);
}

std::string ConfigValues::Written(const Value& v) const {
  constexpr size_t kShownMax = 40;
  auto* region = dynamic_cast<const toml::detail::region*>(toml::detail::get_region(v));
  std::string text = region == nullptr ? "" : region->str();
  return text.size() <= kShownMax && text.find('\n') == std::string::npos ? text : "";
}

void ConfigValues::WrongType(const Value& v, const std::string& name, const char* wanted, std::string hint) {
  Error(At(v), absl::StrCat("'", name, "' must be ", wanted, ", not ", TypeName(v)), std::move(hint));
}

std::optional<std::string> ConfigValues::Text(const Value& v, const std::string& name) {
  if (!v.is_string()) {
    std::string written = v.is_array() || v.is_table() ? "" : Written(v);
    WrongType(v, name, "a string",
              written.empty() ? "" : absl::StrCat("put it in quotes: \"", written, "\""));
    return std::nullopt;
  }
  const std::string& text = v.as_string().str;
  if (text.empty() || text.size() > kTextBytesMax) {
    Error(At(v), absl::StrCat("'", name, "' has ", text.size(), " bytes; allowed: 1 to ", kTextBytesMax));
    return std::nullopt;
  }
  if (std::any_of(text.begin(), text.end(), IsControl)) {
    Error(At(v), absl::StrCat("'", name, "' holds a control character"), "one line of printable text");
    return std::nullopt;
  }
  return text;
}

std::optional<std::string> ConfigValues::Name(const Value& v, const std::string& name) {
  auto text = Text(v, name);
  if (!text.has_value()) return text;
  if (std::all_of(text->begin(), text->end(), IsKeyCharacter)) return text;
  Error(At(v),
        absl::StrCat("'", name, "' is \"", *text, "\"; a name holds letters, digits, '-', '_' and '.' only"));
  return std::nullopt;
}

std::optional<uint64_t> ConfigValues::Integer(const Value& v, const std::string& name, uint64_t min,
                                              uint64_t max, const char* why) {
  if (!v.is_integer()) {
    WrongType(v, name, "an integer", v.is_string() ? "write the number without quotes" : "");
    return std::nullopt;
  }
  auto n = v.as_integer();
  if (n >= 0 && static_cast<uint64_t>(n) >= min && static_cast<uint64_t>(n) <= max)
    return static_cast<uint64_t>(n);
  Error(At(v), absl::StrCat("'", name, "' is ", n, "; allowed: ", min, " to ", max), why);
  return std::nullopt;
}

std::optional<uint64_t> ConfigValues::Seconds(const Value& v, const std::string& name, uint64_t min,
                                              uint64_t max, const char* why) {
  constexpr const char* kForms = "like \"90s\", \"5m\", \"2h\" or 300 (seconds)";
  std::optional<uint64_t> seconds;
  if (v.is_string())
    seconds = ParseDuration(v.as_string().str);
  else if (v.is_integer() && v.as_integer() >= 0)
    seconds = static_cast<uint64_t>(v.as_integer());
  if (!seconds.has_value()) {
    if (v.is_string() || v.is_integer())
      Error(At(v), absl::StrCat("'", name, "' is ", Written(v), ", which is no duration"), kForms);
    else
      WrongType(v, name, "a duration", kForms);
    return std::nullopt;
  }
  if (*seconds >= min && *seconds <= max) return seconds;
  Error(At(v), absl::StrCat("'", name, "' is ", *seconds, " s; allowed: ", min, " s to ", max, " s"), why);
  return std::nullopt;
}

std::optional<bool> ConfigValues::Flag(const Value& v, const std::string& name) {
  if (v.is_boolean()) return v.as_boolean();
  WrongType(v, name, "true or false", "without quotes");
  return std::nullopt;
}

std::optional<uint64_t> ConfigValues::Word(const Value& v, const std::string& name, std::string_view words) {
  auto text = Text(v, name);
  if (!text.has_value()) return std::nullopt;
  std::vector<std::string> known;
  for (uint64_t i = 0; i < CountWords(words); ++i) known.emplace_back(WordAt(words, i));
  auto found = std::find(known.begin(), known.end(), *text);
  if (found != known.end()) return static_cast<uint64_t>(found - known.begin());
  std::string nearest = Nearest(*text, known);
  Error(At(v), absl::StrCat("'", name, "' is \"", *text, "\"; allowed: ", absl::StrJoin(known, ", ")),
        nearest.empty() ? "" : absl::StrCat("did you mean \"", nearest, "\"?"));
  return std::nullopt;
}

std::optional<Address> ConfigValues::AddressOf(const Value& v, const std::string& name, Family family) {
  auto text = Text(v, name);
  if (!text.has_value()) return std::nullopt;
  auto address = ParseAddress(*text);
  const char* wanted = family == Family::kV4 ? "an IPv4 address" : "an IPv6 address";
  if (address.has_value() && address->family == family) return address;
  Error(At(v), absl::StrCat("'", name, "' is \"", *text, "\", which is not ", wanted),
        family == Family::kV4 ? "like \"192.0.2.1\", without a length"
                              : "like \"2001:db8::1\", without a length");
  return std::nullopt;
}

std::optional<Prefix> ConfigValues::PrefixOf(const Value& v, const std::string& name, HostBits host_bits) {
  auto text = Text(v, name);
  if (!text.has_value()) return std::nullopt;
  auto prefix = ParsePrefix(*text);
  if (!prefix.has_value()) {
    auto address = ParseAddress(*text);
    Error(At(v), absl::StrCat("'", name, "' has \"", *text, "\", which is no prefix"),
          address.has_value() ? absl::StrCat("add the length, like \"", *text, "/", address->bits(), "\"")
                              : "ADDRESS/LENGTH, like \"192.0.2.0/24\" or \"2001:db8::/64\"");
    return std::nullopt;
  }
  if (host_bits == HostBits::kWanted || !prefix->HasHostBits()) return prefix;
  Prefix masked{Masked(prefix->address, prefix->length), prefix->length};
  Error(At(v), absl::StrCat("\"", *text, "\" has host bits set"),
        absl::StrCat("write \"", Format(masked), "\""));
  return std::nullopt;
}

const toml::array* ConfigValues::Array(const Value& v, const std::string& name, const char* of_what) {
  if (v.is_array()) return &v.as_array();
  std::string written = v.is_string() ? Written(v) : "";
  WrongType(v, name, absl::StrCat("an array of ", of_what).c_str(),
            written.empty() ? "" : absl::StrCat("write [", written, "]"));
  return nullptr;
}

}  // namespace cfr
