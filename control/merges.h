// SPDX-License-Identifier: BSD-3-Clause
// Pools merged into their parents, while the crowd behind them is too small: a merged pool's units drain. A
// region whose active pools of a family are all merged is served by the region of their parents.
//
//   pool "berlin" of DE-BE ---parent---> pool "germany" of DE
//   merged: subscribers of DE-BE draw among DE's units; those of any other region do not
#pragma once

#include <set>
#include <string>

#include "common/config.h"

namespace cfr {

// By name. What the configuration gives no parent counts for nothing.
using Merges = std::set<std::string>;

bool IsMerged(const Merges& merges, const PoolConfig& pool);
// Active and not merged: its units take new flows.
bool OpensFlows(const Merges& merges, const PoolConfig& pool);
// The nearest pool above that is not merged; nullptr if `pool` itself is not.
const PoolConfig* MergedInto(const Config& config, const Merges& merges, const PoolConfig& pool);
// The region whose units new flows of a region's subscribers use: itself, or one above.
std::string ServingRegion(const Config& config, const Merges& merges, const std::string& region,
                          Family family);
// Those of `merges` that `config` still knows.
Merges StillMerged(const Config& config, const Merges& merges);

}  // namespace cfr
