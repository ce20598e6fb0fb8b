// SPDX-License-Identifier: BSD-3-Clause
// Whether a record log is as it was written, without any key. What this can tell and what not:
// docs/records.md.
#pragma once

#include <string>
#include <vector>

#include "control/record_segment.h"

namespace cfr {

struct RecordLogReport {
  std::string node;
  uint64_t segments = 0, entries = 0, bytes = 0;
  Chain chain{};                      // of the last entry
  std::vector<std::string> findings;  // empty: whole
  std::vector<std::string> notes;     // what a kill explains
};

// `visit`, if any, sees each whole entry in order.
RecordLogReport CheckRecordLog(const std::string& directory, const EntryVisitor& visit = nullptr);

}  // namespace cfr
