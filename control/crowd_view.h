// SPDX-License-Identifier: BSD-3-Clause
// `cfrctl privacy show`: what the crowd estimators found, of whole pools only, and whether CFR-U1 is met.
#pragma once

#include "control/answer.h"
#include "control/crowd.h"
#include "control/node.h"

namespace cfr {

// While a dataplane is attached.
Json CrowdView(Node& node, const Crowd& crowd);

}  // namespace cfr
