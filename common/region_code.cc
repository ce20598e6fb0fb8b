// SPDX-License-Identifier: BSD-3-Clause
#include "common/region_code.h"

#include <algorithm>

namespace cfr {
namespace {

bool IsCapital(char c) {
  return c >= 'A' && c <= 'Z';
}

}  // namespace

bool IsCountryCode(std::string_view code) {
  return code.size() == 2 && IsCapital(code[0]) && IsCapital(code[1]);
}

bool IsSubdivisionCode(std::string_view code) {
  return code.size() >= 4 && code.size() <= 6 && IsCountryCode(CountryOf(code)) && code[2] == '-' &&
         std::all_of(code.begin() + 3, code.end(),
                     [](char c) { return IsCapital(c) || (c >= '0' && c <= '9'); });
}

bool RegionContains(std::string_view outer, std::string_view inner) {
  return outer == inner || (IsCountryCode(outer) && IsSubdivisionCode(inner) && CountryOf(inner) == outer);
}

}  // namespace cfr
