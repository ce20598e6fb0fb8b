// SPDX-License-Identifier: BSD-3-Clause
#include "control/record_check.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "control/record_head.h"

namespace cfr {
namespace {

class Check {
 public:
  Check(const std::string& directory, const EntryVisitor& visit) : directory_(directory), visit_(visit) {}

  RecordLogReport Run() {
    Head();
    std::vector<std::string> strange;
    auto files = ListSegments(directory_, &strange);
    if (!files.ok()) {
      Find(std::string(files.status().message()));
      return report_;
    }
    for (const std::string& name : strange) Find(absl::StrCat(name, ": no file of this log"));
    expected_ = head_.has_value() ? head_->first_sequence : files->empty() ? 1 : files->front().sequence;
    if (head_.has_value()) chain_ = head_->first_chain;
    for (const SegmentFile& file : *files) Segment(file, &file == &files->back());
    if (head_.has_value()) End();
    return report_;
  }

 private:
  void Find(std::string what) { report_.findings.push_back(std::move(what)); }

  void Head() {
    auto read = ReadLogHead(directory_);
    if (!read.ok()) return Find(std::string(read.status().message()));
    head_ = read->head;
    if (!read->whole) Find("head: changed, or half of it was never written");
  }

  void Segment(const SegmentFile& file, bool last) {
    const std::string name = SegmentName(file.sequence, file.day);
    if (file.sequence < expected_) return Find(absl::StrCat(name, ": does not belong here, or twice"));
    if (file.sequence > expected_ && head_.has_value())
      Find(absl::StrCat(name, ": ", file.sequence - expected_, " files before it are missing"));
    expected_ = file.sequence + 1;
    const bool marked = head_.has_value() && head_->sequence == file.sequence;
    auto scan = ScanSegment(file.path, marked ? head_->bytes : UINT64_MAX, visit_);
    if (!scan.ok()) return Find(std::string(scan.status().message()));
    if (!scan->head.has_value()) return Unreadable(name, file, last);
    Joint(name, file, *scan->head);
    if (scan->whole_bytes < scan->file_bytes) Rest(name, file, last, *scan);
    if (marked && scan->chain_at_mark != head_->chain)
      Find(absl::StrCat(name, ": ends before ", head_->bytes, " bytes or is another, which the head knows"));
    if (head_.has_value() && file.sequence >= head_->sequence)
      beyond_ += marked ? scan->entries_after_mark : scan->entries;
    report_.node = scan->head->node;
    ++report_.segments;
    report_.entries += scan->entries;
    report_.bytes += scan->whole_bytes;
    chain_ = report_.chain = scan->chain;
    bytes_ = scan->whole_bytes;
  }

  void Unreadable(const std::string& name, const SegmentFile& file, bool last) {
    if (last && head_.has_value() && file.sequence == head_->sequence + 1)
      report_.notes.push_back(absl::StrCat(name, ": begun when the writer was killed"));
    else
      Find(absl::StrCat(name, ": changed at its beginning"));
  }

  // Where two files meet.
  void Joint(const std::string& name, const SegmentFile& file, const SegmentHead& first) {
    if (first.sequence != file.sequence || first.day != file.day)
      Find(absl::StrCat(name, ": was named otherwise"));
    if (first.lost_bytes > 0)
      Find(absl::StrCat(name, ": when its writer started, ",
                        first.lost_bytes == kUnknownLoss ? "the head and an unknown part"
                                                         : absl::StrCat(first.lost_bytes, " bytes"),
                        " of the log before were missing; power failed, or somebody cut it"));
    if ((bytes_.has_value() || head_.has_value()) && first.previous_chain != chain_)
      Find(absl::StrCat(name, ": does not follow from what is before it"));
    if (bytes_.has_value() && first.previous_bytes != *bytes_)
      Find(absl::StrCat(name, ": the file before it had ", first.previous_bytes, " bytes, now ", *bytes_));
  }

  // Bytes that are no whole entry: explained by a kill at the very end of the log alone.
  void Rest(const std::string& name, const SegmentFile& file, bool last, const SegmentScan& scan) {
    const std::string where = absl::StrCat(name, ": after byte ", scan.whole_bytes);
    const bool past_head =
        head_.has_value() && (file.sequence > head_->sequence ||
                              (file.sequence == head_->sequence && scan.whole_bytes >= head_->bytes));
    if (last && past_head && !scan.ended)
      report_.notes.push_back(
          absl::StrCat(where, ": an entry that was not finished when the writer was killed"));
    else
      Find(absl::StrCat(where, ": changed"));
  }

  void End() {
    if (expected_ <= head_->sequence)
      Find(absl::StrCat("the last ", head_->sequence - expected_ + 1, " files are missing"));
    // The head follows every entry at once.
    if (beyond_ > 1) Find(absl::StrCat("head: older than the log by ", beyond_, " entries"));
  }

  const std::string& directory_;
  const EntryVisitor& visit_;
  RecordLogReport report_;
  std::optional<LogHead> head_;
  uint64_t expected_ = 1;
  uint64_t beyond_ = 0;            // entries past the head
  Chain chain_{};                  // of the last entry so far
  std::optional<uint64_t> bytes_;  // of the file before
};

}  // namespace

RecordLogReport CheckRecordLog(const std::string& directory, const EntryVisitor& visit) {
  return Check(directory, visit).Run();
}

}  // namespace cfr
