// SPDX-License-Identifier: BSD-3-Clause
#include "common/table_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/config_schema.h"
#include "common/suggestion.h"

namespace cfr {

const toml::value* TableReader::Find(const Value& table, const std::string& key) {
  const auto& entries = table.as_table();
  auto found = entries.find(key);
  return found == entries.end() ? nullptr : &found->second;
}

const toml::value* TableReader::Optional(const Value& parent, const std::string& key,
                                         const std::string& path) {
  const Value* v = Find(parent, key);
  if (v == nullptr || v->is_table()) return v;
  const std::string& name = path.empty() ? key : path;
  bool list = v->is_array() && !v->as_array().empty() && v->as_array().front().is_table();
  values_.Error(values_.KeyOf(*v), absl::StrCat("'", name, "' must be a table", list ? ", not a list" : ""),
                absl::StrCat("write [", name, "]"));
  return nullptr;
}

const toml::value* TableReader::Required(const Value& parent, const std::string& key,
                                         const std::string& path) {
  if (Find(parent, key) != nullptr) return Optional(parent, key, path);
  const std::string& name = path.empty() ? key : path;
  values_.Error({1, 1}, absl::StrCat("the table [", name, "] is missing"), "");
  return nullptr;
}

bool TableReader::EachOf(const Value& root, const std::string& key,
                         const std::function<void(const Value&)>& read) {
  const Value* v = Find(root, key);
  if (v == nullptr) return true;
  if (!v->is_array()) {
    values_.Error(values_.KeyOf(*v), absl::StrCat("'", key, "' must be a list of tables"),
                  absl::StrCat("write [[", key, "]]"));
    return false;
  }
  bool whole = true;
  for (const Value& item : v->as_array()) {
    whole &= item.is_table();
    if (item.is_table())
      read(item);
    else
      values_.Error(values_.At(item), absl::StrCat("'", key, "' must be a list of tables"),
                    absl::StrCat("write [[", key, "]]"));
  }
  return whole;
}

void TableReader::UnknownKey(const std::string& path, const std::string& key, const Value& value,
                             const std::vector<std::string>& known) {
  Place place = values_.KeyOf(value);
  std::string name = path.empty() ? key : absl::StrCat(path, ".", key);
  std::string refused = RefusedReason(key);
  bool off = value.is_boolean() && !value.as_boolean();
  if (refused.empty() && value.is_string()) refused = RefusedReason(value.as_string().str);
  if (!refused.empty()) {
    values_.Error(
        place, absl::StrCat("'", name, "' is refused: ", refused),
        off ? "delete the line; the relay never does that" : "delete the line; there is no such mode");
    return;
  }
  std::vector<std::string> elsewhere = TablesWith(key);
  std::string hint = Nearest(key, known).empty() && !elsewhere.empty()
                         ? absl::StrCat("it belongs to [", absl::StrJoin(elsewhere, "] or ["), "]")
                         : Suggestion(key, known);
  bool table = value.is_table() ||
               (value.is_array() && !value.as_array().empty() && value.as_array().front().is_table());
  values_.Error(place, absl::StrCat("unknown ", table ? "table" : "key", " '", name, "'"), std::move(hint));
}

void TableReader::CheckKeys(const Value& table, const std::string& path,
                            const std::vector<std::string>& known) {
  for (const auto& [key, value] : table.as_table())
    if (std::find(known.begin(), known.end(), key) == known.end()) UnknownKey(path, key, value, known);
}

size_t TableReader::CheckKeys(const Value& table, const std::string& path, const char* keys) {
  CheckKeys(table, path, KeysOf(keys));
  size_t missing = 0;
  for (const std::string& key : RequiredKeysOf(keys)) {
    if (Find(table, key) != nullptr) continue;
    values_.Error(values_.At(table), absl::StrCat("'", path, ".", key, "' is missing"));
    ++missing;
  }
  return missing;
}

}  // namespace cfr
