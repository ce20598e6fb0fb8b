// SPDX-License-Identifier: BSD-3-Clause
// The plots of docs/privacy.md: pool size, epoch length, affinity, header fields.
#pragma once

#include <string>

#include "bench/privacy/laboratory.h"

namespace cfr::privacy {

// Of outcomes where the profiles have `profile_units`. Those whose studies were played, into an existing
// directory. False: a file cannot be written.
bool WritePlots(const std::string& directory, const Outcomes& outcomes, uint32_t profile_units);

}  // namespace cfr::privacy
