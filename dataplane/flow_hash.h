// SPDX-License-Identifier: BSD-3-Clause
// The keyed hash of the flow table: AES rounds under a 512-bit key drawn at start. Nobody outside sees
// it; its task is that no sender can aim at one bucket (docs/decisions/0003-flow-table.md).
#pragma once

#include <immintrin.h>

#include <array>
#include <cstdint>

#include "dataplane/flow.h"

namespace cfr {

class FlowHash {
 public:
  using Key = std::array<uint64_t, 8>;
  explicit FlowHash(const Key& key) {
    for (int i = 0; i < 4; ++i)
      key_[i] = _mm_set_epi64x(static_cast<long long>(key[2 * i + 1]), static_cast<long long>(key[2 * i]));
  }

  uint64_t operator()(const FlowKey<V4>& k) const {
    return Finish(_mm_xor_si128(Block(uint64_t{k.local.word} << 32 | k.remote.word, Tail(k)), key_[0]));
  }
  uint64_t operator()(const FlowKey<V6>& k) const {
    __m128i state = _mm_xor_si128(Block(k.local.high, k.local.low), key_[0]);
    state = _mm_xor_si128(_mm_aesenc_si128(state, key_[1]), Block(k.remote.high, k.remote.low));
    state = _mm_xor_si128(_mm_aesenc_si128(state, key_[2]), Block(Tail(k), 0));
    return Finish(state);
  }

 private:
  template <class A>
  static uint64_t Tail(const FlowKey<A>& k) {
    return uint64_t{k.local_port} << 48 | uint64_t{k.remote_port} << 32 | uint64_t{k.protocol} << 8 |
           static_cast<uint64_t>(k.direction);
  }
  static __m128i Block(uint64_t high, uint64_t low) {
    return _mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(low));
  }
  uint64_t Finish(__m128i state) const {
    state = _mm_aesenc_si128(state, key_[1]);
    state = _mm_aesenc_si128(state, key_[2]);
    state = _mm_aesenc_si128(state, key_[3]);
    return static_cast<uint64_t>(_mm_cvtsi128_si64(state)) ^
           static_cast<uint64_t>(_mm_extract_epi64(state, 1));
  }

  __m128i key_[4];
};

}  // namespace cfr
