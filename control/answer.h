// SPDX-License-Identifier: BSD-3-Clause
// What a command of the local API gives back, and the exit codes cfrctl makes of it.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>

namespace cfr {

using Json = nlohmann::json;

enum class ExitCode : int {
  kOk = 0,      // also: nothing to change
  kFailed = 1,  // rejected, or the dataplane refused
  kUsage = 2,
  kUnreachable = 3,  // no daemon
  kConfig = 4,       // configuration invalid
  kConflict = 5,     // somebody else was faster, or another object of that name
  kDeadline = 6,
};
struct ExitCodeRow {
  ExitCode code;
  const char* name;
  const char* sentence;
};
inline constexpr ExitCodeRow kExitCodeRows[] = {
    {ExitCode::kOk, "ok", "done, or nothing to change"},
    {ExitCode::kFailed, "failed", "rejected or failed; a check found something"},
    {ExitCode::kUsage, "usage", "the command line is wrong"},
    {ExitCode::kUnreachable, "unreachable", "cfr-control does not answer"},
    {ExitCode::kConfig, "config", "the configuration is invalid or cannot be read"},
    {ExitCode::kConflict, "conflict",
     "another generation is in force, or another object of that name exists"},
    {ExitCode::kDeadline, "deadline", "the time to wait was over"},
};
constexpr const char* Name(ExitCode code) {
  return kExitCodeRows[static_cast<int>(code)].name;
}

struct Failure {
  ExitCode code = ExitCode::kFailed;
  std::string message;  // what failed and where
  std::string hint;     // what to type next, may be empty
};
Json ToJson(const Failure& failure);

using Answer = std::variant<Json, Failure>;
using Answered = std::function<void(Answer)>;  // called exactly once

// One line of JSON, a newline at its end. Bytes that are no UTF-8 become U+FFFD.
std::string ToLine(const Json& json);
// The value of a text; discarded (is_discarded()) if it is no JSON or nested deeper than kApiNestingMax:
// the library copies and prints by recursion.
Json ParseJson(std::string_view text);

}  // namespace cfr
