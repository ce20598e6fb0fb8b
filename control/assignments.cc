// SPDX-License-Identifier: BSD-3-Clause
#include "control/assignments.h"

#include <openssl/rand.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/check.h"

namespace cfr {
namespace {

constexpr int kDrawsMax = 1000;            // then the addresses are tried in order
constexpr uint64_t kOffsetsMax = 1 << 20;  // far more than there are units

// The address `offset` beyond the first of `prefix`; host bits beyond 64 stay zero.
Address At(const Prefix& prefix, uint64_t offset) {
  Address a = prefix.address;
  for (int i = a.bits() / 8 - 1; i >= 0 && offset != 0; --i, offset >>= 8)
    a.bytes[static_cast<size_t>(i)] |= static_cast<uint8_t>(offset & 0xff);
  return a;
}

// Number of addresses; 0 stands for 2^64, an IPv6 /64.
uint64_t SizeOf(const Prefix& prefix) {
  int bits = prefix.address.bits() - prefix.length;
  return bits >= 64 ? 0 : uint64_t{1} << bits;
}

class Drawer {
 public:
  Drawer(const Config& config, const std::vector<Assignment>& current, const RandomBelow& random)
      : random_(random) {
    for (const PortConfig& port : config.port)
      for (const Prefix& own : port.addresses) taken_.insert(own.address);
    for (const Assignment& a : current) taken_.insert(a.address);
  }

  // A random address of the pool that nothing uses; each address equally likely.
  absl::StatusOr<Address> Draw(const PoolConfig& pool) {
    uint64_t total = 0;  // as SizeOf
    for (const Prefix& p : pool.prefixes) total += SizeOf(p);
    for (int n = 0; n < kDrawsMax; ++n)
      if (Address a = Pick(pool, Offset(total)); Usable(a)) return Take(a);
    for (uint64_t offset = 0; offset < kOffsetsMax && (total == 0 || offset < total); ++offset)
      if (Address a = Pick(pool, offset); Usable(a)) return Take(a);
    return absl::ResourceExhaustedError(absl::StrCat("pool '", pool.name, "' has no free address left"));
  }

 private:
  uint64_t Offset(uint64_t total) {
    constexpr uint64_t kHalf = uint64_t{1} << 32;
    if (total != 0) return random_(total);
    uint64_t high = random_(kHalf);
    return high * kHalf + random_(kHalf);
  }
  static Address Pick(const PoolConfig& pool, uint64_t offset) {
    size_t i = 0;
    for (; i + 1 < pool.prefixes.size() && offset >= SizeOf(pool.prefixes[i]); ++i)
      offset -= SizeOf(pool.prefixes[i]);
    return At(pool.prefixes[i], offset);
  }
  // The first address of an IPv6 /64 is its routers' (RFC 4291 2.6.1).
  bool Usable(const Address& a) const {
    bool anycast = a.family == Family::kV6 && Masked(a, 64) == a;
    return !anycast && !taken_.contains(a);
  }
  Address Take(const Address& a) { return taken_.insert(a), a; }

  const RandomBelow& random_;
  std::set<Address> taken_;
};

const PoolConfig* PoolOf(const Config& config, const Assignment& a) {
  for (const PoolConfig& pool : config.pools) {
    auto holds = [&](const Prefix& p) { return p.Contains(a.address); };
    if (pool.name == a.pool && pool.region == a.region && pool.port_mode == a.port_mode &&
        std::any_of(pool.prefixes.begin(), pool.prefixes.end(), holds))
      return &pool;
  }
  return nullptr;
}

// Makes a unit drawn if it is not. One that left the draw comes back at an epoch edge: epochs that began in
// between did not draw it. One that has not left yet stays.
void Use(Assignment* a, uint64_t from_ms, uint64_t now_ms) {
  if (a->state == PrefixState::kDraining) {
    a->state = PrefixState::kActive;
    a->drawn_from_ms = from_ms;
    a->drawn_until_ms = 0;
  } else if (a->IsRetiring()) {
    if (a->drawn_until_ms > now_ms)
      a->drawn_until_ms = 0;
    else
      a->drawn_from_ms = from_ms;
  }
}

absl::StatusOr<UnitIndex> FreeIndex(const std::vector<Assignment>& assignments) {
  std::set<UnitIndex> used;
  for (const Assignment& a : assignments) used.insert(a.index);
  for (UnitIndex i = 0; i < kUnitsMax; ++i)
    if (!used.contains(i)) return i;
  return absl::ResourceExhaustedError(
      absl::StrCat("more than ", kUnitsMax, " alias units, draining ones included"));
}

}  // namespace

RandomBelow KernelRandom() {
  return [](uint64_t bound) {
    uint64_t word, limit = ~uint64_t{0} - ~uint64_t{0} % bound;
    do {
      CFR_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(&word), sizeof word) == 1,
                "the kernel gives no entropy");
    } while (word >= limit);
    return word % bound;
  };
}

