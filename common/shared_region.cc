// SPDX-License-Identifier: BSD-3-Clause
#include "common/shared_region.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cfr {
namespace {

constexpr int kSizeSeals = F_SEAL_SHRINK | F_SEAL_GROW;

absl::Status Failed(const char* step, int error) {
  return absl::InternalError(absl::StrCat("shared memory: ", step, ": ", std::strerror(error)));
}

// Populated, so that no worker takes a page fault for it later.
absl::StatusOr<void*> Map(int descriptor, size_t bytes, bool writable) {
  void* data =
      mmap(nullptr, bytes, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED | MAP_POPULATE, descriptor, 0);
  if (data == MAP_FAILED) return Failed("mmap", errno);
  if (madvise(data, bytes, MADV_DONTDUMP) == 0) return data;
  int error = errno;
  munmap(data, bytes);
  return Failed("madvise", error);
}

// Huge pages are refused: a peer can punch one out, and no free one means SIGBUS at the next access.
absl::Status CheckSealed(int descriptor, size_t bytes) {
  struct statfs file_system;
  int seals = fcntl(descriptor, F_GET_SEALS);
  if (seals < 0 || fstatfs(descriptor, &file_system) != 0 || file_system.f_type != TMPFS_MAGIC)
    return absl::InvalidArgumentError("shared memory: the descriptor is no memfd of ordinary pages");
  if ((seals & kSizeSeals) != kSizeSeals)
    return absl::InvalidArgumentError("shared memory: the memfd is not sealed against resizing");
  struct stat facts;
  if (fstat(descriptor, &facts) != 0) return Failed("fstat", errno);
  if (static_cast<size_t>(facts.st_size) == bytes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("shared memory: ", facts.st_size, " bytes where ", bytes, " belong"));
}

}  // namespace

SharedRegion::SharedRegion(SharedRegion&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

SharedRegion& SharedRegion::operator=(SharedRegion&& other) noexcept {
  SharedRegion taken(std::move(other));
  std::swap(data_, taken.data_);
  std::swap(bytes_, taken.bytes_);
  std::swap(descriptor_, taken.descriptor_);
  return *this;
}

SharedRegion::~SharedRegion() {
  if (data_ != nullptr) munmap(data_, bytes_);
  if (descriptor_ >= 0) close(descriptor_);
}

absl::StatusOr<SharedRegion> SharedRegion::Create(const char* name, size_t bytes, bool peers_read_only) {
  SharedRegion region;
  region.descriptor_ = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (region.descriptor_ < 0) return Failed("memfd_create", errno);
  // The pages are taken here, where it can fail with a message, not at a first access under way.
  if (int error = posix_fallocate(region.descriptor_, 0, static_cast<off_t>(bytes)); error != 0)
    return Failed("fallocate", error);
  auto data = Map(region.descriptor_, bytes, true);
  if (!data.ok()) return data.status();
  region.data_ = *data;
  region.bytes_ = bytes;
  int seals = kSizeSeals | F_SEAL_SEAL | (peers_read_only ? F_SEAL_FUTURE_WRITE : 0);
  if (fcntl(region.descriptor_, F_ADD_SEALS, seals) != 0) return Failed("sealing", errno);
  return region;
}

absl::StatusOr<SharedRegion> SharedRegion::Adopt(int descriptor, size_t bytes, bool writable) {
  SharedRegion region;
  region.descriptor_ = descriptor;
  if (auto status = CheckSealed(descriptor, bytes); !status.ok()) return status;
  auto data = Map(descriptor, bytes, writable);
  if (!data.ok()) return data.status();
  region.data_ = *data;
  region.bytes_ = bytes;
  return region;
}

}  // namespace cfr
