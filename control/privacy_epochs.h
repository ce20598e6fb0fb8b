// SPDX-License-Identifier: BSD-3-Clause
// The epoch keys: random, in memory only for the moment of sending, one more version each time. A new
// key is an early epoch edge for every subscriber; live flows never notice.
#pragma once

#include <cstdint>

#include "common/messages.h"

namespace cfr {

class PrivacyEpochs {
 public:
  // The command that gives the dataplane a fresh key, in force at once. `known_version`: the newest the
  // dataplane has, 0 for none. The key exists nowhere else; whoever holds the message erases it.
  Message Advance(uint32_t known_version, uint64_t now_ms);
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
  uint32_t version_ = 0;  // of the last key sent
  uint64_t advanced_ms_ = 0;
};

}  // namespace cfr