absl::StatusOr<std::vector<Assignment>> Assign(const Config& config, const std::vector<Assignment>& current,
                                               const RandomBelow& random, uint64_t now_ms,
                                               const Merges& merges) {
  std::vector<Assignment> next = current;
  Drawer drawer(config, current, random);
  const uint64_t edge_ms = now_ms + kAssignmentLeadMs;
  for (Assignment& a : next) {
    const PoolConfig* pool = PoolOf(config, a);
    bool wanted = pool != nullptr && OpensFlows(merges, *pool);
    if (!wanted && a.state == PrefixState::kActive) a.state = PrefixState::kDraining;
  }
  // Where nothing is drawn yet there is nothing to change gently.
  auto is_drawn = [&](const PoolConfig& pool) {
    return std::any_of(next.begin(), next.end(), [&](const Assignment& a) {
      return a.state == PrefixState::kActive && a.region == pool.region && a.address.family == pool.family();
    });
  };
  for (const PoolConfig& pool : config.pools) {
    if (!OpensFlows(merges, pool)) continue;
    const uint64_t from_ms = is_drawn(pool) ? edge_ms : 0;
    uint32_t wanted = pool.alias_units;
    // Units that are drawn stay before those that are no longer, and these before draining ones.
    for (auto in_turn : {&Assignment::IsDrawn, &Assignment::IsRetiring, &Assignment::IsDraining})
      for (Assignment& a : next) {
        if (PoolOf(config, a) != &pool || !(a.*in_turn)()) continue;
        if (wanted > 0)
          --wanted, Use(&a, from_ms, now_ms);
        else if (a.IsDrawn())
          a.drawn_until_ms = edge_ms;
      }
    for (; wanted > 0; --wanted) {
      auto address = drawer.Draw(pool);
      auto index = FreeIndex(next);
      if (!address.ok()) return address.status();
      if (!index.ok()) return index.status();
      next.push_back(
          {*index, *address, pool.name, pool.region, PrefixState::kActive, 0, pool.port_mode, from_ms, 0});
    }
  }
  return next;
}

bool Age(std::vector<Assignment>* assignments, const std::function<uint64_t(UnitIndex)>& flows,
         uint64_t now_ms, const Settings& settings) {
  const uint64_t quarantine_ms = settings[Setting::kQuarantine] * 1000;
  const uint64_t use_ms = (settings[Setting::kEpochLength] + settings[Setting::kAffinityCap]) * 1000;
  bool changed = false;
  for (Assignment& a : *assignments) {
    if (!a.IsRetiring() || now_ms < a.drawn_until_ms + use_ms) continue;
    a.state = PrefixState::kDraining;
    changed = true;
  }
  for (Assignment& a : *assignments) {
    if (a.state != PrefixState::kDraining || flows(a.index) != 0) continue;
    a.state = PrefixState::kQuarantined;
    a.quiet_since_ms = now_ms;
    changed = true;
  }
  auto rested = [&](const Assignment& a) {
    return a.state == PrefixState::kQuarantined && now_ms - a.quiet_since_ms >= quarantine_ms;
  };
  return std::erase_if(*assignments, rested) > 0 || changed;
}

}  // namespace cfr
