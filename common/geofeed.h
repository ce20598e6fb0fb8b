// SPDX-License-Identifier: BSD-3-Clause
// Geolocation feeds (RFC 8805): where the addresses of the pools say they are. Country or subdivision, a city
// only where the configuration may name one, never a postal code.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/config.h"

namespace cfr {

struct GeofeedEntry {
  Prefix prefix;
  std::string country, region, city;  // may be empty; region with its country, like "DE-BE"
  int line = 0;                       // in the file it was read from
};
struct GeofeedFinding {
  int line = 0;  // from 1; 0: about the file as a whole
  std::string message;
};
struct Geofeed {
  std::vector<GeofeedEntry> entries;
  std::vector<GeofeedFinding> findings;  // lines that are no entries
};

// Each line is an entry, a comment, empty, or a finding. Stricter than RFC 8805 where that tolerates: all
// four commas, no host bits, no postal code.
Geofeed ReadGeofeed(std::string_view text);
std::string WriteGeofeed(const std::vector<GeofeedEntry>& entries);

// Every prefix of every pool whose region is a code of ISO 3166; the names of the other pools go to *omitted.
std::vector<GeofeedEntry> GeofeedOf(const Config& config, std::vector<std::string>* omitted);

// Where a file says something else of the `wanted` prefixes, by longest match; what it says of others is not
// ours to judge.
std::vector<GeofeedFinding> CompareGeofeed(const std::vector<GeofeedEntry>& published,
                                           const std::vector<GeofeedEntry>& wanted);

}  // namespace cfr
