// SPDX-License-Identifier: BSD-3-Clause
#include "common/config_rules.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

namespace cfr {
namespace {

constexpr int kIpv6PoolLength = 64;  // one /64 per pool: an observer that groups by /64 sees one source

class Rules {
 public:
  Rules(const Config& config, const ConfigPlaces& places, std::vector<ConfigError>* errors)
      : config_(config), places_(places), errors_(errors) {}

  void All() {
    Limits();
    Regions();
    Names();
    PoolShapes();
    PoolOverlaps();
    SubscriberOverlaps();
    PoolsAgainstSubscribers();
    OwnAddresses();
    Gateways();
    EgressAllowed();
    Bypasses();
    RegionsHavePools();
    PortRange();
  }

 private:
  void Error(Place place, std::string message, std::string hint = "") {
    errors_->push_back({place.line, place.column, std::move(message), std::move(hint)});
  }

  template <class F>
  void EachPoolPrefix(F f) {
    for (size_t i = 0; i < config_.pools.size(); ++i)
      for (size_t j = 0; j < config_.pools[i].prefixes.size(); ++j)
        f(config_.pools[i], config_.pools[i].prefixes[j], places_.pools[i].prefixes[j]);
  }

  void Limits() {
    size_t prefixes = 0;
    for (const auto& pool : config_.pools) prefixes += pool.prefixes.size();
    auto limit = [&](size_t count, int max, const char* what) {
      if (count > static_cast<size_t>(max)) Error({}, absl::StrCat(count, " ", what, "; at most ", max));
    };
    limit(config_.pools.size(), kPoolsMax, "pools");
    limit(prefixes, kPoolPrefixesMax, "pool prefixes");
    limit(config_.subscribers.size(), kSubscriberPrefixesMax, "subscriber prefixes");
    limit(config_.bypasses.size(), kBypassMax, "bypass entries");
    limit(config_.port[0].addresses.size() + config_.port[1].addresses.size(), kPortAddressesMax, "port addresses");
    uint64_t units = 0;
    for (const auto& pool : config_.pools) units += pool.alias_units;
    limit(units, kUnitsMax, "alias units");
  }

  void Region(const std::string& region, Place place) {
    const auto& known = config_.regions;
    if (known.empty() || std::find(known.begin(), known.end(), region) != known.end()) return;
    std::string nearest = Nearest(region, known);
    Error(place, absl::StrCat("unknown region '", region, "'"),
          nearest.empty() ? "list it in node.regions" : absl::StrCat("did you mean '", nearest, "'?"));
  }
  void Regions() {
    for (size_t i = 0; i < config_.subscribers.size(); ++i)
      Region(config_.subscribers[i].region, places_.subscribers[i].region);
    for (size_t i = 0; i < config_.pools.size(); ++i) Region(config_.pools[i].region, places_.pools[i].region);
  }

  void Names() {
    std::set<std::string> pools, bypasses;
    for (size_t i = 0; i < config_.pools.size(); ++i)
      if (!pools.insert(config_.pools[i].name).second)
        Error(places_.pools[i].name, absl::StrCat("pool '", config_.pools[i].name, "' is defined twice"));
    for (size_t i = 0; i < config_.bypasses.size(); ++i)
      if (!bypasses.insert(config_.bypasses[i].name).second)
        Error(places_.bypasses[i].name, absl::StrCat("bypass '", config_.bypasses[i].name, "' is defined twice"));
  }

  static bool IsUnusable(const Prefix& p) {
    static const char* kUnusable[] = {"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3",
                                      "::/127", "ff00::/8", "fe80::/10", "::ffff:0:0/96"};
    return std::any_of(std::begin(kUnusable), std::end(kUnusable),
                       [&](const char* text) { return ParsePrefix(text)->Overlaps(p); });
  }

  void PoolShapes() {
    for (size_t i = 0; i < config_.pools.size(); ++i) {
      const PoolConfig& pool = config_.pools[i];
      const auto& place = places_.pools[i];
      uint64_t addresses = 0;
      for (size_t j = 0; j < pool.prefixes.size(); ++j) {
        const Prefix& p = pool.prefixes[j];
        if (p.address.family != pool.family()) {
          Error(place.prefixes[j], absl::StrCat("pool '", pool.name, "' mixes IPv4 and IPv6"), "one pool per family");
          continue;
        }
        if (IsUnusable(p)) Error(place.prefixes[j], absl::StrCat(Format(p), " holds no usable unicast addresses"));
        Address first64 = Masked(pool.prefixes.front().address, kIpv6PoolLength);
        if (p.address.family == Family::kV6 &&
            (p.length < kIpv6PoolLength || Masked(p.address, kIpv6PoolLength) != first64)) {
          Error(place.prefixes[j], absl::StrCat("an IPv6 pool lies inside one /64; ", Format(p), " does not"),
                "split it into pools of one /64 each");
        }
        int free_bits = std::min(p.address.bits() - p.length, 32);
        addresses += uint64_t{1} << free_bits;
      }
      if (pool.alias_units > addresses)
        Error(place.units, absl::StrCat("pool '", pool.name, "' has ", addresses, " addresses for ", pool.alias_units,
                                        " alias units"));
    }
  }

  void PoolOverlaps() {
    std::vector<std::pair<const PoolConfig*, Prefix>> seen;
    EachPoolPrefix([&](const PoolConfig& pool, const Prefix& p, Place place) {
      for (const auto& [other, q] : seen)
        if (p.Overlaps(q))
          return Error(place, absl::StrCat("pool '", pool.name, "': ", Format(p), " overlaps ", Format(q), " of pool '",
                                           other->name, "'"));
      seen.emplace_back(&pool, p);
    });
  }

