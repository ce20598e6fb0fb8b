// SPDX-License-Identifier: BSD-3-Clause
// A token bucket in one word that any number of threads may share: the generic cell rate algorithm. A
// token is a step of 1/rate seconds; the word is the time in nanoseconds at which the bucket will be full
// again, and the bucket is empty when that is `burst` steps away.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace cfr {

struct TokenRate {
  uint64_t per_second;  // 1..10^9
  uint64_t burst;       // at least 1
  constexpr uint64_t step_ns() const { return 1'000'000'000 / per_second; }
};

// False when no token is left; nothing changed then.
inline bool TakeToken(std::atomic<uint64_t>& full_at_ns, const TokenRate& rate, uint64_t now_ms) {
  const uint64_t now_ns = now_ms * 1'000'000, step = rate.step_ns();
  uint64_t full_at = full_at_ns.load(std::memory_order_relaxed);
  uint64_t next;
  do {
    next = std::max(full_at, now_ns) + step;
    if (next - now_ns > step * rate.burst) return false;
  } while (!full_at_ns.compare_exchange_weak(full_at, next, std::memory_order_relaxed));
  return true;
}

}  // namespace cfr
