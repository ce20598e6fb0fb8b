// SPDX-License-Identifier: BSD-3-Clause
// IP addresses and prefixes of both families, as the slow paths use them: configuration, messages,
// snapshots, neighbours. The packet path compares raw words instead (dataplane/flow.h).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "common/types.h"

namespace cfr {

// Network byte order; IPv4 uses the first four bytes, the rest is zero.
struct Address {
  Family family = Family::kV4;
  std::array<uint8_t, 16> bytes{};

  friend auto operator<=>(const Address&, const Address&) = default;
  static Address FromV4(const void* four_bytes) {
    Address a;
    std::memcpy(a.bytes.data(), four_bytes, 4);
    return a;
  }
  static Address FromV6(const void* sixteen_bytes) {
    Address a;
    a.family = Family::kV6;
    std::memcpy(a.bytes.data(), sixteen_bytes, 16);
    return a;
  }
  int bits() const { return family == Family::kV4 ? 32 : 128; }
};

// `length` in bits, 0..32 or 0..128. A well-formed prefix has no host bits set.
struct Prefix {
  Address address;
  uint8_t length = 0;

  friend auto operator<=>(const Prefix&, const Prefix&) = default;
  bool Contains(const Address& a) const;
  bool Contains(const Prefix& p) const { return p.length >= length && Contains(p.address); }
  bool Overlaps(const Prefix& p) const { return Contains(p) || p.Contains(*this); }
  bool HasHostBits() const;
};

// First `length` bits kept, the others zero.
Address Masked(const Address& a, int length);
// The last address of a prefix (all host bits one).
Address LastOf(const Prefix& p);

// RFC 4291 / dotted quad text without zone or spaces; nullopt if malformed.
std::optional<Address> ParseAddress(std::string_view text);
// "ADDRESS/LENGTH"; host bits are accepted here and judged by the caller (HasHostBits).
std::optional<Prefix> ParsePrefix(std::string_view text);
std::string Format(const Address& a);
std::string Format(const Prefix& p);

}  // namespace cfr
