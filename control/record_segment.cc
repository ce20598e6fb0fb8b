// SPDX-License-Identifier: BSD-3-Clause
#include "control/record_segment.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/text_file.h"
#include "control/hmac.h"
#include "control/octets.h"

namespace cfr {
namespace {

constexpr const char* kMagic = "cfr-records";
constexpr uint8_t kFormat = 1;
constexpr const char* kExtension = ".records";
constexpr size_t kSequenceDigits = 10;
constexpr size_t kFirstEntryBytesMax = 1024;

bool DecodeSegmentHead(Bytes payload, SegmentHead* head) {
  OctetReader reader(payload);
  if (reader.GetText() != kMagic || reader.Get<uint8_t>() != kFormat) return false;
  head->sequence = reader.Get<uint64_t>();
  head->day = reader.Get<UtcDay>();
  head->previous_bytes = reader.Get<uint64_t>();
  reader.Get(head->previous_chain);
  head->lost_bytes = reader.Get<uint64_t>();
  head->node = reader.GetText();
  return reader.done();
}

struct Entry {
  EntryKind kind = EntryKind::kEnd;
  Bytes head, payload;
  Chain chain{};  // as it is written there

  Chain ChainAfter(const Chain& before) const { return Sha256({before, head, payload}); }
};

// False at the end, or where less than an entry is left.
bool ReadEntry(OctetReader* reader, Entry* entry) {
  if (reader->rest().empty()) return false;
  entry->head = reader->Take(kEntryHeadBytes);
  OctetReader of_head(entry->head);
  const auto length = of_head.Get<uint32_t>();
  entry->kind = static_cast<EntryKind>(of_head.Get<uint8_t>());
  entry->payload = reader->Take(length);
  reader->Get(entry->chain);
  return reader->good();
}

bool IsFirst(const Entry& entry, SegmentHead* head) {
  return entry.kind == EntryKind::kSegment && DecodeSegmentHead(entry.payload, head) &&
         entry.ChainAfter(head->previous_chain) == entry.chain;
}

std::optional<SegmentFile> ParseName(const std::filesystem::path& path) {
  const std::string stem = path.stem();
  if (stem.size() != kSequenceDigits + 11 || stem[kSequenceDigits] != '-') return std::nullopt;
  SegmentFile file;
  auto day = ParseDay(stem.substr(kSequenceDigits + 1));
  auto [end, error] = std::from_chars(stem.data(), stem.data() + kSequenceDigits, file.sequence);
  if (error != std::errc() || end != stem.data() + kSequenceDigits || !day.has_value()) return std::nullopt;
  file.day = *day;
  file.path = path;
  return file;
}

}  // namespace

std::string Encode(const SegmentHead& head) {
  std::string out;
  OctetWriter writer(&out);
  writer.PutText(kMagic);
  writer.Put(kFormat);
  writer.Put(head.sequence);
  writer.Put(head.day);
  writer.Put(head.previous_bytes);
  writer.Put(Bytes(head.previous_chain));
  writer.Put(head.lost_bytes);
  writer.PutText(head.node);
  return out;
}

void AppendEntry(EntryKind kind, Bytes payload, Chain* chain, std::string* out) {
  std::string head;
  OctetWriter(&head).Put(static_cast<uint32_t>(payload.size()));
  head += {static_cast<char>(kind), 0, 0, 0};
  *chain = Sha256({*chain, BytesOf(head), payload});
  OctetWriter writer(out);
  writer.Put(BytesOf(head));
  writer.Put(payload);
  writer.Put(Bytes(*chain));
}

std::string SegmentName(uint64_t sequence, UtcDay day) {
  return absl::StrFormat("%010u-%s%s", sequence, FormatDay(day), kExtension);
}

absl::StatusOr<std::vector<SegmentFile>> ListSegments(const std::string& directory,
                                                      std::vector<std::string>* strange) {
  std::vector<SegmentFile> files;
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().extension() != kExtension) continue;
    auto file = ParseName(it->path());
    if (file.has_value())
      files.push_back(*file);
    else if (strange != nullptr)
      strange->push_back(it->path().filename());
  }
  if (error)
    return absl::Status(absl::ErrnoToStatusCode(error.value()),
                        absl::StrCat(directory, ": ", error.message()));
  std::sort(files.begin(), files.end(), [](const SegmentFile& a, const SegmentFile& b) {
    return std::pair(a.sequence, a.day) < std::pair(b.sequence, b.day);
  });
  return files;
}

absl::StatusOr<SegmentHead> ReadSegmentHead(const std::string& path) {
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::string text(kFirstEntryBytesMax, '\0');
  ssize_t bytes = file < 0 ? -1 : read(file, text.data(), text.size());
  if (file >= 0) close(file);
  if (bytes < 0)
    return absl::Status(absl::ErrnoToStatusCode(errno), absl::StrCat(path, ": ", std::strerror(errno)));
  OctetReader reader(BytesOf(text).first(static_cast<size_t>(bytes)));
  Entry entry;
  SegmentHead head;
  if (!ReadEntry(&reader, &entry) || !IsFirst(entry, &head))
    return absl::DataLossError(absl::StrCat(path, ": changed at its beginning"));
  return head;
}

absl::StatusOr<SegmentScan> ScanSegment(const std::string& path, uint64_t mark, const EntryVisitor& visit) {
  auto text = ReadTextFile(path, kSegmentBytesMax);
  if (!text.ok()) return text.status();
  SegmentScan scan;
  scan.file_bytes = text->size();
  OctetReader reader(BytesOf(*text));
  Entry entry;
  while (ReadEntry(&reader, &entry)) {
    if (scan.entries == 0) {  // names the chain it continues
      SegmentHead head;
      if (!IsFirst(entry, &head)) break;
      scan.chain = head.previous_chain;
      scan.head = head;
    } else if (entry.ChainAfter(scan.chain) != entry.chain) {
      break;
    }
    scan.chain = entry.chain;
    ++scan.entries;
    scan.whole_bytes = scan.file_bytes - reader.rest().size();
    scan.ended = entry.kind == EntryKind::kEnd;
    if (scan.whole_bytes == mark) scan.chain_at_mark = scan.chain;
    if (scan.whole_bytes > mark) ++scan.entries_after_mark;
    if (visit) visit(entry.kind, entry.payload);
  }
  return scan;
}

}  // namespace cfr
