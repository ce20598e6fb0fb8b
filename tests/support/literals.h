// SPDX-License-Identifier: BSD-3-Clause
// Addresses and prefixes as text in the code of tests: "192.0.2.1"_ip, "192.0.2.0/24"_net. Host bits are
// kept.
#pragma once

#include <string_view>

#include "common/address.h"

namespace cfr::test {

inline Address operator""_ip(const char* text, size_t length) {
  return ParseAddress(std::string_view(text, length)).value();
}
inline Prefix operator""_net(const char* text, size_t length) {
  return ParsePrefix(std::string_view(text, length)).value();
}

}  // namespace cfr::test
