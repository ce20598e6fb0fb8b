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
  std::string text;            // what it is; for '~' the fields that differ, "OLD -> NEW" or "+ITEM -ITEM"
  bool needs_restart = false;  // takes effect when cfr-dataplane starts again
  friend bool operator==(const PlanItem&, const PlanItem&) = default;
};

// In the order of the file's sections, then by name; the order of objects in the file is no difference. A
// pool outside the egress prefixes of `before` needs a restart. `before` may be Config{}, nothing in force.
std::vector<PlanItem> MakePlan(const Config& before, const Config& after);

}  // namespace cfr
