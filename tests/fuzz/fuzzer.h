// SPDX-License-Identifier: BSD-3-Clause
// What the fuzzers share: libFuzzer's entry points are in each of them, the sanitizers find what is wrong
// with memory, and FUZZ_EXPECT what is wrong with the answer.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

#define FUZZ_EXPECT(holds, sentence)                              \
  do {                                                            \
    if (!(holds)) {                                               \
      std::fprintf(stderr, "FUZZ_EXPECT failed: %s\n", sentence); \
      std::abort();                                               \
    }                                                             \
  } while (false)

namespace cfr::fuzz {

// Takes an input apart from its front; past the end everything is 0.
class Input {
 public:
  Input(const uint8_t* data, size_t bytes) : rest_(data, bytes) {}

  bool empty() const { return rest_.empty(); }
  uint8_t Take8() {
    uint8_t v = 0;
    Take(&v, 1);
    return v;
  }
  uint16_t Take16() {
    uint16_t v = 0;
    Take(&v, sizeof v);
    return v;
  }
  void Take(void* to, size_t bytes) {
    std::memset(to, 0, bytes);
    auto part = TakeSpan(bytes);
    if (!part.empty()) std::memcpy(to, part.data(), part.size());
  }
  // Fewer where the input ends.
  std::span<const uint8_t> TakeSpan(size_t bytes) {
    auto part = rest_.first(std::min(bytes, rest_.size()));
    rest_ = rest_.subspan(part.size());
    return part;
  }
  std::span<const uint8_t> TakeRest() { return TakeSpan(rest_.size()); }

 private:
  std::span<const uint8_t> rest_;
};

}  // namespace cfr::fuzz
