// SPDX-License-Identifier: BSD-3-Clause
#include "control/record_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cfr {
namespace {

absl::Status Failed(const std::string& what) {
  return absl::Status(absl::ErrnoToStatusCode(errno), absl::StrCat(what, ": ", std::strerror(errno)));
}

absl::Status SyncDirectory(const std::string& path) {
  int directory = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return Failed(path);
  absl::Status status = fsync(directory) == 0 ? absl::OkStatus() : Failed(path);
  close(directory);
  return status;
}

absl::Status WriteAt(int file, const std::string& octets, uint64_t offset) {
  for (size_t done = 0; done < octets.size();) {
    ssize_t n = pwrite(file, octets.data() + done, octets.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno != EINTR) return Failed("write");
    if (n == 0) return absl::ResourceExhaustedError("write: nothing was taken");
    if (n > 0) done += static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<RecordLog>> RecordLog::Open(const std::string& directory,
                                                           const std::string& node) {
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return Failed(directory);
  auto found = ReadLogHead(directory);
  if (!found.ok() && !absl::IsNotFound(found.status()) && !absl::IsDataLoss(found.status()))
    return found.status();
  auto file = HeadFile::Open(directory);
  if (!file.ok()) return file.status();
  std::unique_ptr<RecordLog> log(new RecordLog(directory, node, std::move(*file)));
  if (found.ok()) log->head_ = found->head;
  absl::Status status = log->Recover();
  if (status.ok()) status = log->head_file_.Write(log->head_);
  if (!status.ok()) return status;
  return log;
}

// Makes head_ the end of what is there. What the head knew and is gone counts as lost.
absl::Status RecordLog::Recover() {
  auto files = ListSegments(directory_, nullptr);
  if (!files.ok()) return files.status();
  std::erase_if(*files, [&](const SegmentFile& file) {  // an interrupted RemoveBefore
    return file.sequence < head_.first_sequence && unlink(file.path.c_str()) == 0;
  });
  if (head_.sequence == 0 && !files->empty()) {
    auto first = ReadSegmentHead(files->front().path);
    head_.first_sequence = files->front().sequence;
    if (first.ok()) head_.first_chain = first->previous_chain;
    lost_bytes_ = kUnknownLoss;
  }
  if (files->empty()) {
    lost_bytes_ = head_.sequence >= head_.first_sequence ? head_.bytes : 0;
    return absl::OkStatus();
  }
  const SegmentFile& last = files->back();
  auto scan = ScanSegment(last.path, head_.bytes, nullptr);
  if (!scan.ok()) return scan.status();
  if (!scan->head.has_value() && last.sequence > head_.sequence) {  // killed before its first entry was whole
    if (unlink(last.path.c_str()) != 0) return Failed(last.path);
    return Recover();
  }
  const bool known = last.sequence == head_.sequence;
  if (last.sequence < head_.sequence || (known && scan->whole_bytes < head_.bytes)) {
    lost_bytes_ = head_.bytes - (known ? scan->whole_bytes : 0);
  } else if (scan->whole_bytes < scan->file_bytes &&
             truncate(last.path.c_str(), static_cast<off_t>(scan->whole_bytes)) != 0) {
    return Failed(last.path);
  }
  if (last.sequence >= head_.sequence) {
    head_.sequence = last.sequence;
    head_.bytes = scan->whole_bytes;
    head_.chain = scan->chain;
  }
  return absl::OkStatus();
}

RecordLog::~RecordLog() {
  EndSegment();
}

absl::Status RecordLog::Append(const SealedEntry& entry) {
  if (entry.kind == SealedEntry::Kind::kBlock) return Write(EntryKind::kBlock, BytesOf(entry.payload));
  if (segment_ >= 0 && (segment_day_ != entry.day || head_.bytes >= kRotateBytes)) EndSegment();
  absl::Status status = segment_ >= 0 ? absl::OkStatus() : StartSegment(entry.day);
  return status.ok() ? Write(EntryKind::kMinute, BytesOf(entry.payload)) : status;
}

absl::Status RecordLog::StartSegment(UtcDay day) {
  const SegmentHead first{head_.sequence + 1, day, head_.bytes, head_.chain, lost_bytes_, node_};
  const std::string path = absl::StrCat(directory_, "/", SegmentName(first.sequence, day));
  int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return Failed(path);
  LogHead before = head_;
  head_.sequence = first.sequence;
  head_.bytes = 0;
  segment_ = file;
  segment_day_ = day;
  absl::Status status = Write(EntryKind::kSegment, BytesOf(Encode(first)));
  if (status.ok()) status = SyncDirectory(directory_);
  if (status.ok()) {
    lost_bytes_ = 0;
    return status;
  }
  unlink(path.c_str());
  close(std::exchange(segment_, -1));
  head_ = before;
  absl::Status again = head_file_.Write(head_);
  return again.ok() ? status : again;
}

absl::Status RecordLog::Write(EntryKind kind, Bytes payload) {
  LogHead next = head_;
  std::string octets;
  AppendEntry(kind, payload, &next.chain, &octets);
  next.bytes += octets.size();
  absl::Status status = WriteAt(segment_, octets, head_.bytes);
  if (status.ok()) status = head_file_.Write(next);
  if (status.ok())
    head_ = next;
  else if (ftruncate(segment_, static_cast<off_t>(head_.bytes)) != 0)
    return Failed("a log that cannot be written cannot be cut either");
  return status;
}

void RecordLog::EndSegment() {
  if (segment_ < 0) return;
  // Without this entry the log is as good; it only tells an orderly end from a kill.
  if (Write(EntryKind::kEnd, {}).ok()) fdatasync(segment_);
  close(std::exchange(segment_, -1));
}

absl::Status RecordLog::Sync() {
  return segment_ < 0 || fdatasync(segment_) == 0 ? absl::OkStatus() : Failed("fdatasync");
}

absl::Status RecordLog::RemoveBefore(UtcDay day) {
  if (segment_ >= 0 && segment_day_ < day) EndSegment();
  auto files = ListSegments(directory_, nullptr);
  if (!files.ok()) return files.status();
  if (files->empty() || files->front().day >= day) return absl::OkStatus();
  LogHead next = head_;
  next.first_sequence = head_.sequence + 1;
  next.first_chain = head_.chain;
  auto kept =
      std::find_if(files->begin(), files->end(), [&](const SegmentFile& file) { return file.day >= day; });
  if (kept != files->end()) {
    auto first = ReadSegmentHead(kept->path);
    if (!first.ok()) return first.status();
    next.first_sequence = kept->sequence;
    next.first_chain = first->previous_chain;
  }
  absl::Status status = head_file_.Write(next);
  if (!status.ok()) return status;
  head_ = next;
  for (const SegmentFile& file : *files)
    if (file.sequence < head_.first_sequence && unlink(file.path.c_str()) != 0) return Failed(file.path);
  return SyncDirectory(directory_);
}

}  // namespace cfr
