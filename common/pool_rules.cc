// SPDX-License-Identifier: BSD-3-Clause
#include "common/pool_rules.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/config_schema.h"
#include "common/region_code.h"
#include "common/suggestion.h"

namespace cfr {
namespace {

class PoolRules {
 public:
  PoolRules(const Config& config, const ConfigPlaces& places, std::vector<ConfigError>* errors)
      : config_(config), places_(places), errors_(*errors) {}

  void All() {
    for (size_t i = 0; i < config_.pools.size(); ++i) {
      const PoolConfig& pool = config_.pools[i];
      if (pool.parent.empty())
        NoBorder(pool, places_.pools[i]);
      else if (const PoolConfig* parent = Parent(pool, places_.pools[i]))
        Related(pool, *parent, places_.pools[i]);
      if (!pool.city.empty()) City(pool, places_.pools[i]);
    }
  }

 private:
  void Error(Place place, std::string message, std::string hint = "") {
    errors_.push_back({place.line, place.column, std::move(message), std::move(hint)});
  }

  void NoBorder(const PoolConfig& pool, const ConfigPlaces::Pool& place) {
    if (pool.cross_border)
      Error(place.cross_border, absl::StrCat("pool '", pool.name, "' crosses no border without a parent"),
            "delete cross_border");
  }

  const PoolConfig* Parent(const PoolConfig& pool, const ConfigPlaces::Pool& place) {
    if (const PoolConfig* parent = config_.FindPool(pool.parent)) return parent;
    if (!places_.pools_whole) return nullptr;
    std::vector<std::string> names;
    for (const PoolConfig& p : config_.pools) names.push_back(p.name);
    std::string nearest = Nearest(pool.parent, names);
    Error(place.parent,
          absl::StrCat("pool '", pool.name, "': there is no pool '", pool.parent, "' to be its parent"),
          nearest.empty() ? "" : absl::StrCat("did you mean '", nearest, "'?"));
    return nullptr;
  }

  void Related(const PoolConfig& pool, const PoolConfig& parent, const ConfigPlaces::Pool& place) {
    const std::string pair = absl::StrCat("pool '", pool.name, "' and its parent '", parent.name, "'");
    if (IsItsOwnAncestor(pool))
      return Error(place.parent, absl::StrCat("pool '", pool.name, "' is its own ancestor"),
                   "parents lead to a pool without one");
    if (pool.family() != parent.family())
      Error(place.parent, absl::StrCat(pair, " are of two IP families"), "name a parent of the same family");
    const bool contained = RegionContains(parent.region, pool.region);
    if (!contained && !pool.cross_border)
      Error(place.parent,
            absl::StrCat(pair, ": region '", parent.region, "' does not contain '", pool.region, "'"),
            "flows would leave the region; cross_border = true if they may");
    OneParentRegion(pool, parent, place.parent);
    if (contained && pool.cross_border)
      Error(place.cross_border,
            absl::StrCat(pair, ": region '", parent.region, "' contains '", pool.region, "'"),
            "no border is crossed; delete cross_border");
  }

  // A region merges as a whole, or there would be two places for one.
  void OneParentRegion(const PoolConfig& pool, const PoolConfig& parent, Place place) {
    for (const PoolConfig& p : config_.pools) {
      if (&p == &pool) return;
      const PoolConfig* other = config_.FindPool(p.parent);
      if (other == nullptr || p.region != pool.region || p.family() != pool.family() ||
          other->region == parent.region)
        continue;
      return Error(
          place,
          absl::StrCat("pools '", p.name, "' and '", pool.name, "' of region '", pool.region,
                       "' have parents in two regions, '", other->region, "' and '", parent.region, "'"),
          "a region merges as a whole; name parents of one region");
    }
  }

  bool IsItsOwnAncestor(const PoolConfig& pool) const {
    const PoolConfig* p = &pool;
    for (size_t steps = 0; p != nullptr && steps < config_.pools.size(); ++steps) {
      p = config_.FindPool(p->parent);
      if (p == &pool) return true;
    }
    return false;
  }

  // Subscribers the file allows: an upper bound of the crowd behind the region's aliases.
  uint64_t SubscribersOf(const PoolConfig& pool) const {
    constexpr int kCountedBits = 32;  // more than any crowd that is asked for
    uint64_t count = 0;
    for (const SubscribersConfig& s : config_.subscribers)
      if (s.region == pool.region && s.prefix.address.family == pool.family())
        count += uint64_t{1} << std::min(s.per - s.prefix.length, kCountedBits);
    return count;
  }

  void City(const PoolConfig& pool, const ConfigPlaces::Pool& place) {
    if (pool.city.find_first_of(",#\"") != std::string::npos)
      Error(place.city, absl::StrCat("'pool.city' is \"", pool.city, "\", which no geofeed can hold"),
            "no comma, quote or # (RFC 8805 section 2.1.1.4)");
    if (!IsIsoRegion(pool.region))
      Error(place.city,
            absl::StrCat("pool '", pool.name, "' has a city, but its region '", pool.region,
                         "' is no code of ISO 3166"),
            "a region like \"DE\" or \"DE-BE\" is published with it");
    uint64_t units = 0;
    for (const PoolConfig& p : config_.pools)
      if (p.region == pool.region && p.family() == pool.family()) units += p.alias_units;
    const uint64_t subscribers = SubscribersOf(pool), wanted = units * kCitySubscribersPerUnitMin;
    if (subscribers < wanted)
      Error(place.city,
            absl::StrCat("pool '", pool.name, "': a city is too precise for ", subscribers, " ",
                         Name(pool.family()), " subscribers of region '", pool.region, "'"),
            absl::StrCat("its ", units, " alias units want ", wanted, "; delete city"));
  }

  const Config& config_;
  const ConfigPlaces& places_;
  std::vector<ConfigError>& errors_;
};

}  // namespace

void CheckPoolRules(const Config& config, const ConfigPlaces& places, std::vector<ConfigError>* errors) {
  PoolRules(config, places, errors).All();
}

}  // namespace cfr
