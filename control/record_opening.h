// SPDX-License-Identifier: BSD-3-Clause
// From an abuse report to the one subscriber it is about: runs where the private keys are, on a copy of a
// relay's log. Opens what the report's own tuple opens (mode tuple), or the minutes of the day (batch).
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "control/day_keys.h"
#include "control/record.h"
#include "control/record_check.h"

namespace cfr {

// What a report must say. `remote` is the reporter's own address.
struct RecordQuery {
  Address alias, remote;
  uint16_t alias_port = 0, remote_port = 0;  // echo: identifier as the remote saw it, 0
  uint8_t protocol = 0;
  uint64_t time_s = 0;  // UTC
};

inline constexpr uint64_t kReportErrorSeconds = 5;  // of the reporter's clock
// A tuple rests this long before it is given again (the least `timers.port_quarantine`): openings of it that
// are closer are of two remotes with one tag.
inline constexpr uint64_t kTupleRestSeconds = 120;

struct RecordAnswer {
  enum class Outcome : uint8_t { kOne, kNone, kSeveral };
  Outcome outcome = Outcome::kNone;
  Address subscriber;     // kOne
  uint64_t opened_s = 0;  // kOne: when the flow was
  std::string pool;       // kOne: of the alias
  std::string why;        // kNone, kSeveral
  RecordLogReport log;
};

RecordAnswer OpenRecord(const std::string& directory, const std::vector<DayKey>& keys,
                        const RecordQuery& query);

}  // namespace cfr
