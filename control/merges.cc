// SPDX-License-Identifier: BSD-3-Clause
#include "control/merges.h"

namespace cfr {
namespace {

// The parent by which a whole region is merged: of its first active pool, if all of them are merged.
const PoolConfig* ParentOfRegion(const Config& config, const Merges& merges, const std::string& region,
                                 Family family) {
  const PoolConfig* parent = nullptr;
  for (const PoolConfig& pool : config.pools) {
    if (pool.region != region || pool.family() != family || pool.state != PrefixState::kActive) continue;
    if (!IsMerged(merges, pool)) return nullptr;
    if (parent == nullptr) parent = config.FindPool(pool.parent);
  }
  return parent;
}

}  // namespace

bool IsMerged(const Merges& merges, const PoolConfig& pool) {
  return !pool.parent.empty() && merges.contains(pool.name);
}

bool OpensFlows(const Merges& merges, const PoolConfig& pool) {
  return pool.state == PrefixState::kActive && !IsMerged(merges, pool);
}

const PoolConfig* MergedInto(const Config& config, const Merges& merges, const PoolConfig& pool) {
  const PoolConfig* p = IsMerged(merges, pool) ? config.FindPool(pool.parent) : nullptr;
  while (p != nullptr && IsMerged(merges, *p)) p = config.FindPool(p->parent);
  return p;
}

// Parents make no ring, but regions may: a merge back into a region passed already ends the way.
std::string ServingRegion(const Config& config, const Merges& merges, const std::string& region,
                          Family family) {
  if (merges.empty()) return region;
  std::set<std::string> passed;
  std::string serving = region;
  while (passed.insert(serving).second) {
    const PoolConfig* parent = ParentOfRegion(config, merges, serving, family);
    if (parent == nullptr) break;
    serving = parent->region;
  }
  return serving;
}

Merges StillMerged(const Config& config, const Merges& merges) {
  Merges still;
  for (const PoolConfig& pool : config.pools)
    if (IsMerged(merges, pool)) still.insert(pool.name);
  return still;
}

}  // namespace cfr
