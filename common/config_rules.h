// SPDX-License-Identifier: BSD-3-Clause
// What must hold between the objects of a Config, each rule with the place it is about.
#pragma once

#include <vector>

#include "common/config_reader.h"

namespace cfr {

// Appends every violation to *errors.
void CheckRules(const Config& config, const ConfigPlaces& places, std::vector<ConfigError>* errors);

}  // namespace cfr
