// SPDX-License-Identifier: BSD-3-Clause
// From TOML text to a Config plus the place of every value: types, ranges and unknown keys are judged
// here, relations between objects in config_rules.h.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/config.h"

namespace cfr {

struct Place {
  int line = 0, column = 0;
};

// Where each object of the Config was written, in the order of its vectors.
struct ConfigPlaces {
  struct Pool {
    Place name, region, units;
    std::vector<Place> prefixes;
  };
  struct Subscribers {
    Place prefix, per, region;
  };
  struct Bypass {
    Place name, prefix;
  };
  std::vector<Pool> pools;
  std::vector<Subscribers> subscribers;
  std::vector<Bypass> bypasses;
  std::vector<Place> port_addresses[kSides];
  Place port[kSides], gateway[kSides][kFamilies];
  std::map<Setting, Place> settings;
};

struct ReadResult {
  Config config;
  ConfigPlaces places;
  std::vector<ConfigError> errors;
};
ReadResult ReadConfigText(std::string_view text);

// The key of `known` nearest to `word`, empty if none is near.
std::string Nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace cfr
