// SPDX-License-Identifier: BSD-3-Clause
// Single values of the TOML tree, judged by type, form and range. What cannot be used is reported with
// its place and nullopt comes back.
#pragma once

#include <optional>
#include <string>
#include <toml.hpp>
#include <vector>

#include "common/config.h"
#include "common/source_text.h"

namespace cfr {

class ConfigValues {
 public:
  using Value = toml::value;

  ConfigValues(const SourceText& source, std::vector<ConfigError>* errors)
      : source_(source), errors_(*errors) {}

  void Error(Place place, std::string message, std::string hint = "");
  Place At(const Value& v) const;     // of a value; a table's is its header
  Place KeyOf(const Value& v) const;  // of the key before it, or as At

  // `name` is the key with its path, for the message.
  std::optional<std::string> Text(const Value& v,
                                  const std::string& name);  // 1..kTextBytesMax bytes, printable
  std::optional<std::string> Name(const Value& v, const std::string& name);  // letters, digits, '-', '_', '.'
  // `why`: the hint for one out of range.
  std::optional<uint64_t> Integer(const Value& v, const std::string& name, uint64_t min, uint64_t max,
                                  const char* why = "");
  std::optional<uint64_t> Seconds(const Value& v, const std::string& name, uint64_t min, uint64_t max,
                                  const char* why = "");
  std::optional<bool> Flag(const Value& v, const std::string& name);
  // The position of a word among `words`, "a|b|c".
  std::optional<uint64_t> Word(const Value& v, const std::string& name, std::string_view words);
  std::optional<Address> AddressOf(const Value& v, const std::string& name, Family family);
  enum class HostBits { kRefused, kWanted };  // kWanted: an address with the length of its link
  std::optional<Prefix> PrefixOf(const Value& v, const std::string& name, HostBits host_bits);
  // The items of an array, nullptr if it is none.
  const toml::array* Array(const Value& v, const std::string& name, const char* of_what);

 private:
  void WrongType(const Value& v, const std::string& name, const char* wanted, std::string hint);
  std::optional<size_t> Offset(const Value& v) const;
  std::string Written(const Value& v) const;

  const SourceText& source_;
  std::vector<ConfigError>& errors_;
};

}  // namespace cfr
