// SPDX-License-Identifier: BSD-3-Clause
// Who opened which record for what: a file that only grows. Each line is a JSON object, a space and the
// SHA-256, in hexadecimal, of the hash before and this object; a line changed, taken out or put in between
// breaks all after it. It names no subscriber and no remote.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "control/answer.h"

namespace cfr {

// Verifies the file, appends a line and forces it to the disk. kDataLoss: the file was changed.
absl::Status AppendAudit(const std::string& path, const Json& line);
// How many lines there are.
absl::StatusOr<uint64_t> CheckAudit(const std::string& path);

}  // namespace cfr
