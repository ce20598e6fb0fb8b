// SPDX-License-Identifier: BSD-3-Clause
// Gives a row its meaning: sets up a relay, walks the steps, compares packets and counters.
#pragma once

#include <string>
#include <vector>

#include "common/types.h"
#include "tests/packet/row.h"

namespace cfr::test {

struct RowFailure {
  int line;
  std::string sentence;
};

// One run of a row. `configurations`: folder of the NAME.toml a row is 'on'.
std::vector<RowFailure> RunRow(const Row& row, Family family, int workers, const std::string& configurations);

}  // namespace cfr::test
