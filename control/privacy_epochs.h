// SPDX-License-Identifier: BSD-3-Clause
// The epoch keys: random, in memory only for the moment of sending, one more version each time. Once a day a
// key is rotated, which each subscriber meets at its own next epoch edge; one that is advanced is an early
// edge for every subscriber at once. Live flows never notice.
#pragma once

#include <cstdint>

#include "common/messages.h"

namespace cfr {

class PrivacyEpochs {
 public:
  // The command that gives the dataplane a fresh key. `known_version`: the newest it has, 0 for none. The key
  // exists nowhere else; whoever holds the message erases it.
  Message Advance(uint32_t known_version, uint64_t now_ms) { return NewKey(known_version, now_ms, true); }
  Message Rotate(uint32_t known_version, uint64_t now_ms) { return NewKey(known_version, now_ms, false); }
  // A key older than a day is replaced.
  bool RotationDue(uint64_t now_ms) const { return now_ms - advanced_ms_ >= kRotationMs; }
  // True if the dataplane at the other end needs a key: it has none, or one that somebody else gave it while
  // we were away. After our own restart its key is taken as ours: nobody's alias moves for that.
  bool Attached(uint32_t known_version, uint64_t now_ms) {
    advanced_ms_ = now_ms;
    return known_version == 0 || (version_ != 0 && known_version != version_);
  }

 private:
  static constexpr uint64_t kRotationMs = 24ull * 3600 * 1000;
  Message NewKey(uint32_t known_version, uint64_t now_ms, bool at_once);

  uint32_t version_ = 0;  // of the last key sent
  uint64_t advanced_ms_ = 0;
};

}  // namespace cfr
