// SPDX-License-Identifier: BSD-3-Clause
// What the names of a row stand for in one family: fixed addresses, and aliases and ports that are bound
// where they are first seen.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "common/address.h"
#include "tests/packet/row.h"

namespace cfr::test {

class RowNames {
 public:
  explicit RowNames(Family family) : family_(family) {}

  // The address of a fixed name, a literal or a bound alias; `plus` counts subscribers or addresses.
  std::optional<Address> FindAddress(const std::string& name, int plus = 0) const;
  // A number or a bound port or id, "a" or "a+1".
  std::optional<uint32_t> FindPort(const std::string& text) const;

  // Whether `seen` is what the name stands for; binds a name not seen before. "_" and "" fit anything.
  bool Fits(const std::string& name, const Address& seen);
  bool FitsPort(const std::string& text, uint32_t seen);

  // Whether two bound names of one kind are equal; nullopt if one is not bound.
  std::optional<bool> Same(const std::string& one, const std::string& other) const;

 private:
  static bool IsAlias(const std::string& name) { return !name.empty() && name[0] == 'A'; }
  Family family_;
  std::map<std::string, Address> aliases_;
  std::map<std::string, uint32_t> values_;
};

}  // namespace cfr::test
