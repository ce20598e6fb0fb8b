// SPDX-License-Identifier: BSD-3-Clause
// The keys of the alias draw, with their history: an epoch is drawn under the key that was in effect when it
// began, so a daily change of key moves nobody early.
//
//   key 7 ------------------->|                    rotated: epochs that began before are still drawn under it
//   key 8                     |---------------->|x older keys are erased, at once, when key 9 says so
//   key 9                                       |---
//
// Immutable once a World holds them. Made by the control process, kept in memory only.
#pragma once

#include <cstdint>
#include <memory>

#include "common/limits.h"
#include "common/siphash.h"

namespace cfr {

struct EpochKeys {
  struct Key {
    uint64_t effective_ms = 0;
    uint32_t version = 0;  // 0: none
    SipKey key;
  };
  Key key[kEpochKeysMax];  // newest first
  ~EpochKeys();            // erases

  // The newest key in effect, nullptr if there is none.
  const Key* InForce(uint64_t now_ms) const { return Of(now_ms, now_ms); }
  // The key of an epoch that began at `began_ms`: the newest that was in effect then. Of an epoch older than
  // every key the oldest: what it was drawn under is gone.
  const Key* Of(uint64_t began_ms, uint64_t now_ms) const {
    const Key* found = nullptr;
    for (const Key& k : key) {
      if (k.version == 0 || k.effective_ms > now_ms) continue;
      found = &k;
      if (k.effective_ms <= began_ms) break;
    }
    return found;
  }

  // `former`, which may be null, and a newer key. With `at_once` only the newer one.
  static std::shared_ptr<const EpochKeys> Joined(const EpochKeys* former, const Key& newer, bool at_once,
                                                 uint64_t now_ms);
  // Without the keys replaced longer than `keep_ms` ago; null if there is no such key.
  std::shared_ptr<const EpochKeys> WithoutOutlived(uint64_t now_ms, uint64_t keep_ms) const;
};

}  // namespace cfr
