// SPDX-License-Identifier: BSD-3-Clause
// New identifications for outbound datagrams: the relay acts as their source, so an id must not come back
// to a (alias, remote, protocol) within the life of a datagram, 120 s (RFC 6864 4 and 5.3.1), and must tell
// nothing about the subscriber or about how many datagrams others sent (RFC 7739).
//
//   count of a bucket of such triples --> value = count * workers + worker --> permutation of the triple
//
// A permutation never repeats before every value was used; that others advance the same count only makes a
// triple skip values, and each worker has its own residue. So a table without entries, evictions or
// allocation keeps the promise as long as a bucket sees fewer than 65,536 non-atomic IPv4 datagrams in
// 120 s, the most that 16 bits can carry for one triple. The permutation is a Feistel network over the
// keyed hash of the flow table. Only its worker uses a DatagramIds.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/flow_hash.h"

namespace cfr {

class DatagramIds {
 public:
  // `key`: secret, the same for all workers.
  DatagramIds(int worker, int workers, const FlowHash::Key& key)
      : hash_(key), worker_(static_cast<uint32_t>(worker)), workers_(static_cast<uint32_t>(workers)) {}

  // 16 bits.
  uint32_t Next(const V4& alias, const V4& remote, uint8_t protocol) {
    uint16_t& count = counts_[Hash(alias, remote, protocol, kBucket, 0) % kBuckets];
    const uint32_t value = count * workers_ + worker_;
    count = count + 1u == 0x10000 / workers_ ? uint16_t{0} : static_cast<uint16_t>(count + 1);
    return Permuted<8>(alias, remote, protocol, value);
  }
  // 32 bits; the fragment ids of one worker are one sequence.
  uint32_t Next(const V6& alias, const V6& remote, uint8_t /*reassembly is blind to it*/) {
    const uint32_t value = count6_ * workers_ + worker_;
    count6_ = count6_ + uint64_t{1} == (uint64_t{1} << 32) / workers_ ? 0 : count6_ + 1;
    return Permuted<16>(alias, remote, 0, value);
  }

 private:
  static constexpr size_t kBuckets = 4096;
  static constexpr uint16_t kRounds = 4, kBucket = kRounds;

  template <class A>
  uint64_t Hash(const A& alias, const A& remote, uint8_t protocol, uint16_t round, uint16_t half) const {
    return hash_(FlowKey<A>{alias, remote, half, round, protocol, Direction::kOutbound});
  }
  // Of 2 * kHalfBits bits.
  template <int kHalfBits, class A>
  uint32_t Permuted(const A& alias, const A& remote, uint8_t protocol, uint32_t value) const {
    constexpr uint32_t kMask = (1u << kHalfBits) - 1;
    uint32_t left = value >> kHalfBits, right = value & kMask;
    for (uint16_t round = 0; round < kRounds; ++round) {
      const auto mixed =
          static_cast<uint32_t>(Hash(alias, remote, protocol, round, static_cast<uint16_t>(right)));
      const uint32_t next = left ^ (mixed & kMask);
      left = right;
      right = next;
    }
    return left << kHalfBits | right;
  }

  const FlowHash hash_;
  const uint32_t worker_, workers_;
  std::array<uint16_t, kBuckets> counts_{};
  uint32_t count6_ = 0;
};

}  // namespace cfr
