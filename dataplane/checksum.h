// SPDX-License-Identifier: BSD-3-Clause
// Internet checksum arithmetic, RFC 1624 equation 3: HC' = ~(~HC + ~m + m').
//
// A delta is the one's complement sum of ~m + m' over every changed word. It is independent of byte
// order and position, so words are summed as they lie in memory. The way back is its negation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace cfr {

constexpr uint16_t Fold(uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>((sum & 0xffff) + (sum >> 16));
}

constexpr uint16_t Delta(uint16_t before, uint16_t after) {
  return Fold(static_cast<uint64_t>(static_cast<uint16_t>(~before)) + after);
}

// Over `bytes` (even) bytes of memory replaced by others of the same length.
inline uint16_t Delta(const void* before, const void* after, size_t bytes) {
  uint64_t sum = 0;
  for (size_t i = 0; i < bytes; i += 2) {
    uint16_t b, a;
    std::memcpy(&b, static_cast<const uint8_t*>(before) + i, 2);
    std::memcpy(&a, static_cast<const uint8_t*>(after) + i, 2);
    sum += static_cast<uint16_t>(~b) + static_cast<uint64_t>(a);
  }
  return Fold(sum);
}

constexpr uint16_t Negated(uint16_t delta) {
  return static_cast<uint16_t>(~delta);
}
constexpr uint16_t Combined(uint16_t a, uint16_t b) {
  return Fold(static_cast<uint64_t>(a) + b);
}

// The checksum after a change; both in memory order. Wrong stays equally wrong.
constexpr uint16_t Updated(uint16_t checksum, uint16_t delta) {
  return static_cast<uint16_t>(~Fold(static_cast<uint64_t>(static_cast<uint16_t>(~checksum)) + delta));
}

// One's complement sum over memory, odd lengths padded with zero; 0xffff for a valid header.
inline uint16_t Sum(const void* data, size_t bytes, uint64_t start = 0) {
  const auto* p = static_cast<const uint8_t*>(data);
  uint64_t sum = start;
  for (; bytes >= 4; bytes -= 4, p += 4) {  // two words at once
    uint32_t words;
    std::memcpy(&words, p, 4);
    sum += words;
  }
  if (bytes >= 2) {
    uint16_t word;
    std::memcpy(&word, p, 2);
    sum += word;
    p += 2;
  }
  if ((bytes & 1) != 0) sum += *p;
  return Fold(sum);
}

}  // namespace cfr
