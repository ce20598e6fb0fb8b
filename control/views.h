// SPDX-License-Identifier: BSD-3-Clause
// What the running system looks like, as JSON: base units, integers as numbers. Aggregates only; nothing
// here names a subscriber or a remote.
#pragma once

#include "control/answer.h"
#include "control/node.h"

namespace cfr {

// "flows" of a pool are null while no dataplane is attached.
Json PoolsView(Node& node, uint64_t now_ms);
Json GeofeedView(const Config& config);
Json EpochView(Node& node);
Json WorkersView(const DataplanePage& page);
Json PortsView(const DataplanePage& page);
// Totals over workers and main lcore; with `worker` >= 0 of that worker alone. Zero rows only with `all`.
Json CountersView(const DataplanePage& page, bool all, int worker);
Json FlowStatsView(const DataplanePage& page);
std::string BuildText(const DataplanePage& page);

}  // namespace cfr
