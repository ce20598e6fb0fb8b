// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/subscriber_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "dataplane/token_bucket.h"

namespace cfr {
namespace {

uint64_t Identity(const SipKey& key, const Address& a) {
  uint64_t words[2];
  std::memcpy(words, a.bytes.data(), sizeof words);
  return SipHash(key).Add(words[0]).Add(words[1]).Add(static_cast<uint64_t>(a.family)).Finish();
}

TokenRate RateOf(const SubscriberLimits& limits) { return {limits.new_rate, limits.new_burst}; }

}  // namespace

SubscriberTable::SubscriberTable(uint64_t capacity, const SipKey& key)
    : key_(key), mask_(std::bit_ceil(std::max<uint64_t>(capacity * 2, kWindow)) - 1), slots_(mask_ + 1) {}

// The slot with one more flow on it, or kNoSlot. A tag found is counted at once; otherwise the first
// slot without flows is claimed. A lost race starts over.
uint32_t SubscriberTable::FindOrClaim(uint64_t tag, uint32_t first, const SubscriberLimits& limits,
                                      DropReason* reason) {
  for (;;) {
    uint32_t vacant = kNoSlot;
    uint64_t vacant_word = 0;
    bool lost = false;
    for (uint32_t n = 0; n < kWindow && !lost; ++n) {
      auto i = static_cast<uint32_t>((first + n) & mask_);
      uint64_t word = slots_[i].word.load(std::memory_order_relaxed);
      if (word >> kCountBits == tag) {
        if ((word & kCountMask) >= limits.flows) {
          *reason = DropReason::kFlowQuota;
          return kNoSlot;
        }
        if (slots_[i].word.compare_exchange_strong(word, word + 1, std::memory_order_relaxed)) return i;
        lost = true;
      } else if (vacant == kNoSlot && (word & kCountMask) == 0) {
        vacant = i;
        vacant_word = word;
      }
    }
    if (lost) continue;
    if (vacant == kNoSlot) {
      *reason = DropReason::kSubscriberTableFull;
      return kNoSlot;
    }
    if (slots_[vacant].word.compare_exchange_strong(vacant_word, tag << kCountBits | 1,
                                                    std::memory_order_relaxed)) {
      slots_[vacant].full_at_us.store(0, std::memory_order_relaxed);
      return vacant;
    }
  }
}

SubscriberTable::Taken SubscriberTable::Take(const Address& subscriber, const SubscriberLimits& limits,
                                             uint64_t now_us) {
  uint64_t identity = Identity(key_, subscriber);
  uint64_t tag = identity >> kCountBits | 1;  // never 0: that is a slot nobody ever used
  Taken taken;
  taken.slot = FindOrClaim(tag, static_cast<uint32_t>(identity & mask_), limits, &taken.reason);
  if (taken.slot != kNoSlot && !TakeToken(slots_[taken.slot].full_at_us, RateOf(limits), now_us)) {
    Release(taken.slot);
    taken = {kNoSlot, DropReason::kFlowRate};
  }
  return taken;
}

void SubscriberTable::Release(uint32_t slot) { slots_[slot].word.fetch_sub(1, std::memory_order_relaxed); }

void SubscriberTable::Undo(uint32_t slot, const SubscriberLimits& limits) {
  slots_[slot].full_at_us.fetch_sub(RateOf(limits).step_us(), std::memory_order_relaxed);
  Release(slot);
}

uint64_t SubscriberTable::TotalFlows() const {
  uint64_t total = 0;
  for (const Slot& slot : slots_) total += slot.word.load(std::memory_order_relaxed) & kCountMask;
  return total;
}

}  // namespace cfr
