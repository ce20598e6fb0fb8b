// SPDX-License-Identifier: BSD-3-Clause
// Counters and drop reasons, and the page that holds them. A worker is the only writer of its page;
// the control process maps it read-only and may read it at any time, also after the worker died.
#pragma once

#include <atomic>
#include <cstdint>

#include "common/limits.h"
#include "common/types.h"

namespace cfr {

enum class DropReason : uint8_t {
#define CFR_DROP(symbol, ...) symbol,
#include "common/drop_reasons.def"
#undef CFR_DROP
};

enum class Counter : uint8_t {
#define CFR_COUNTER(symbol, ...) symbol,
#include "common/counters.def"
#undef CFR_COUNTER
};

struct DropReasonRow {
  const char* name;
  const char* clause;  // RFC section or draft clause that asks for it, "-" if none
  const char* sentence;
};
inline constexpr DropReasonRow kDropReasonRows[] = {
#define CFR_DROP(symbol, name, clause, sentence) {name, clause, sentence},
#include "common/drop_reasons.def"
#undef CFR_DROP
};
inline constexpr int kDropReasonCount = sizeof kDropReasonRows / sizeof kDropReasonRows[0];

struct CounterRow {
  const char* name;
  const char* unit;
  const char* sentence;
};
inline constexpr CounterRow kCounterRows[] = {
#define CFR_COUNTER(symbol, name, unit, sentence) {name, unit, sentence},
#include "common/counters.def"
#undef CFR_COUNTER
};
inline constexpr int kCounterCount = sizeof kCounterRows / sizeof kCounterRows[0];

constexpr const char* Name(DropReason r) {
  return kDropReasonRows[static_cast<int>(r)].name;
}
constexpr const char* Name(Counter c) {
  return kCounterRows[static_cast<int>(c)].name;
}

// A 64-bit value with one writer: a plain add for the writer, never torn for a reader.
class CounterCell {
 public:
  void Add(uint64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void Subtract(uint64_t n) { Add(~n + 1); }
  void Set(uint64_t n) { value_.store(n, std::memory_order_relaxed); }
  uint64_t Get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};
static_assert(sizeof(CounterCell) == 8 && std::atomic<uint64_t>::is_always_lock_free);

// Gauges and counters of one worker. All-zero bytes are a valid, empty page.
struct CounterPage {
  CounterCell counters[kDirections][kCounterCount];
  CounterCell drops[kDirections][kDropReasonCount];
  CounterCell flows[kFamilies];         // live flows
  CounterCell quarantined[kFamilies];   // inbound tuples held after their flow closed
  CounterCell unit_flows[kUnitsMax];    // live flows per alias unit: a draining unit is empty at 0
  CounterCell handoff_to[kWorkersMax];  // packets handed to each worker
  CounterCell rounds;                   // turns of the worker's loop: its heartbeat
  CounterCell busy_rounds;              // turns that had at least one packet

  void Count(Direction d, Counter c, uint64_t n = 1) {
    counters[static_cast<int>(d)][static_cast<int>(c)].Add(n);
  }
  void Count(Direction d, DropReason r, uint64_t n = 1) {
    drops[static_cast<int>(d)][static_cast<int>(r)].Add(n);
  }
  uint64_t Get(Direction d, Counter c) const {
    return counters[static_cast<int>(d)][static_cast<int>(c)].Get();
  }
  uint64_t Get(Direction d, DropReason r) const {
    return drops[static_cast<int>(d)][static_cast<int>(r)].Get();
  }
};

// received + handoff_in + pieces - (sent + consumed + handoff_out + drops): 0 when no packet is
// unaccounted for (docs/architecture.md, "accounting identity").
int64_t AccountingMismatch(const CounterPage& page, Direction d);

}  // namespace cfr
