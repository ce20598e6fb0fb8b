// SPDX-License-Identifier: BSD-3-Clause
// Whether the relay can open new flows, check by check.
#pragma once

#include "control/answer.h"
#include "control/heartbeats.h"
#include "control/node.h"
#include "control/records.h"

namespace cfr {

// "healthy", and one entry per check with "ok" and a sentence.
Json HealthView(Node& node, const Heartbeats& heartbeats, const Records& records, uint64_t now_ms);

}  // namespace cfr
