// SPDX-License-Identifier: BSD-3-Clause
// The log of sealed records in a directory: files of entries (record_segment.h) and `head` (record_head.h),
// all 0600. It survives a kill at any instant: an entry that was not finished is cut off when the next
// writer starts, and that one begins a file of its own. A file holds one day.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "control/record_head.h"
#include "control/record_sealer.h"

namespace cfr {

class RecordLog {
 public:
  static constexpr uint64_t kRotateBytes = 64 << 20;  // a minute that begins past it begins a file

  // Makes the directory if need be. What is found wrong there is told by `record check`, and the log goes on.
  static absl::StatusOr<std::unique_ptr<RecordLog>> Open(const std::string& directory,
                                                         const std::string& node);
  ~RecordLog();  // marks an orderly end
  RecordLog(const RecordLog&) = delete;
  RecordLog& operator=(const RecordLog&) = delete;

  // All of the entry or nothing; it may be tried again.
  absl::Status Append(const SealedEntry& entry);
  absl::Status Sync();  // to the disk
  // Removes the files of days before `day`.
  absl::Status RemoveBefore(UtcDay day);
  const LogHead& head() const { return head_; }

 private:
  RecordLog(std::string directory, std::string node, HeadFile file)
      : directory_(std::move(directory)), node_(std::move(node)), head_file_(std::move(file)) {}

  absl::Status Recover();
  absl::Status StartSegment(UtcDay day);
  void EndSegment();
  absl::Status Write(EntryKind kind, Bytes payload);

  const std::string directory_, node_;
  HeadFile head_file_;
  LogHead head_;
  uint64_t lost_bytes_ = 0;  // to be said in the next file
  int segment_ = -1;         // open file, head_.sequence
  UtcDay segment_day_ = 0;
};

}  // namespace cfr