  void SubscriberOverlaps() {
    std::vector<std::pair<Prefix, size_t>> sorted;
    for (size_t i = 0; i < config_.subscribers.size(); ++i) sorted.emplace_back(config_.subscribers[i].prefix, i);
    std::sort(sorted.begin(), sorted.end());
    for (size_t i = 1; i < sorted.size(); ++i)
      if (sorted[i].first.Overlaps(sorted[i - 1].first))
        Error(places_.subscribers[sorted[i].second].prefix,
              absl::StrCat("subscribers ", Format(sorted[i].first), " overlap ", Format(sorted[i - 1].first)));
  }

  const Prefix* SubscriberOverlap(const Prefix& p) const {
    for (const auto& s : config_.subscribers)
      if (s.prefix.Overlaps(p)) return &s.prefix;
    return nullptr;
  }

  void PoolsAgainstSubscribers() {
    EachPoolPrefix([&](const PoolConfig& pool, const Prefix& p, Place place) {
      if (const Prefix* s = SubscriberOverlap(p))
        Error(place, absl::StrCat("pool '", pool.name, "': ", Format(p), " lies in the subscriber space ", Format(*s)),
              "an alias must not be anybody's own address");
    });
  }

  void OwnAddresses() {
    std::set<Address> seen;
    for (int s = 0; s < kSides; ++s)
      for (size_t i = 0; i < config_.port[s].addresses.size(); ++i) {
        const Prefix& own = config_.port[s].addresses[i];
        Place place = places_.port_addresses[s][i];
        Prefix host{own.address, static_cast<uint8_t>(own.address.bits())};
        if (!seen.insert(own.address).second) Error(place, absl::StrCat(Format(own.address), " is given twice"));
        for (const auto& pool : config_.pools)
          for (const Prefix& p : pool.prefixes)
            if (p.Overlaps(host))
              Error(place, absl::StrCat("the relay's address ", Format(own.address), " lies in pool '", pool.name, "'"));
        if (static_cast<Side>(s) == Side::kCore && SubscriberOverlap(host))
          Error(place, absl::StrCat("the relay's core address ", Format(own.address), " lies in the subscriber space"));
      }
  }

  void Gateways() {
    for (int s = 0; s < kSides; ++s)
      for (int f = 0; f < kFamilies; ++f) {
        const auto& gateway = config_.port[s].gateway[f];
        if (!gateway.has_value()) continue;
        const auto& own = config_.port[s].addresses;
        Place place = places_.gateway[s][f];
        if (std::none_of(own.begin(), own.end(), [&](const Prefix& p) { return p.Contains(*gateway); }))
          Error(place, absl::StrCat("gateway ", Format(*gateway), " is on no link of this port"),
                "add an address of that link to the port's addresses");
        else if (std::any_of(own.begin(), own.end(), [&](const Prefix& p) { return p.address == *gateway; }))
          Error(place, absl::StrCat("gateway ", Format(*gateway), " is the relay itself"));
      }
  }

  void EgressAllowed() {
    if (config_.egress_allowed.empty()) return;
    EachPoolPrefix([&](const PoolConfig& pool, const Prefix& p, Place place) {
      bool inside = std::any_of(config_.egress_allowed.begin(), config_.egress_allowed.end(),
                                [&](const Prefix& allowed) { return allowed.Contains(p); });
      if (!inside)
        Error(place, absl::StrCat("pool '", pool.name, "': ", Format(p), " is outside dataplane.egress_allowed"));
    });
  }

  void Bypasses() {
    for (size_t i = 0; i < config_.bypasses.size(); ++i) {
      const Prefix& p = config_.bypasses[i].prefix;
      Place place = places_.bypasses[i].prefix;
      if (const Prefix* s = SubscriberOverlap(p))
        Error(place, absl::StrCat("bypass ", Format(p), " overlaps the subscriber space ", Format(*s)));
      for (const auto& pool : config_.pools)
        for (const Prefix& q : pool.prefixes)
          if (p.Overlaps(q)) Error(place, absl::StrCat("bypass ", Format(p), " overlaps pool '", pool.name, "'"));
      for (size_t j = 0; j < i; ++j)
        if (p.Overlaps(config_.bypasses[j].prefix))
          Error(place, absl::StrCat("bypass ", Format(p), " overlaps bypass '", config_.bypasses[j].name, "'"));
    }
  }

  // Subscribers of one family without a pool could only be refused, packet by packet.
  void RegionsHavePools() {
    for (size_t i = 0; i < config_.subscribers.size(); ++i) {
      const SubscribersConfig& s = config_.subscribers[i];
      bool served = std::any_of(config_.pools.begin(), config_.pools.end(), [&](const PoolConfig& pool) {
        return pool.region == s.region && pool.family() == s.prefix.address.family;
      });
      if (!served)
        Error(places_.subscribers[i].prefix, absl::StrCat("no ", cfr::Name(s.prefix.address.family), " pool of region '",
                                                          s.region, "' for subscribers ", Format(s.prefix)));
    }
  }

  void PortRange() {
    if (config_.settings[Setting::kPortFirst] <= config_.settings[Setting::kPortLast]) return;
    auto found = places_.settings.find(Setting::kPortFirst);
    if (found == places_.settings.end()) found = places_.settings.find(Setting::kPortLast);
    Error(found->second, absl::StrCat("alias.port_first ", config_.settings[Setting::kPortFirst],
                                      " is above alias.port_last ", config_.settings[Setting::kPortLast]),
          "the range is [port_first, port_last]");
  }

  const Config& config_;
  const ConfigPlaces& places_;
  std::vector<ConfigError>* errors_;
};

}  // namespace

void CheckRules(const Config& config, const ConfigPlaces& places, std::vector<ConfigError>* errors) {
  Rules(config, places, errors).All();
}

}  // namespace cfr
