// SPDX-License-Identifier: BSD-3-Clause
// Limits per subscriber, shared by all workers and touched only when a flow opens or closes: how many
// flows it holds and how fast it opens them (RFC 6888 REQ-4). Lock-free.
//
//   word   [ 44-bit keyed tag of the subscriber | 20-bit flow count ]   taken and given back by CAS
//   bucket [ time in microseconds at which the token bucket will be full again ]
//
// A slot with count 0 may be taken over by another subscriber; since tag and count change in one
// compare-and-swap, nobody can count a flow on a slot that is changing hands. The table knows tags, not
// addresses.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "common/address.h"
#include "common/counters.h"
#include "dataplane/siphash.h"

namespace cfr {

struct SubscriberLimits {
  uint32_t flows;     // 1..2^20 - 1
  uint32_t new_rate;  // flows a second
  uint32_t new_burst;
};

class SubscriberTable {
 public:
  static constexpr uint32_t kNoSlot = 0xffffffff;

  // Room for `capacity` subscribers with flows (rounded up to a power of two, at least one window).
  SubscriberTable(uint64_t capacity, const SipKey& key);

  struct Taken {
    uint32_t slot = kNoSlot;  // kNoSlot: refused for `reason`
    DropReason reason{};
  };
  // One more flow for `subscriber` (its address masked to the subscriber's prefix).
  Taken Take(const Address& subscriber, const SubscriberLimits& limits, uint64_t now_us);
  void Release(uint32_t slot);
  // The same flow was refused later for another reason: gives back the token, too.
  void Undo(uint32_t slot, const SubscriberLimits& limits);

  // For tests and leak checks: flows counted over all slots.
  uint64_t TotalFlows() const;

 private:
  static constexpr uint32_t kWindow = 16;  // slots a subscriber may live in
  static constexpr int kCountBits = 20;
  static constexpr uint64_t kCountMask = (uint64_t{1} << kCountBits) - 1;
  struct Slot {
    std::atomic<uint64_t> word{0};
    std::atomic<uint64_t> full_at_us{0};
  };
  uint32_t FindOrClaim(uint64_t tag, uint32_t first, const SubscriberLimits& limits, DropReason* reason);

  const SipKey key_;
  const uint64_t mask_;
  std::vector<Slot> slots_;
};

}  // namespace cfr
