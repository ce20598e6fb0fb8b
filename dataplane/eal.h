// SPDX-License-Identifier: BSD-3-Clause
// DPDK's environment for this process: memory, lcores and virtual devices from the configuration.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/config.h"

namespace cfr {

// Refuses, with the command that mends it, an interface the kernel could forward from by itself: an
// address on it, IPv6 not disabled, forwarding on. A dead relay must leave a gap, not a hole.
absl::Status CheckKernelIsOut(const PortConfig& port, Side side);

// What rte_eal_init is told, the name of the program first. lcore 0 is the main lcore, 1..workers are the
// workers; they float over the process's cores unless poll_mode gives each its own.
std::vector<std::string> EalArguments(const Config& config);
absl::Status StartEal(const Config& config);

}  // namespace cfr
