// SPDX-License-Identifier: BSD-3-Clause
#include "control/records.h"

#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/limits.h"
#include "control/log.h"

namespace cfr {
namespace {

constexpr uint64_t kPollMs = 1000;  // records are in clear, or unwritten, no longer

RecordMode ModeFor(RecordChoice choice, bool keys) {
  switch (choice) {
    case RecordChoice::kAuto:
      return keys ? RecordMode::kTuple : RecordMode::kOff;
    case RecordChoice::kOff:
      return RecordMode::kOff;
    case RecordChoice::kBatch:
      return RecordMode::kBatch;
    case RecordChoice::kTuple:
      return RecordMode::kTuple;
  }
  return RecordMode::kOff;
}

}  // namespace

void Records::Follow(const Config& config, Generation generation, const std::vector<Assignment>& assignments,
                     const UtcClock& clock) {
  if (config.records != config_ || config.node_name != node_) End();
  config_ = config.records;
  node_ = config.node_name;
  retention_s_ = config.settings[Setting::kRecordRetention];
  policy_ = config.settings.Choice<RecordBlocked>(Setting::kRecordBlocked);
  ReadKeys();
  const RecordMode mode = ModeFor(config.settings.Choice<RecordChoice>(Setting::kRecordMode),
                                  !keys_.empty() || !why_no_keys_.empty());
  if (mode != mode_) End();
  mode_ = mode;
  if (mode_ != RecordMode::kOff) {
    if (sealer_ == nullptr) sealer_ = std::make_unique<RecordSealer>(mode_, node_, keys_);
    std::vector<RecordUnit> units;
    for (const Assignment& a : assignments) units.push_back({a.index, a.address, a.pool});
    sealer_->SetUnits(generation, std::move(units));
  }
  EachMinute(clock);
}

// Whatever comes next is another log, or sealed otherwise.
void Records::End() {
  if (sealer_ != nullptr) sealer_->EndMinute();
  Write();
  for (const SealedEntry& entry : waiting_) counts_.lost += entry.records;
  waiting_.clear();
  waiting_bytes_ = 0;
  why_unwritten_.clear();
  sealer_.reset();
  log_.reset();
}

void Records::ReadKeys() {
  why_no_keys_.clear();
  if (config_.day_keys.empty()) return keys_.clear();
  auto keys = ReadPublicDayKeys(config_.day_keys);
  if (keys.ok())
    keys_ = std::move(*keys);
  else
    why_no_keys_ = std::string(keys.status().message());  // those that were read before stay
  if (sealer_ != nullptr) sealer_->SetKeys(keys_);
}

void Records::Take(const Opened& opened, const UtcClock& clock) {
  if (sealer_ == nullptr) return;
  if (waiting_bytes_ > static_cast<size_t>(kRecordsWaitingBytesMax) || !sealer_->Take(opened, clock)) {
    ++counts_.lost;
    return;
  }
  if (!sealer_->entries().empty() && sealer_->entries().back().kind == SealedEntry::Kind::kBlock) Write();
}

void Records::Write() {
  if (sealer_ == nullptr) return;
  for (SealedEntry& entry : sealer_->entries()) {
    waiting_bytes_ += entry.payload.size();
    waiting_.push_back(std::move(entry));
  }
  sealer_->entries().clear();
  absl::Status status = waiting_.empty() ? absl::OkStatus() : OpenLog();
  while (status.ok() && !waiting_.empty()) {
    status = log_->Append(waiting_.front());
    if (!status.ok()) break;
    counts_.written += waiting_.front().records;
    waiting_bytes_ -= waiting_.front().payload.size();
    waiting_.pop_front();
  }
  if (!status.ok()) ++counts_.failures;
  why_unwritten_ = std::string(status.message());
}

absl::Status Records::OpenLog() {
  if (log_ != nullptr) return absl::OkStatus();
  auto log = RecordLog::Open(config_.directory, node_);
  if (!log.ok()) return log.status();
  log_ = std::move(*log);
  return absl::OkStatus();
}

void Records::Poll(const UtcClock& clock) {
  if (clock.monotonic_ms < next_poll_ms_) return;
  next_poll_ms_ = clock.monotonic_ms + kPollMs;
  if (sealer_ != nullptr) {
    sealer_->Pass(clock);
    sealer_->Flush();
    Write();
  }
  if (minute_ != clock.seconds() / kMinuteSeconds) EachMinute(clock);
  const UtcDay today = DayOf(clock.seconds());
  if (sealer_ == nullptr)
    SetBlocked("");
  else if (!sealer_->HasKeyOf(today))
    SetBlocked(why_no_keys_.empty() ? absl::StrCat("no day key of ", FormatDay(today)) : why_no_keys_);
  else
    SetBlocked(why_unwritten_);
}

void Records::EachMinute(const UtcClock& clock) {
  minute_ = clock.seconds() / kMinuteSeconds;
  ReadKeys();
  RemoveOld(clock.seconds());
  if (sealer_ == nullptr) return;
  if (log_ != nullptr)
    if (absl::Status status = log_->Sync(); !status.ok()) why_unwritten_ = std::string(status.message());
  const UtcDay tomorrow = DayOf(clock.seconds()) + 1;
  if (sealer_->HasKeyOf(tomorrow) || warned_day_ == tomorrow) return;
  warned_day_ = tomorrow;
  Log(LogLevel::kWarning, "no day key for tomorrow", {{"day", FormatDay(tomorrow)}});
}

// Also what was written before records were turned off.
void Records::RemoveOld(uint64_t utc_s) {
  const UtcDay first_kept = DayOf(utc_s - retention_s_);
  auto files = ListSegments(config_.directory, nullptr);
  if (!files.ok() || files->empty() || files->front().day >= first_kept) return;
  absl::Status status = OpenLog();
  if (status.ok()) status = log_->RemoveBefore(first_kept);
  if (!status.ok()) Log(LogLevel::kError, "old records stay", {{"why", std::string(status.message())}});
}

void Records::SetBlocked(const std::string& why) {
  const bool was = blocked();
  why_blocked_ = why;
  if (blocked() && !was)
    Log(LogLevel::kError, "records cannot be written",
        {{"why", why}, {"new_flows", rule() == OpeningRule::kNone ? "refused" : "opened without"}});
  if (!blocked() && was)
    Log(LogLevel::kInfo, "records are written again", {{"lost", absl::StrCat(counts_.lost)}});
}

}  // namespace cfr
