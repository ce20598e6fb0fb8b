// SPDX-License-Identifier: BSD-3-Clause
// A frame that ends where readable memory ends: one byte read too far ends the test.
#pragma once

#include <sys/mman.h>

#include <cstdint>
#include <cstring>

#include "common/check.h"
#include "tests/support/packet_builder.h"

namespace cfr::test {

class GuardedFrame {
 public:
  GuardedFrame()
      : memory_(static_cast<uint8_t*>(mmap(nullptr, kPages * kPage, PROT_READ | PROT_WRITE,
                                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    CFR_CHECK(memory_ != MAP_FAILED, "no memory for a test");
    CFR_CHECK(mprotect(memory_ + (kPages - 1) * kPage, kPage, PROT_NONE) == 0, "no guard page");
  }
  ~GuardedFrame() { munmap(memory_, kPages * kPage); }
  GuardedFrame(const GuardedFrame&) = delete;
  GuardedFrame& operator=(const GuardedFrame&) = delete;

  // `frame`, of at most three pages, laid against the guard; good until the next call.
  uint8_t* Place(const Frame& frame) {
    uint8_t* at = memory_ + (kPages - 1) * kPage - frame.size();
    if (!frame.empty()) std::memcpy(at, frame.data(), frame.size());
    return at;
  }

 private:
  static constexpr size_t kPage = 4096, kPages = 4;
  uint8_t* memory_;
};

}  // namespace cfr::test
