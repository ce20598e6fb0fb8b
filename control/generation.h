// SPDX-License-Identifier: BSD-3-Clause
// A configuration and its assignments as the run of commands that makes a dataplane obey them.
#pragma once

#include <vector>

#include "common/config.h"
#include "common/messages.h"
#include "control/assignments.h"

namespace cfr {

// kBegin ... kCommit with count and digest; sequence numbers are the link's to fill in. Names become
// numbers: a region its place in config.regions, a pool its place in config.pools.
std::vector<Message> CompileGeneration(const Config& config, const std::vector<Assignment>& assignments,
                                       Generation generation, const Merges& merges = {});

}  // namespace cfr
