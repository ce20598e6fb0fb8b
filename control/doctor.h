// SPDX-License-Identifier: BSD-3-Clause
// What stands between this machine and a running relay: each finding with the command that mends it.
// Needs no daemon and changes nothing.
#pragma once

#include <string>

#include "control/answer.h"

namespace cfr {

// `config_path`: the file the daemons would read. `socket_path`: the API socket. Like HealthView.
Json Examine(const std::string& config_path, const std::string& socket_path);

}  // namespace cfr
