// SPDX-License-Identifier: BSD-3-Clause
// Which subscriber and remote address used which epoch lately: a site that is in use keeps its alias over
// an epoch edge. Shared by all workers, touched only when a flow opens; lossy, of fixed size, never saved.
//
//   line of 64 bytes = 8 words of a pair's hash;  word = 0 (empty) or
//   [ tag of the pair 28 | unit last shown 10 | late 1 | spare 1 | minute first seen 12 | last seen 12 ]
//
// The epoch of a pair is that of its first minute, the next one if `late`: an edge lay between. So a word
// names a time, not an alias. A tag that two pairs share, a word lost to a neighbour or to a race gives at
// worst the subscriber's own alias of another epoch; the unit is counted with (C1), never drawn. That is
// also why plain atomic words are enough: each is written whole, and any one of two writers may win.
// Minutes wrap after 68 h; Sweep clears dead words long before.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "common/address.h"
#include "dataplane/arena.h"
#include "dataplane/flow_hash.h"

namespace cfr {

class Affinity {
 public:
  // Room for `pairs`, rounded up to a power of two lines.
  Affinity(uint64_t pairs, const FlowHash::Key& key);

  struct Pair {
    uint32_t line, tag;
  };
  // Where a pair is remembered; the load of that line is in flight from here on. Both of one family.
  Pair Locate(const Address& subscriber, const Address& remote) const;

  struct Memory {
    uint64_t first_minute, last_minute;
    bool late;
    UnitIndex unit;
  };
  std::optional<Memory> Recall(const Pair& pair, uint64_t minute) const;
  // Instead of what was known of the pair, else of the pair in the line that is idle longest.
  void Remember(const Pair& pair, const Memory& memory);

  // Clears the words of the next `lines` lines not seen for more than `idle_minutes`. Main lcore.
  void Sweep(uint64_t lines, uint64_t minute, uint64_t idle_minutes);
  uint64_t lines() const { return lines_.count(); }

 private:
  static constexpr int kWords = 8;
  struct alignas(64) Line {
    std::atomic<uint64_t> word[kWords];
  };
  static_assert(sizeof(Line) == 64, "one load brings all words of a pair");

  const FlowHash hash_;
  Arena<Line> lines_;
  uint64_t swept_ = 0;
};

}  // namespace cfr
