// SPDX-License-Identifier: BSD-3-Clause
// Which addresses may be whose: pools, subscribers, bypass prefixes, the relay itself and its gateways.
#pragma once

#include <vector>

#include "common/config_reader.h"

namespace cfr {

// Appends every violation to *errors, each with the place it is about.
void CheckAddressRules(const Config& config, const ConfigPlaces& places, std::vector<ConfigError>* errors);

}  // namespace cfr
