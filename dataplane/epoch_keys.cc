// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/epoch_keys.h"

#include <openssl/crypto.h>

namespace cfr {

EpochKeys::~EpochKeys() {
  OPENSSL_cleanse(key, sizeof key);
}

// A former key that never took effect is replaced; of too many the oldest goes.
std::shared_ptr<const EpochKeys> EpochKeys::Joined(const EpochKeys* former, const Key& newer, bool at_once,
                                                   uint64_t now_ms) {
  auto joined = std::make_shared<EpochKeys>();
  joined->key[0] = newer;
  if (former == nullptr || at_once) return joined;
  int count = 1;
  for (const Key& k : former->key)
    if (k.version != 0 && k.effective_ms <= now_ms && count < kEpochKeysMax) joined->key[count++] = k;
  return joined;
}

std::shared_ptr<const EpochKeys> EpochKeys::WithoutOutlived(uint64_t now_ms, uint64_t keep_ms) const {
  auto outlived = [&](int i) { return key[i].version != 0 && key[i - 1].effective_ms + keep_ms < now_ms; };
  int kept = 1;
  while (kept < kEpochKeysMax && !outlived(kept)) ++kept;
  if (kept == kEpochKeysMax) return nullptr;
  auto left = std::make_shared<EpochKeys>();
  for (int i = 0; i < kept; ++i) left->key[i] = key[i];
  return left;
}

}  // namespace cfr
