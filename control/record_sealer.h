// SPDX-License-Identifier: BSD-3-Clause
// From opened flows to sealed entries of a log (record.h says how). Touches no file and no clock. It holds in
// clear: K_tag until its day is over, the secret of the minute until that is over, and in mode batch the
// records taken since the last Flush; each is erased then.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/opened.h"
#include "control/day_keys.h"
#include "control/record.h"

namespace cfr {

// An entry of the log to be written. A block belongs to the last minute before it.
struct SealedEntry {
  enum class Kind : uint8_t { kMinute, kBlock };
  Kind kind;
  UtcDay day;
  uint32_t records;
  std::string payload;
};

class RecordSealer {
 public:
  static constexpr uint32_t kBlockRecordsMax = 1024;

  RecordSealer(RecordMode mode, std::string node, PublicDayKeys keys);
  ~RecordSealer();
  RecordSealer(const RecordSealer&) = delete;
  RecordSealer& operator=(const RecordSealer&) = delete;

  // The alias units from now on. Ends the minute.
  void SetUnits(Generation generation, std::vector<RecordUnit> units);
  void SetKeys(PublicDayKeys keys) { keys_ = std::move(keys); }
  bool HasKeyOf(UtcDay day) const { return keys_.contains(day); }

  // False if the day has no key, or none that can be sealed to: nothing is kept then.
  bool Take(const Opened& opened, const UtcClock& clock);
  // Puts what was taken into a block.
  void Flush();
  // What time alone ends.
  void Pass(const UtcClock& clock);
  void EndMinute();
  // What is to be written, in order; the caller takes it.
  std::vector<SealedEntry>& entries() { return entries_; }

 private:
  struct Minute;

  bool BeginMinute(uint32_t minute);
  void Seal(const Record& record);

  const RecordMode mode_;
  const std::string node_;
  PublicDayKeys keys_;
  Generation generation_ = 0;
  std::vector<RecordUnit> units_;
  std::optional<UtcDay> tag_day_;  // of tag_key_
  Digest tag_key_bytes_;
  Hmac tag_key_, record_key_;
  Aead record_aead_{kRecordAead};
  std::unique_ptr<Minute> minute_;
  std::vector<SealedEntry> entries_;
};

}  // namespace cfr
