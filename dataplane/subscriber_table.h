// SPDX-License-Identifier: BSD-3-Clause
// Limits per subscriber, shared by all workers and touched only when a flow opens or closes: how many
// flows it holds and how fast it opens them (RFC 6888 REQ-4). Lock-free.
//
//   word   [ 44-bit keyed tag of the subscriber | 20-bit flow count ]   taken and given back by CAS
//   bucket [ time in nanoseconds at which the token bucket will be full again ]
//
// A slot with count 0 may be taken over by another subscriber; it is nobody's (tag 0, count 1) until its
// bucket is full. Two workers may claim a slot each for one subscriber's first flow. So whoever has
// counted looks over the window again and takes its flow back if it made a second slot or if all slots
// together hold too many: the limit is never exceeded. The table knows tags, not addresses.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "common/address.h"
#include "common/counters.h"
#include "common/siphash.h"

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
  Taken Take(const Address& subscriber, const SubscriberLimits& limits, uint64_t now_ms);
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
    std::atomic<uint64_t> full_at_ns{0};
  };
  // Where one more flow of a subscriber is counted: on its own slot, or on one to claim.
  struct Place {
    uint32_t slot = kNoSlot;
    uint64_t word = 0;
    bool own = false;
  };
  Place Find(uint64_t tag, uint64_t first) const;
  // What a subscriber has in all of its window.
  struct Use {
    uint64_t flows = 0, slots = 0;
  };
  Use InUse(uint64_t tag, uint64_t first) const;
  bool Claim(Slot& slot, uint64_t vacant_word, uint64_t tag);
  Taken Count(uint64_t tag, uint64_t first, uint32_t flows_max);

  const SipKey key_;
  const uint64_t mask_;
  std::vector<Slot> slots_;
};

}  // namespace cfr
