// SPDX-License-Identifier: BSD-3-Clause
// A memfd mapped into this process. Created ones are sealed against shrinking and growing, so that no
// peer can turn an access into SIGBUS, are zero-filled, and stay out of core dumps.
#pragma once

#include <cstddef>

#include "absl/status/statusor.h"

namespace cfr {

class SharedRegion {
 public:
  SharedRegion() = default;
  SharedRegion(SharedRegion&& other) noexcept;
  SharedRegion& operator=(SharedRegion&& other) noexcept;
  ~SharedRegion();

  // A new zeroed memfd of `bytes` (at least 1), mapped read-write here, its pages already taken. With
  // `peers_read_only` it is sealed so that no later mapping can be writable (F_SEAL_FUTURE_WRITE).
  static absl::StatusOr<SharedRegion> Create(const char* name, size_t bytes, bool peers_read_only);
  // Maps a descriptor received from a peer; takes ownership of it, also when it is refused
  // (kInvalidArgument): it must be a memfd of exactly `bytes` with the shrink and grow seals.
  static absl::StatusOr<SharedRegion> Adopt(int descriptor, size_t bytes, bool writable);

  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  int descriptor() const { return descriptor_; }
  explicit operator bool() const { return data_ != nullptr; }

 private:
  void* data_ = nullptr;
  size_t bytes_ = 0;
  int descriptor_ = -1;
};

}  // namespace cfr
