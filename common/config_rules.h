// SPDX-License-Identifier: BSD-3-Clause
// What must hold between the objects of a Config. Works on what could be read, so that all errors of a
// file come out together; a rule about something missing waits until everything of its kind could be.
#pragma once

#include <vector>

#include "common/config_reader.h"

namespace cfr {

// Appends every violation to *errors, each with the place it is about.
void CheckRules(const Config& config, const ConfigPlaces& places, std::vector<ConfigError>* errors);

}  // namespace cfr
