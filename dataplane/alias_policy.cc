// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/alias_policy.h"

#include <algorithm>
#include <cstring>

namespace cfr {
namespace {

constexpr uint64_t kMinuteMs = 60'000;

// One word or two: the length of the message, which SipHash takes in, tells the families apart.
SipHash Keyed(const SipKey& key, const Address& a) {
  uint64_t words[2];
  std::memcpy(words, a.bytes.data(), sizeof words);
  SipHash hash(key);
  hash.Add(words[0]);
  if (a.family == Family::kV6) hash.Add(words[1]);
  return hash;
}

// Finaliser of MurmurHash3: enough here, since seed and salt are both secret and random.
uint64_t Mix(uint64_t v) {
  v = (v ^ v >> 33) * 0xff51afd7ed558ccdull;
  v = (v ^ v >> 33) * 0xc4ceb9fe1a85ec53ull;
  return v ^ v >> 33;
}

}  // namespace

uint64_t EpochPhase(const SipKey& phase_key, const Address& subscriber, uint64_t length_ms) {
  return Keyed(phase_key, subscriber).Finish() % length_ms;
}

Epoch NumberedEpoch(uint64_t number, uint64_t phase_ms, uint64_t length_ms) {
  return {number, std::max(number * length_ms, phase_ms) - phase_ms};
}

uint64_t DrawSeed(const SipKey& epoch_key, const Address& subscriber, uint64_t epoch_number) {
  return Keyed(epoch_key, subscriber).Add(epoch_number).Finish();
}

Drawn DrawNext(uint64_t seed, const Drawn& last, std::span<const UnitIndex> drawable,
               std::span<const Unit> units, std::optional<uint64_t> began_ms) {
  Drawn next{kAllUnits, 0};
  for (UnitIndex unit : drawable) {
    if (began_ms.has_value() && !units[unit].IsDrawn(*began_ms)) continue;
    uint64_t score = Mix(seed ^ units[unit].salt);
    if (score < last.score && score >= next.score) next = {unit, score};
  }
  return next;
}

UnitIndex AliasDraw::Next() {
  if (tries_ == kAliasTriesMax) return kAllUnits;
  auto began_ms = [&] { return any_ ? std::nullopt : std::optional(epoch_.began_ms); };
  Drawn next = DrawNext(seed_, drawn_, offer_.drawable, offer_.units, began_ms());
  if (next.unit == kAllUnits && tries_ == 0) {
    any_ = true;
    next = DrawNext(seed_, drawn_, offer_.drawable, offer_.units, began_ms());
  }
  ++tries_;
  drawn_ = next;
  return next.unit;
}

AliasDraw AliasPolicy::Begin(const Address& subscriber, const Address& remote, uint64_t now_ms,
                             const AliasRules& rules, const AliasOffer& offer) const {
  AliasDraw draw(offer);
  draw.pair_ = affinity_.Locate(subscriber, remote);
  draw.minute_ = now_ms / kMinuteMs;
  const uint64_t phase_ms = EpochPhase(phase_key_, subscriber, rules.epoch_ms);
  auto at_minute = [&](uint64_t minute) { return EpochAt(minute * kMinuteMs, phase_ms, rules.epoch_ms); };
  draw.epoch_ = EpochAt(now_ms, phase_ms, rules.epoch_ms);
  draw.late_ = draw.epoch_.number != at_minute(draw.minute_).number;
  draw.memory_ = affinity_.Recall(draw.pair_, draw.minute_);
  if (draw.memory_.has_value()) {
    const Affinity::Memory& m = *draw.memory_;
    draw.kept_ = (draw.minute_ - m.last_minute) * kMinuteMs <= rules.affinity_idle_ms &&
                 (draw.minute_ - m.first_minute) * kMinuteMs <= rules.affinity_cap_ms;
    // The setting may have changed since: then `late` can lie ahead.
    const uint64_t number = at_minute(m.first_minute).number + (m.late ? 1 : 0);
    if (draw.kept_ && number < draw.epoch_.number)
      draw.epoch_ = NumberedEpoch(number, phase_ms, rules.epoch_ms);
  }
  const EpochKeys::Key* key = offer.keys.Of(draw.epoch_.began_ms, now_ms);
  if (key == nullptr)
    draw.tries_ = kAliasTriesMax;
  else
    draw.seed_ = DrawSeed(key->key, subscriber, draw.epoch_.number);
  return draw;
}

AliasPolicy::Seen AliasPolicy::Opened(const AliasDraw& draw, UnitIndex unit) {
  Affinity::Memory next{draw.minute_, draw.minute_, draw.late_, unit};
  Seen seen{};
  if (draw.memory_.has_value()) {
    const Affinity::Memory& former = *draw.memory_;
    seen.again = draw.minute_ - former.last_minute <= kVisitGapMinutes;
    seen.changed = seen.again && former.unit != unit;
    if (draw.kept_) {
      next.first_minute = former.first_minute;
      next.late = former.late;
    }
  }
  affinity_.Remember(draw.pair_, next);
  return seen;
}

void AliasPolicy::Sweep(uint64_t now_ms, const AliasRules& rules, uint64_t turns) {
  affinity_.Sweep(affinity_.lines() / turns + 1, now_ms / kMinuteMs,
                  std::max(rules.affinity_idle_ms / kMinuteMs, kVisitGapMinutes));
}

}  // namespace cfr
