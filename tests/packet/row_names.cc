// SPDX-License-Identifier: BSD-3-Clause
#include "tests/packet/row_names.h"

#include <cctype>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace cfr::test {
namespace {

// README.md explains each; the addresses are those of configurations/*.toml.
struct FixedName {
  const char *name, *v4, *v6;
};
constexpr FixedName kFixedNames[] = {
    {"C", "100.64.1.10", "2001:db8:c1::10"},       // a subscriber
    {"D", "100.64.1.20", "2001:db8:c1:1400::10"},  // another
    {"Cx", "100.64.1.10", "2001:db8:c1:1::99"},    // the same subscriber; IPv6: another subnet and host
    {"N", "100.65.0.10", "2001:db8:c2::10"},       // a subscriber of another region (two-regions.toml)
    {"X", "8.8.8.8", "2001:db8:dead::1"},          // nobody's
    {"S", "198.51.100.5", "2001:db8:5::5"},        // a remote
    {"T", "198.51.100.150", "2001:db8:5::150"},    // another
    {"L", "192.0.2.77", "2001:db8:c0::77"},        // a remote on the core link
    {"B", "198.51.100.205", "2001:db8:b::53"},     // inside a bypass prefix
    {"P", "203.0.113.250", "2001:db8:a000::fa"},   // a pool address that is no alias unit
    {"R", "10.0.0.1", "2001:db8:ac::1"},           // the relay, access side
    {"Q", "192.0.2.1", "2001:db8:c0::1"},          // the relay, core side
    {"G", "10.0.0.2", "2001:db8:ac::2"},           // the gateway of the access side
    {"H", "192.0.2.254", "2001:db8:c0::fe"},       // the gateway of the core side
};

// The next subscriber in IPv6 is the next /56, in IPv4 the next address; any other name counts hosts.
void Add(Address* a, int plus, bool subscriber) {
  size_t at = a->family == Family::kV4 ? 3 : subscriber ? 6 : 15;
  int sum = a->bytes[at] + plus;
  a->bytes[at] = static_cast<uint8_t>(sum);
  a->bytes[at - 1] = static_cast<uint8_t>(a->bytes[at - 1] + sum / 256);
}

}  // namespace

std::optional<Address> RowNames::FindAddress(const std::string& name, int plus) const {
  if (auto literal = ParseAddress(name); literal.has_value()) return literal;
  if (auto alias = aliases_.find(name); alias != aliases_.end()) return alias->second;
  std::string stem = name;
  if (!stem.empty() && std::isdigit(static_cast<unsigned char>(stem.back()))) stem.pop_back();
  for (const FixedName& fixed : kFixedNames) {
    if (stem != fixed.name) continue;
    Address a = *ParseAddress(family_ == Family::kV4 ? fixed.v4 : fixed.v6);
    Add(&a, plus, stem[0] == 'C' || stem[0] == 'D' || stem[0] == 'N');
    return a;
  }
  return std::nullopt;
}

std::optional<uint32_t> RowNames::FindPort(const std::string& text) const {
  if (text.empty()) return 0;
  uint32_t number = 0;
  if (absl::SimpleAtoi(text, &number)) return number;
  std::pair<std::string, std::string> sum = absl::StrSplit(text, absl::MaxSplits('+', 1));
  auto value = values_.find(sum.first);
  if (value == values_.end()) return std::nullopt;
  if (!sum.second.empty() && !absl::SimpleAtoi(sum.second, &number)) return std::nullopt;
  return value->second + number;
}

bool RowNames::Fits(const std::string& name, const Address& seen) {
  if (name.empty() || name == "_") return true;
  if (IsAlias(name)) return aliases_.emplace(name, seen).first->second == seen;
  auto fixed = FindAddress(name);
  return fixed.has_value() && *fixed == seen;
}

bool RowNames::FitsPort(const std::string& text, uint32_t seen) {
  if (text.empty() || text == "_") return true;
  if (auto known = FindPort(text); known.has_value()) return *known == seen;
  return values_.emplace(text, seen).second;
}

std::optional<bool> RowNames::Same(const std::string& one, const std::string& other) const {
  if (IsAlias(one)) {
    auto a = aliases_.find(one), b = aliases_.find(other);
    if (a == aliases_.end() || b == aliases_.end()) return std::nullopt;
    return a->second == b->second;
  }
  auto a = FindPort(one), b = FindPort(other);
  if (!a.has_value() || !b.has_value()) return std::nullopt;
  return *a == *b;
}

}  // namespace cfr::test
