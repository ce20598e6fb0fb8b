// SPDX-License-Identifier: BSD-3-Clause
#include "control/record_head.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/text_file.h"
#include "control/hmac.h"
#include "control/octets.h"

namespace cfr {
namespace {

constexpr size_t kFieldBytes = 8 + 8 + 32 + 8 + 8 + 32;
constexpr size_t kSlotBytes = kFieldBytes + sizeof(Chain);
constexpr size_t kSlots = 2;

std::string PathOf(const std::string& directory) {
  return directory + "/head";
}

absl::Status Failed(const std::string& what) {
  return absl::Status(absl::ErrnoToStatusCode(errno), absl::StrCat(what, ": ", std::strerror(errno)));
}

std::string EncodeSlot(uint64_t count, const LogHead& head) {
  std::string out;
  OctetWriter writer(&out);
  writer.Put(count);
  writer.Put(head.first_sequence);
  writer.Put(Bytes(head.first_chain));
  writer.Put(head.sequence);
  writer.Put(head.bytes);
  writer.Put(Bytes(head.chain));
  writer.Put(Bytes(Sha256({BytesOf(out)})));
  return out;
}

// The count of a whole slot, 0 of another.
uint64_t DecodeSlot(Bytes slot, LogHead* head) {
  OctetReader reader(slot);
  const auto count = reader.Get<uint64_t>();
  head->first_sequence = reader.Get<uint64_t>();
  reader.Get(head->first_chain);
  head->sequence = reader.Get<uint64_t>();
  head->bytes = reader.Get<uint64_t>();
  reader.Get(head->chain);
  Chain written;
  reader.Get(written);
  const Chain digest = Sha256({slot.first(std::min(slot.size(), kFieldBytes))});
  return reader.done() && written == digest ? count : 0;
}

struct Slots {
  LogHead head[kSlots];
  uint64_t count[kSlots] = {};
  size_t newest() const { return count[0] > count[1] ? 0 : 1; }
};

Slots DecodeSlots(Bytes file) {
  Slots slots;
  for (size_t i = 0; i < kSlots && file.size() >= (i + 1) * kSlotBytes; ++i)
    slots.count[i] = DecodeSlot(file.subspan(i * kSlotBytes, kSlotBytes), &slots.head[i]);
  return slots;
}

}  // namespace

absl::StatusOr<ReadHead> ReadLogHead(const std::string& directory) {
  auto text = ReadTextFile(PathOf(directory), kSlots * kSlotBytes);
  if (!text.ok() && !absl::IsOutOfRange(text.status())) return text.status();
  const Slots slots = text.ok() ? DecodeSlots(BytesOf(*text)) : Slots();
  const size_t newest = slots.newest();
  if (slots.count[newest] == 0) return absl::DataLossError(PathOf(directory) + ": damaged");
  return ReadHead{slots.head[newest], text->size() == kSlots * kSlotBytes &&
                                          slots.count[newest] == slots.count[1 - newest] + 1 &&
                                          slots.count[newest] % kSlots == newest};
}

absl::StatusOr<HeadFile> HeadFile::Open(const std::string& directory) {
  const std::string path = PathOf(directory);
  HeadFile file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.file_ < 0) return Failed(path);
  if (flock(file.file_, LOCK_EX | LOCK_NB) != 0)
    return absl::FailedPreconditionError(absl::StrCat(path, ": another process writes this log"));
  auto text = ReadText(file.file_, path, kSlots * kSlotBytes);
  if (text.ok()) {
    const Slots slots = DecodeSlots(BytesOf(*text));
    file.count_ = slots.count[slots.newest()];
  }
  if (ftruncate(file.file_, kSlots * kSlotBytes) != 0) return Failed(path);
  return file;
}

HeadFile::~HeadFile() {
  if (file_ >= 0) close(file_);
}

absl::Status HeadFile::Write(const LogHead& head) {
  // After a start both slots are made anew: one may be damaged.
  do {
    const std::string slot = EncodeSlot(++count_, head);
    if (pwrite(file_, slot.data(), slot.size(), static_cast<off_t>(count_ % kSlots * kSlotBytes)) !=
        static_cast<ssize_t>(slot.size()))
      return Failed("head");
  } while (!std::exchange(started_, true));
  return absl::OkStatus();
}

}  // namespace cfr
