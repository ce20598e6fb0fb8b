// SPDX-License-Identifier: BSD-3-Clause
// The tables of the TOML tree: which are there, which keys they may and must have.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config_values.h"

namespace cfr {

class TableReader {
 public:
  using Value = toml::value;

  explicit TableReader(ConfigValues* values) : values_(*values) {}
  ConfigValues& values() { return values_; }

  static const Value* Find(const Value& table, const std::string& key);  // nullptr: not there
  // The table `key`; reported when it is something else, and by Required when it is missing.
  const Value* Optional(const Value& parent, const std::string& key, const std::string& path = "");
  const Value* Required(const Value& parent, const std::string& key, const std::string& path = "");
  // Calls `read` for each table of the list `key`; false if an item is no table.
  bool EachOf(const Value& root, const std::string& key, const std::function<void(const Value&)>& read);

  // Reports keys that are not `known`.
  void CheckKeys(const Value& table, const std::string& path, const std::vector<std::string>& known);
  // As above with the keys that config_schema.h gives the table, required ones included. Returns how many
  // of those are missing.
  size_t CheckKeys(const Value& table, const std::string& path, const char* keys);

 private:
  void UnknownKey(const std::string& path, const std::string& key, const Value& value,
                  const std::vector<std::string>& known);

  ConfigValues& values_;
};

}  // namespace cfr
