// SPDX-License-Identifier: BSD-3-Clause
// Remembers for a second that an alias unit had no free port towards a remote, so that a storm of new
// flows to it costs one full scan a second and not one each. Lossy and small; a false hit only makes a
// flow take its next unit, or be refused, for the rest of that second.
#pragma once

#include <array>
#include <cstdint>

namespace cfr {

class ExhaustionMemory {
 public:
  void Note(uint64_t key, uint64_t now_ms) { entries_[key % kEntries] = {key, now_ms + kMemoryMs}; }
  bool Recalls(uint64_t key, uint64_t now_ms) const {
    const Entry& e = entries_[key % kEntries];
    return e.key == key && now_ms < e.until_ms;
  }

 private:
  static constexpr int kEntries = 64;
  static constexpr uint64_t kMemoryMs = 1000;
  struct Entry {
    uint64_t key = 0, until_ms = 0;
  };
  std::array<Entry, kEntries> entries_;
};

}  // namespace cfr
