// SPDX-License-Identifier: BSD-3-Clause
// From TOML text to a Config plus the place of every value: syntax, unknown and missing keys, types and
// ranges are judged here, relations between objects in config_rules.h.
#pragma once

#include <map>
#include <vector>

#include "common/config.h"
#include "common/source_text.h"

namespace cfr {

// Where each object of the Config was written, in the order of its vectors. `whole`: everything there was
// could be read, so that a rule about something missing makes sense.
struct ConfigPlaces {
  struct Pool {
    Place name, region, units;  // of the table or the name where the key is not given
    Place parent, cross_border, city;
    std::vector<Place> prefixes;
    bool whole = true;
  };
  struct Subscribers {
    Place prefix, region;
  };
  struct Bypass {
    Place name, prefix;
  };
  struct Port {
    Place device;
    std::vector<Place> addresses;
    Place gateway[kFamilies];
    bool whole = true;
  };
  std::vector<Pool> pools;
  std::vector<Subscribers> subscribers;
  std::vector<Bypass> bypasses;
  Port port[kSides];
  std::map<Setting, Place> settings;         // those given and readable
  std::vector<Place> ports[kPortListCount];  // empty: the list is not given
  std::vector<Place> nat64_prefixes;
  bool regions_whole = true, subscribers_whole = true, pools_whole = true, egress_whole = true;
};

struct ReadResult {
  Config config;  // what could be read; names that could not are empty
  ConfigPlaces places;
  std::vector<ConfigError> errors;
  bool parsed = false;  // false: errors holds the one reason why there is no tree of values
};
ReadResult ReadConfigText(std::string_view text);

}  // namespace cfr
