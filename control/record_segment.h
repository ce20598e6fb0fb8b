// SPDX-License-Identifier: BSD-3-Clause
// A file of the record log: entries, each bound to all before it by a hash, across files too.
//
//   entry   length of the payload 4 · kind 1 · 0 3 · payload · chain 32
//   chain   SHA-256(chain of the entry before | the first 8 octets | payload)
//
//   0000000041-2026-11-25.records    segment · minute · block · block · minute · block · end
//                                       |                                                |
//   0000000042-2026-11-25.records    segment, which names length and last chain of the file before
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "control/secret.h"
#include "control/utc.h"

namespace cfr {

enum class EntryKind : uint8_t { kSegment = 1, kMinute = 2, kBlock = 3, kEnd = 4 };

using Chain = std::array<uint8_t, 32>;

inline constexpr size_t kEntryHeadBytes = 8;
inline constexpr size_t kSegmentBytesMax = size_t{1} << 30;  // read into memory at most

inline constexpr uint64_t kUnknownLoss = UINT64_MAX;

// The first entry of a file.
struct SegmentHead {
  uint64_t sequence = 0;  // from 1
  UtcDay day = 0;
  uint64_t previous_bytes = 0;  // of the file before, as far as it is whole
  Chain previous_chain{};
  uint64_t lost_bytes =
      0;  // of the log, missed when the writer started; 0 unless somebody cut it or power failed
  std::string node;
};
std::string Encode(const SegmentHead& head);

// Appends an entry to `out` and moves `chain` on.
void AppendEntry(EntryKind kind, Bytes payload, Chain* chain, std::string* out);

struct SegmentFile {
  uint64_t sequence = 0;
  UtcDay day = 0;
  std::string path;
};
std::string SegmentName(uint64_t sequence, UtcDay day);
// The files of a directory by sequence, and names that look like one but are none.
absl::StatusOr<std::vector<SegmentFile>> ListSegments(const std::string& directory,
                                                      std::vector<std::string>* strange);

// What a file holds, as far as each entry is whole and follows from the one before.
struct SegmentScan {
  std::optional<SegmentHead> head;  // nullopt: not even that is whole
  uint64_t file_bytes = 0, whole_bytes = 0;
  Chain chain{};  // of the last whole entry
  uint64_t entries = 0;
  bool ended = false;                  // the last whole entry is kEnd
  std::optional<Chain> chain_at_mark;  // if an entry ends exactly there
  uint64_t entries_after_mark = 0;
};
// Its first entry alone; kDataLoss if that is not whole.
absl::StatusOr<SegmentHead> ReadSegmentHead(const std::string& path);
using EntryVisitor = std::function<void(EntryKind, Bytes payload)>;
// `mark`: an offset of interest. `visit`, if any, sees each whole entry.
absl::StatusOr<SegmentScan> ScanSegment(const std::string& path, uint64_t mark, const EntryVisitor& visit);

}  // namespace cfr
