// SPDX-License-Identifier: BSD-3-Clause
// What must hold between a pool and its parent, and of the place it may be published with.
#pragma once

#include <vector>

#include "common/config_reader.h"

namespace cfr {

// Appends every violation to *errors, each with the place it is about.
void CheckPoolRules(const Config& config, const ConfigPlaces& places, std::vector<ConfigError>* errors);

}  // namespace cfr
