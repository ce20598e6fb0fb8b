// SPDX-License-Identifier: BSD-3-Clause
// cfrctl's end of the local API: one request, one answer.
#pragma once

#include <string>

#include "control/answer.h"

namespace cfr {

// Connects to `socket_path`, asks and waits, at each step at most `timeout_ms`. kUnreachable when nobody
// answers, or somebody who is no cfr-control.
Answer Ask(const std::string& socket_path, const std::string& command, const Json& args, int timeout_ms);

}  // namespace cfr
