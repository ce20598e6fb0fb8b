// SPDX-License-Identifier: BSD-3-Clause
#include "common/config_schema.h"

#include <algorithm>

#include "common/port_lists.h"
#include "common/settings.h"

namespace cfr {

std::vector<std::string> RootKeys() {
  std::vector<std::string> keys;
  for (const TableRow& row : kTableRows) {
    std::string_view path = row.path;
    std::string first(path.substr(0, path.find('.')));
    if (keys.empty() || keys.back() != first) keys.push_back(first);
  }
  return keys;
}

std::vector<std::string> KeysOf(std::string_view table) {
  std::vector<std::string> keys;
  for (const KeyRow& row : kKeyRows)
    if (row.table == table) keys.push_back(row.key);
  for (const PortListRow& row : kPortListRows)
    if (row.section == table) keys.push_back(row.key);
  for (const SettingRow& row : kSettingRows)
    if (row.section == table) keys.push_back(row.key);
  return keys;
}

std::vector<std::string> RequiredKeysOf(std::string_view table) {
  std::vector<std::string> keys;
  for (const KeyRow& row : kKeyRows)
    if (row.required && row.table == table) keys.push_back(row.key);
  return keys;
}

std::vector<std::string> TablesWith(std::string_view key) {
  std::vector<std::string> paths;
  for (const TableRow& row : kTableRows) {
    std::vector<std::string> keys = KeysOf(row.keys);
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) paths.push_back(row.path);
  }
  return paths;
}

}  // namespace cfr
