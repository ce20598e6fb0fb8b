// SPDX-License-Identifier: BSD-3-Clause
// What a command of the local API gives back, and the exit codes cfrctl makes of it.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>

namespace cfr {

using Json = nlohmann::json;

enum class ExitCode : int {
  kOk = 0,           // also: nothing to change
  kFailed = 1,       // rejected, or the dataplane refused
  kUsage = 2,
  kUnreachable = 3,  // no daemon
  kConfig = 4,       // configuration invalid
  kConflict = 5,     // somebody else was faster, or another object of that name
  kDeadline = 6,
};

struct Failure {
  ExitCode code = ExitCode::kFailed;
  std::string message;  // what failed and where
  std::string hint;     // what to type next, may be empty
};

using Answer = std::variant<Json, Failure>;
using Answered = std::function<void(Answer)>;  // called exactly once

}  // namespace cfr
