// SPDX-License-Identifier: BSD-3-Clause
// The file `head` of a record log: how far the log goes, and where it begins since retention removed what
// was before. A log that is shorter than its head was cut. Two slots are written in turn, so that one is
// whole at any instant.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "control/record_segment.h"

namespace cfr {

struct LogHead {
  uint64_t first_sequence = 1;  // oldest file that is kept
  Chain first_chain{};          // what it continues
  uint64_t sequence = 0;        // newest file, 0 for none yet; the last whole entry in it
  uint64_t bytes = 0;
  Chain chain{};
  friend bool operator==(const LogHead&, const LogHead&) = default;
};

struct ReadHead {
  LogHead head;
  bool whole = false;  // both slots are, and follow each other
};
// kNotFound: there is no file. kDataLoss: neither slot is whole.
absl::StatusOr<ReadHead> ReadLogHead(const std::string& directory);

// The writer's end; one process at a time.
class HeadFile {
 public:
  // kFailedPrecondition: another process writes this log.
  static absl::StatusOr<HeadFile> Open(const std::string& directory);
  ~HeadFile();
  HeadFile(HeadFile&& other) noexcept
      : file_(std::exchange(other.file_, -1)), count_(other.count_), started_(other.started_) {}
  HeadFile& operator=(HeadFile&&) = delete;

  absl::Status Write(const LogHead& head);

 private:
  explicit HeadFile(int file) : file_(file) {}
  int file_;
  uint64_t count_ = 0;  // of the last slot written
  bool started_ = false;
};

}  // namespace cfr
