// SPDX-License-Identifier: BSD-3-Clause
// From a 64-bit hash to the flows that may have it: buckets of one cache line, ten 16-bit tags that one
// instruction compares, ten flow numbers. An entry lives in its home bucket or, when that is full, in
// the next one with room; every full bucket it passed counts it, so that a search stops at the first
// bucket nobody passed. Adding therefore fails only when the whole index is full, and never moves an
// entry. Two thirds of the slots stay empty at capacity, 0.3 % of the buckets overflow.
//
//   bucket:  tag 0 .. tag 9 | passed | flow 0 .. flow 9        = 64 bytes
#pragma once

#include <immintrin.h>

#include <bit>
#include <cstdint>

#include "dataplane/arena.h"
#include "dataplane/flow.h"

namespace cfr {

class FlowIndexMap {
 public:
  // Room for `entries` keys at about four a bucket.
  explicit FlowIndexMap(size_t entries) : buckets_(std::bit_ceil((entries + kTarget - 1) / kTarget)) {}

  void Prefetch(uint64_t hash) const { __builtin_prefetch(&buckets_[Home(hash)]); }

  // The first flow with the hash's tag in the home bucket, kNoFlow if none: what to prefetch next.
  FlowIndex Guess(uint64_t hash) const {
    const Bucket& bucket = buckets_[Home(hash)];
    uint32_t matches = Matches(bucket, Tag(hash));
    return matches == 0 ? kNoFlow : bucket.flow[std::countr_zero(matches) / 2];
  }

  // The first flow with the hash's tag for which `is(flow)` holds.
  template <class Predicate>
  FlowIndex Find(uint64_t hash, Predicate is) const {
    uint16_t tag = Tag(hash);
    for (size_t b = Home(hash);; b = Next(b)) {
      const Bucket& bucket = buckets_[b];
      for (uint32_t m = Matches(bucket, tag); m != 0; m &= m - 1, m &= m - 1) {
        FlowIndex flow = bucket.flow[std::countr_zero(m) / 2];
        if (is(flow)) return flow;
      }
      if (bucket.passed == 0) return kNoFlow;
    }
  }

  // False when no slot is left anywhere; nothing changed then.
  bool Add(uint64_t hash, FlowIndex flow) {
    size_t home = Home(hash), b = home;
    uint32_t empty;
    while ((empty = Matches(buckets_[b], 0)) == 0) {
      b = Next(b);
      if (b == home) return false;
    }
    for (size_t passed = home; passed != b; passed = Next(passed)) ++buckets_[passed].passed;
    int slot = std::countr_zero(empty) / 2;
    buckets_[b].tag[slot] = Tag(hash);
    buckets_[b].flow[slot] = flow;
    return true;
  }

  // The entry must be there.
  void Remove(uint64_t hash, FlowIndex flow) {
    uint16_t tag = Tag(hash);
    for (size_t b = Home(hash);; b = Next(b)) {
      Bucket& bucket = buckets_[b];
      for (int slot = 0; slot < kSlots; ++slot) {
        if (bucket.tag[slot] != tag || bucket.flow[slot] != flow) continue;
        bucket.tag[slot] = 0;
        return;
      }
      --bucket.passed;
    }
  }

  size_t bytes() const { return buckets_.bytes(); }

 private:
  static constexpr int kSlots = 10;
  static constexpr size_t kTarget = 5;               // entries a bucket before rounding up to a power of two
  static constexpr uint32_t kTagLanes = 0x000fffff;  // two mask bits per 16-bit lane, ten lanes

  struct alignas(64) Bucket {
    uint16_t tag[kSlots];  // 0: empty
    uint32_t passed;       // entries that live further on because this bucket was full
    FlowIndex flow[kSlots];
  };
  static_assert(sizeof(Bucket) == 64);

  size_t Home(uint64_t hash) const { return hash & (buckets_.count() - 1); }
  size_t Next(size_t b) const { return (b + 1) & (buckets_.count() - 1); }
  static uint16_t Tag(uint64_t hash) {
    auto tag = static_cast<uint16_t>(hash >> 48);
    return tag == 0 ? 1 : tag;
  }
  static uint32_t Matches(const Bucket& bucket, uint16_t tag) {
    __m256i tags = _mm256_load_si256(reinterpret_cast<const __m256i*>(&bucket));
    __m256i equal = _mm256_cmpeq_epi16(tags, _mm256_set1_epi16(static_cast<short>(tag)));
    return static_cast<uint32_t>(_mm256_movemask_epi8(equal)) & kTagLanes;
  }

  Arena<Bucket> buckets_;
};

}  // namespace cfr
