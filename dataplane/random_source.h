// SPDX-License-Identifier: BSD-3-Clause
// A worker's random numbers: AES-256-CTR of OpenSSL, seeded from the kernel once, refilled 4 KiB at a
// time without a system call. Each refill draws the next key from the stream and erases what was used,
// so a memory image tells nothing about ports drawn before.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

struct evp_cipher_ctx_st;

namespace cfr {

class RandomSource {
 public:
  // Seeds from the kernel; aborts the program if there is no entropy (fail closed at start).
  RandomSource();
  // A fixed stream for reproducible tests.
  explicit RandomSource(const std::array<uint8_t, 32>& seed);
  ~RandomSource();
  RandomSource(const RandomSource&) = delete;
  RandomSource& operator=(const RandomSource&) = delete;

  uint16_t Next16();
  uint32_t Next32();
  uint64_t Next64();
  // Uniform in [0, bound), bound 1..2^32 (multiply and reject, no bias).
  uint32_t Below(uint64_t bound);

 private:
  static constexpr size_t kKeyBytes = 32, kBufferBytes = 4096;
  void Key(const uint8_t* key);
  void Refill();
  template <class T>
  T Take();

  evp_cipher_ctx_st* context_;
  alignas(64) std::array<uint8_t, kBufferBytes> buffer_;
  size_t used_ = kBufferBytes;
};

}  // namespace cfr
