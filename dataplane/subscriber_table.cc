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

TokenRate RateOf(const SubscriberLimits& limits) {
  return {limits.new_rate, limits.new_burst};
}

}  // namespace

SubscriberTable::SubscriberTable(uint64_t capacity, const SipKey& key)
    : key_(key), mask_(std::bit_ceil(std::max<uint64_t>(capacity * 2, kWindow)) - 1), slots_(mask_ + 1) {}

SubscriberTable::Place SubscriberTable::Find(uint64_t tag, uint64_t first) const {
  Place found;
  for (uint32_t n = 0; n < kWindow; ++n) {
    const auto i = static_cast<uint32_t>((first + n) & mask_);
    const uint64_t word = slots_[i].word.load(), flows = word & kCountMask;
    if (word >> kCountBits == tag) {
      if (flows > 0) return {i, word, true};
      if (!found.own) found = {i, word, true};
    } else if (flows == 0 && found.slot == kNoSlot) {
      found = {i, word, false};
    }
  }
  return found;
}

SubscriberTable::Use SubscriberTable::InUse(uint64_t tag, uint64_t first) const {
  Use use;
  for (uint32_t n = 0; n < kWindow; ++n) {
    const uint64_t word = slots_[(first + n) & mask_].word.load();
    const uint64_t flows = word >> kCountBits == tag ? word & kCountMask : 0;
    use.flows += flows;
    use.slots += flows > 0;
  }
  return use;
}

bool SubscriberTable::Claim(Slot& slot, uint64_t vacant_word, uint64_t tag) {
  if (!slot.word.compare_exchange_strong(vacant_word, 1)) return false;
  slot.full_at_ns.store(0, std::memory_order_relaxed);
  slot.word.store(tag << kCountBits | 1);
  return true;
}

// The slot with one more flow on it. A lost race starts over.
SubscriberTable::Taken SubscriberTable::Count(uint64_t tag, uint64_t first, uint32_t flows_max) {
  for (;;) {
    Place place = Find(tag, first);
    if (place.slot == kNoSlot) return {kNoSlot, DropReason::kSubscriberTableFull};
    if (place.own && (place.word & kCountMask) >= flows_max) return {kNoSlot, DropReason::kFlowQuota};
    Slot& slot = slots_[place.slot];
    const bool counted = place.own ? slot.word.compare_exchange_strong(place.word, place.word + 1)
                                   : Claim(slot, place.word, tag);
    if (!counted) continue;
    const Use use = InUse(tag, first);
    const bool second = !place.own && use.slots > 1;
    if (use.flows <= flows_max && !second) return {place.slot, {}};
    Release(place.slot);
    if (!second) return {kNoSlot, DropReason::kFlowQuota};
  }
}

SubscriberTable::Taken SubscriberTable::Take(const Address& subscriber, const SubscriberLimits& limits,
                                             uint64_t now_ms) {
  uint64_t identity = Identity(key_, subscriber);
  uint64_t tag = identity >> kCountBits | 1;  // never 0: that is nobody's
  Taken taken = Count(tag, identity & mask_, limits.flows);
  if (taken.slot != kNoSlot && !TakeToken(slots_[taken.slot].full_at_ns, RateOf(limits), now_ms)) {
    Release(taken.slot);
    taken = {kNoSlot, DropReason::kFlowRate};
  }
  return taken;
}

void SubscriberTable::Release(uint32_t slot) {
  slots_[slot].word.fetch_sub(1);
}

void SubscriberTable::Undo(uint32_t slot, const SubscriberLimits& limits) {
  slots_[slot].full_at_ns.fetch_sub(RateOf(limits).step_ns(), std::memory_order_relaxed);
  Release(slot);
}

uint64_t SubscriberTable::TotalFlows() const {
  uint64_t total = 0;
  for (const Slot& slot : slots_) total += slot.word.load(std::memory_order_relaxed) & kCountMask;
  return total;
}

}  // namespace cfr
