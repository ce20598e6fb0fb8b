// SPDX-License-Identifier: BSD-3-Clause
// Region codes. A region may have any name; one of the form of ISO 3166-1 alpha-2 ("DE") or ISO 3166-2
// ("DE-BE") is a country or a part of one, so it can be published (RFC 8805) and lie within another.
#pragma once

#include <string_view>

namespace cfr {

bool IsCountryCode(std::string_view code);
bool IsSubdivisionCode(std::string_view code);
// Of either form.
inline bool IsIsoRegion(std::string_view code) {
  return IsCountryCode(code) || IsSubdivisionCode(code);
}
// The country of an ISO region.
constexpr std::string_view CountryOf(std::string_view code) {
  return code.substr(0, 2);
}
// Equal, or `inner` a part of the country `outer`. Names that are no codes contain nothing but themselves.
bool RegionContains(std::string_view outer, std::string_view inner);

}  // namespace cfr
