// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/alias_policy.h"

#include <cstring>

namespace cfr {
namespace {

uint64_t Keyed(const SipKey& key, const Address& a, uint64_t last) {
  uint64_t words[2];
  std::memcpy(words, a.bytes.data(), sizeof words);
  return SipHash(key).Add(static_cast<uint64_t>(a.family)).Add(words[0]).Add(words[1]).Add(last).Finish();
}

// Finaliser of MurmurHash3: enough here, since seed and salt are both secret and random.
uint64_t Mix(uint64_t v) {
  v = (v ^ v >> 33) * 0xff51afd7ed558ccdull;
  v = (v ^ v >> 33) * 0xc4ceb9fe1a85ec53ull;
  return v ^ v >> 33;
}

}  // namespace

uint64_t EpochNumber(const SipKey& phase_key, const Address& subscriber, uint64_t now_ms,
                     uint64_t length_ms) {
  return (now_ms + Keyed(phase_key, subscriber, 0) % length_ms) / length_ms;
}

uint64_t DrawSeed(const SipKey& epoch_key, const Address& subscriber, uint64_t epoch_number) {
  return Keyed(epoch_key, subscriber, epoch_number);
}

Drawn DrawNext(uint64_t seed, const Drawn& last, std::span<const UnitIndex> drawable,
               std::span<const Unit> units) {
  Drawn next{kAllUnits, 0};
  for (UnitIndex unit : drawable) {
    uint64_t score = Mix(seed ^ units[unit].salt);
    if (score < last.score && score >= next.score) next = {unit, score};
  }
  return next;
}

}  // namespace cfr
