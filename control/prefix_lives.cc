// SPDX-License-Identifier: BSD-3-Clause
#include "control/prefix_lives.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace cfr {
namespace {

const PrefixLife* Find(const std::vector<PrefixLife>& lives, const std::string& pool, const Prefix& prefix) {
  auto found = std::find_if(lives.begin(), lives.end(), [&](const PrefixLife& life) {
    return life.pool == pool && life.prefix == prefix;
  });
  return found == lives.end() ? nullptr : &*found;
}

// What is left of a prefix that opens no flows.
PrefixState Leaving(const std::vector<Assignment>& assignments, const std::string& pool,
                    const Prefix& prefix) {
  PrefixState state = PrefixState::kRetired;
  for (const Assignment& a : assignments)
    if (a.pool == pool && prefix.Contains(a.address))
      state = std::min(
          state, a.state == PrefixState::kQuarantined ? PrefixState::kQuarantined : PrefixState::kDraining);
  return state;
}

bool Holds(const PoolConfig& pool, const Prefix& prefix) {
  return std::find(pool.prefixes.begin(), pool.prefixes.end(), prefix) != pool.prefixes.end();
}

}  // namespace

std::vector<PrefixLife> FollowPrefixes(const Config& config, const std::vector<Assignment>& assignments,
                                       const std::vector<PrefixLife>& former, uint64_t now_ms) {
  std::vector<PrefixLife> lives;
  auto add = [&](const std::string& pool, const Prefix& prefix, PrefixState state) {
    const PrefixLife* before = Find(former, pool, prefix);
    const bool same = before != nullptr && before->state == state;
    lives.push_back({pool, prefix, state, same ? before->since_ms : now_ms});
  };
  for (const PoolConfig& pool : config.pools)
    for (const Prefix& prefix : pool.prefixes)
      add(pool.name, prefix,
          pool.state == PrefixState::kDraining ? Leaving(assignments, pool.name, prefix) : pool.state);
  for (const PrefixLife& life : former) {
    const PoolConfig* pool = config.FindPool(life.pool);
    if (pool != nullptr && Holds(*pool, life.prefix)) continue;
    const PrefixState state = Leaving(assignments, life.pool, life.prefix);
    if (state != PrefixState::kRetired) add(life.pool, life.prefix, state);
  }
  return lives;
}

absl::Status CheckPrefixSteps(const std::vector<PrefixLife>& lives, const Config& next) {
  for (const PoolConfig& pool : next.pools)
    for (const Prefix& prefix : pool.prefixes) {
      const PrefixLife* life = Find(lives, pool.name, prefix);
      if (life == nullptr) continue;
      const bool unused = life->state == PrefixState::kStaged || life->state == PrefixState::kRetired;
      if ((pool.state == PrefixState::kStaged && !unused) ||
          (pool.state == PrefixState::kDraining && life->state == PrefixState::kStaged))
        return absl::FailedPreconditionError(absl::StrCat("pool '", pool.name, "': ", Format(prefix), " is ",
                                                          Name(life->state), " and cannot be ",
                                                          Name(pool.state)));
    }
  return absl::OkStatus();
}

}  // namespace cfr
