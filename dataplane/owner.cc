// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/owner.h"

#include <immintrin.h>

#include <cstring>

namespace cfr {
namespace {

uint64_t BigEndianWord(uint32_t first, uint32_t second) {
  return static_cast<uint64_t>(__builtin_bswap32(first)) << 32 | __builtin_bswap32(second);
}
uint32_t PortWord(uint16_t source_port, uint16_t destination_port) {
  return static_cast<uint32_t>(destination_port) << 16 | source_port;
}

uint32_t ReverseBits(uint32_t v) {
  v = (v >> 1 & 0x55555555) | (v & 0x55555555) << 1;
  v = (v >> 2 & 0x33333333) | (v & 0x33333333) << 2;
  v = (v >> 4 & 0x0f0f0f0f) | (v & 0x0f0f0f0f) << 4;
  return __builtin_bswap32(v);
}

}  // namespace

Owner::Owner(const Key& key, int workers) : key_(key), workers_(workers) {
  for (int i = 0; i < kIndirectionEntries; ++i) indirection_[i] = static_cast<uint8_t>(i % workers);
  auto bit = [&](int n) -> uint64_t { return n / 8 < kKeyBytes ? key[n / 8] >> (7 - n % 8) & 1 : 0; };
  for (size_t w = 0; w < windows_.size(); ++w) {
    windows_[w] = {};
    for (int i = 0; i < 64; ++i) windows_[w].low |= bit(static_cast<int>(w) * 64 + i) << i;
    for (int i = 0; i < 32; ++i) windows_[w].high |= bit(static_cast<int>(w) * 64 + 64 + i) << i;
  }
}

// Toeplitz: hash bit j is the XOR over input bits b (first bit first) of input[b] & key[b + j]. With the
// input word as it stands (bit b at 63 - b) and the key reversed (bit i at i) that is coefficient 63 + j
// of their carry-less product.
template <int kWords>
uint32_t Owner::Product(const uint64_t (&words)[kWords]) const {
  __m128i low = _mm_setzero_si128(), high = _mm_setzero_si128();
  for (int w = 0; w < kWords; ++w) {
    __m128i input = _mm_cvtsi64_si128(static_cast<long long>(words[w]));
    __m128i window =
        _mm_set_epi64x(static_cast<long long>(windows_[w].high), static_cast<long long>(windows_[w].low));
    low = _mm_xor_si128(low, _mm_clmulepi64_si128(input, window, 0x00));
    high = _mm_xor_si128(high, _mm_clmulepi64_si128(input, window, 0x10));
  }
  auto low_low = static_cast<uint64_t>(_mm_cvtsi128_si64(low));
  auto low_high = static_cast<uint64_t>(_mm_extract_epi64(low, 1));
  auto high_low = static_cast<uint64_t>(_mm_cvtsi128_si64(high));
  return ReverseBits(static_cast<uint32_t>((low_low >> 63 | low_high << 1) ^ high_low << 1));
}

template <>
uint32_t Owner::Hash<V4>(const V4& source, const V4& destination, uint16_t source_port,
                         uint16_t destination_port) const {
  uint64_t words[2] = {BigEndianWord(source.word, destination.word),
                       BigEndianWord(PortWord(source_port, destination_port), 0)};
  return Product(words);
}

template <>
uint32_t Owner::Hash<V6>(const V6& source, const V6& destination, uint16_t source_port,
                         uint16_t destination_port) const {
  uint64_t words[5] = {__builtin_bswap64(source.high), __builtin_bswap64(source.low),
                       __builtin_bswap64(destination.high), __builtin_bswap64(destination.low),
                       BigEndianWord(PortWord(source_port, destination_port), 0)};
  return Product(words);
}

}  // namespace cfr
