// SPDX-License-Identifier: BSD-3-Clause
// Sealed records of this node: what the configuration wants, the sealer and its log together. Whoever calls
// gives the clock. At most kRecordsWaitingBytesMax wait, sealed, for a disk that does not take them; what is
// beyond is lost and counted.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "common/config.h"
#include "common/messages.h"
#include "common/opened.h"
#include "control/assignments.h"
#include "control/record_log.h"
#include "control/record_sealer.h"

namespace cfr {

class Records {
 public:
  Records() = default;
  ~Records() { End(); }
  Records(const Records&) = delete;
  Records& operator=(const Records&) = delete;

  struct Counts {
    uint64_t written = 0;   // records in the log
    uint64_t lost = 0;      // flows that were opened without one
    uint64_t failures = 0;  // times the log could not be written
  };

  // The configuration in force and its units, at every generation.
  void Follow(const Config& config, Generation generation, const std::vector<Assignment>& assignments,
              const UtcClock& clock);
  void Take(const Opened& opened, const UtcClock& clock);
  // Writes what was taken, ends minutes and days, obeys retention. Call every few milliseconds.
  void Poll(const UtcClock& clock);

  RecordMode mode() const { return mode_; }
  // Records are wanted and cannot be written.
  bool blocked() const { return !why_blocked_.empty(); }
  const std::string& why_blocked() const { return why_blocked_; }
  // Whether the operator would rather have no flow than one without its record, and none can be had.
  OpeningRule rule() const {
    if (mode_ == RecordMode::kOff || policy_ == RecordBlocked::kContinue) return OpeningRule::kAny;
    return blocked() ? OpeningRule::kNone : OpeningRule::kTold;
  }
  const Counts& counts() const { return counts_; }

 private:
  void End();
  void ReadKeys();
  void Write();
  void EachMinute(const UtcClock& clock);
  void RemoveOld(uint64_t utc_s);
  void SetBlocked(const std::string& why);
  absl::Status OpenLog();

  RecordMode mode_ = RecordMode::kOff;
  RecordBlocked policy_ = RecordBlocked::kContinue;
  RecordsConfig config_;
  std::string node_;
  uint64_t retention_s_ = 0;
  PublicDayKeys keys_;
  std::string why_no_keys_;  // the directory cannot be read
  std::unique_ptr<RecordSealer> sealer_;
  std::unique_ptr<RecordLog> log_;
  std::deque<SealedEntry> waiting_;
  size_t waiting_bytes_ = 0;
  std::string why_unwritten_, why_blocked_;
  uint64_t next_poll_ms_ = 0, minute_ = 0;
  UtcDay warned_day_ = 0;
  Counts counts_;
};

}  // namespace cfr
