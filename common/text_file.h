// SPDX-License-Identifier: BSD-3-Clause
// A whole file as text, or a sentence that says why not.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace cfr {

// kNotFound, kPermissionDenied and the like as the system says; kOutOfRange: more than `bytes_max`, so a
// device without end does no harm. Messages begin with the path.
absl::StatusOr<std::string> ReadTextFile(const std::string& path, size_t bytes_max);
// Of an open descriptor, which stays open; `name` stands for the path.
absl::StatusOr<std::string> ReadText(int file, const std::string& name, size_t bytes_max);

}  // namespace cfr
