// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/affinity.h"

#include <bit>

#include "common/limits.h"

namespace cfr {
namespace {

constexpr int kMinuteBits = 12, kUnitBits = 10, kTagBits = 28;
constexpr int kFirstShift = kMinuteBits, kLateShift = 2 * kMinuteBits + 1, kUnitShift = kLateShift + 1;
constexpr int kTagShift = kUnitShift + kUnitBits;
static_assert(kTagShift + kTagBits == 64);
static_assert(kUnitsMax == 1 << kUnitBits);
constexpr uint64_t kMinuteMask = (1 << kMinuteBits) - 1;

// Minutes from a 12-bit one to `minute`.
uint64_t Since(uint64_t bits, uint64_t minute) {
  return (minute - bits) & kMinuteMask;
}

uint64_t Encode(uint32_t tag, const Affinity::Memory& m) {
  return uint64_t{tag} << kTagShift | uint64_t{m.unit} << kUnitShift | uint64_t{m.late} << kLateShift |
         (m.first_minute & kMinuteMask) << kFirstShift | (m.last_minute & kMinuteMask);
}

template <class A>
FlowKey<A> KeyOf(const Address& subscriber, const Address& remote) {
  return {LoadAddress<A>(subscriber.bytes.data()), LoadAddress<A>(remote.bytes.data()), 0, 0, 0, {}};
}

}  // namespace

Affinity::Affinity(uint64_t pairs, const FlowHash::Key& key)
    : hash_(key), lines_(std::bit_ceil((pairs + kWords - 1) / kWords)) {}

Affinity::Pair Affinity::Locate(const Address& subscriber, const Address& remote) const {
  const uint64_t hash = subscriber.family == Family::kV4 ? hash_(KeyOf<V4>(subscriber, remote))
                                                         : hash_(KeyOf<V6>(subscriber, remote));
  // Tag 0 would make an empty word of a pair first and last seen in minute 0.
  const auto tag = static_cast<uint32_t>(hash >> kTagShift);
  const Pair pair{static_cast<uint32_t>(hash & (lines_.count() - 1)), tag == 0 ? 1 : tag};
  __builtin_prefetch(&lines_[pair.line]);
  return pair;
}

std::optional<Affinity::Memory> Affinity::Recall(const Pair& pair, uint64_t minute) const {
  for (const auto& cell : lines_[pair.line].word) {
    const uint64_t word = cell.load(std::memory_order_relaxed);
    if (word >> kTagShift != pair.tag) continue;
    return Memory{minute - Since(word >> kFirstShift & kMinuteMask, minute),
                  minute - Since(word & kMinuteMask, minute), (word >> kLateShift & 1) != 0,
                  static_cast<UnitIndex>(word >> kUnitShift & (kUnitsMax - 1))};
  }
  return std::nullopt;
}

void Affinity::Remember(const Pair& pair, const Memory& memory) {
  std::atomic<uint64_t>* place = nullptr;
  uint64_t idle = 0;
  for (auto& cell : lines_[pair.line].word) {
    const uint64_t word = cell.load(std::memory_order_relaxed);
    if (word >> kTagShift == pair.tag) {
      place = &cell;
      break;
    }
    const uint64_t since = word == 0 ? kMinuteMask + 1 : Since(word & kMinuteMask, memory.last_minute);
    if (place != nullptr && since <= idle) continue;
    place = &cell;
    idle = since;
  }
  place->store(Encode(pair.tag, memory), std::memory_order_relaxed);
}

void Affinity::Sweep(uint64_t lines, uint64_t minute, uint64_t idle_minutes) {
  for (; lines > 0; --lines, swept_ = (swept_ + 1) & (lines_.count() - 1))
    for (auto& cell : lines_[swept_].word) {
      uint64_t word = cell.load(std::memory_order_relaxed);
      // Only the word that was judged: one written meanwhile is alive.
      if (word != 0 && Since(word & kMinuteMask, minute) > idle_minutes)
        cell.compare_exchange_strong(word, 0, std::memory_order_relaxed);
    }
}

}  // namespace cfr
