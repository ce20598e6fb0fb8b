// SPDX-License-Identifier: BSD-3-Clause
// Who is shown as what: the alias unit of a new flow (draft R3, R5; docs/decisions/0004-alias-draw.md,
// 0019-affinity.md). A library piece: no packet, no NIC, no clock of its own; the simulator runs it, too.
//
//   e     = (now + phase(subscriber)) / epoch length     edges staggered over the subscribers
//           that of the pair's first flow, if subscriber and remote address were together lately (affinity)
//   key   = the one in effect when e began               EpochKeys
//   units = those drawable when e began                  Unit::IsDrawn
//   seed  = SipHash(key, family | subscriber | e)
//   unit  = the one whose mix(seed, its salt) is largest; the next ones in that order if it has no port
//
// The remote only says which epoch applies: all new flows of a subscriber within an epoch share one unit. A
// unit that joins or leaves moves only the subscribers drawn to it, each at its own epoch edge. Example: 4
// units, epoch 1 h: a subscriber shows one of 4 addresses for an hour, and a fresh, independent one of 4 in
// the next; a site it goes on using sees the former for as long as it does, at most affinity_cap.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "common/address.h"
#include "common/settings.h"
#include "common/siphash.h"
#include "dataplane/affinity.h"
#include "dataplane/epoch_keys.h"
#include "dataplane/snapshot.h"

namespace cfr {

struct Epoch {
  uint64_t number;
  uint64_t began_ms;  // 0 for one that began before the clock did
};

// How far the edges of a subscriber lie before the multiples of the epoch length. `subscriber`: its address
// masked to its prefix; `phase_key`: secret, fixed while the process runs; `length_ms` > 0.
uint64_t EpochPhase(const SipKey& phase_key, const Address& subscriber, uint64_t length_ms);
Epoch NumberedEpoch(uint64_t number, uint64_t phase_ms, uint64_t length_ms);
inline Epoch EpochAt(uint64_t now_ms, uint64_t phase_ms, uint64_t length_ms) {
  return NumberedEpoch((now_ms + phase_ms) / length_ms, phase_ms, length_ms);
}

uint64_t DrawSeed(const SipKey& epoch_key, const Address& subscriber, uint64_t epoch_number);

// A unit's place in the order of the draw: the largest score comes first.
struct Drawn {
  UnitIndex unit = kAllUnits;
  uint64_t score = ~uint64_t{0};
};
// The unit that follows `last` in the order of `seed`; Drawn{} gives the first. Only units drawable when an
// epoch began at `began_ms`, if that is given. `unit` kAllUnits: no more.
Drawn DrawNext(uint64_t seed, const Drawn& last, std::span<const UnitIndex> drawable,
               std::span<const Unit> units, std::optional<uint64_t> began_ms = std::nullopt);

// What the draw takes from the settings.
struct AliasRules {
  uint64_t epoch_ms, affinity_idle_ms, affinity_cap_ms;
  explicit AliasRules(const Settings& settings)
      : epoch_ms(settings[Setting::kEpochLength] * 1000),
        affinity_idle_ms(settings[Setting::kAffinityIdle] * 1000),
        affinity_cap_ms(settings[Setting::kAffinityCap] * 1000) {}
  // How long a key that was replaced may still be needed: minutes of the affinity are rounded down.
  uint64_t key_use_ms() const { return epoch_ms + affinity_cap_ms + 60'000; }
};

// What there is to draw from: the units of one region and family new flows may take, by index into `units`.
struct AliasOffer {
  const EpochKeys& keys;
  std::span<const UnitIndex> drawable;
  std::span<const Unit> units;
};

// The units one new flow may take, in their order.
class AliasDraw {
 public:
  // The next to try; kAllUnits: there is none, no key is in effect, or enough were tried.
  UnitIndex Next();
  // The epoch it is drawn in, the subscriber's own or the one its affinity keeps.
  const Epoch& epoch() const { return epoch_; }

 private:
  friend class AliasPolicy;
  explicit AliasDraw(const AliasOffer& offer) : offer_(offer) {}

  AliasOffer offer_;
  uint64_t minute_ = 0;
  Affinity::Pair pair_{};
  std::optional<Affinity::Memory> memory_;  // of the pair, kept or not
  bool kept_ = false;                       // its epoch is
  bool late_ = false;                       // the epoch edge lies between the beginning of the minute and now
  Epoch epoch_{};
  uint64_t seed_ = 0;
  Drawn drawn_;
  bool any_ = false;  // no unit is drawable by its time: all are
  int tries_ = 0;
};

class AliasPolicy {
 public:
  AliasPolicy(const SipKey& phase_key, uint64_t affinity_pairs, const FlowHash::Key& affinity_key)
      : phase_key_(phase_key), affinity_(affinity_pairs, affinity_key) {}

  // For a new flow. Changes nothing: the flow may fail to open yet.
  AliasDraw Begin(const Address& subscriber, const Address& remote, uint64_t now_ms, const AliasRules& rules,
                  const AliasOffer& offer) const;
  // The pair of a flow that opened, as far as it is known from its flow before (C1 of CFR-U1).
  struct Seen {
    bool again;    // that one opened at most kVisitGapMinutes ago
    bool changed;  // and on another unit
  };
  Seen Opened(const AliasDraw& draw, UnitIndex unit);

  // Clears dead words of the affinity, all of it in so many turns. Main lcore.
  void Sweep(uint64_t now_ms, const AliasRules& rules, uint64_t turns);

 private:
  const SipKey phase_key_;
  Affinity affinity_;
};

}  // namespace cfr
