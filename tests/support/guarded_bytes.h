// SPDX-License-Identifier: BSD-3-Clause
// Memory that ends where an unreadable page begins: one byte read too far ends the test, in every build.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "common/check.h"

namespace cfr::test {

class GuardedBytes {
 public:
  // Room for `capacity` bytes.
  explicit GuardedBytes(size_t capacity)
      : page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))), room_((capacity + page_ - 1) / page_ * page_) {
    void* p = mmap(nullptr, room_ + page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CFR_CHECK(p != MAP_FAILED && mprotect(static_cast<uint8_t*>(p) + room_, page_, PROT_NONE) == 0,
              "no guard page");
    memory_ = static_cast<uint8_t*>(p);
  }
  ~GuardedBytes() { munmap(memory_, room_ + page_); }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;

  // Where a copy of `bytes` lies, its last byte in front of the guard; valid until the next call.
  uint8_t* Place(const std::vector<uint8_t>& bytes) {
    uint8_t* at = memory_ + room_ - bytes.size();
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    return at;
  }

 private:
  const size_t page_, room_;
  uint8_t* memory_;
};

}  // namespace cfr::test
