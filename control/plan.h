// SPDX-License-Identifier: BSD-3-Clause
// What a new configuration would change, object by object.
#pragma once

#include <string>
#include <vector>

#include "common/config.h"

namespace cfr {

struct PlanItem {
  char sign;           // '+' new, '-' gone, '~' different
  std::string object;  // "pool", "subscribers", "bypass", "setting", "port", "node"
  std::string name;
  std::string text;    // what it is or becomes; for '~' "OLD -> NEW"
  bool needs_restart = false;  // takes effect when cfr-dataplane starts
};

// In the order of the file's sections; empty when both are equal.
std::vector<PlanItem> MakePlan(const Config& before, const Config& after);

}  // namespace cfr
