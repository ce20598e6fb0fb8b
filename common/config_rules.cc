// SPDX-License-Identifier: BSD-3-Clause
#include "common/config_rules.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/address_rules.h"
#include "common/pool_rules.h"
#include "common/suggestion.h"

namespace cfr {
namespace {

class Rules {
 public:
  Rules(const Config& config, const ConfigPlaces& places, std::vector<ConfigError>* errors)
      : config_(config), places_(places), errors_(*errors) {}

  void All() {
    Limits();
    Regions();
    Names();
    RegionsHavePools();
    Crowds();
    AffinityTimes();
    PortRange();
    AvoidedPorts();
    WellknownPorts();
    Devices();
    Records();
  }

 private:
  void Error(Place place, std::string message, std::string hint = "") {
    errors_.push_back({place.line, place.column, std::move(message), std::move(hint)});
  }

  // The place is that of the first object too many.
  template <class Placed, class PlaceOf>
  void Limit(const std::vector<Placed>& objects, size_t max, const char* what, PlaceOf place_of) {
    if (objects.size() > max)
      Error(place_of(objects[max]), absl::StrCat(objects.size(), " ", what, "; at most ", max));
  }

  void Limits() {
    Limit(places_.pools, kPoolsMax, "pools", [](const auto& p) { return p.name; });
    Limit(places_.subscribers, kSubscriberPrefixesMax, "subscriber prefixes",
          [](const auto& s) { return s.prefix; });
    Limit(places_.bypasses, kBypassMax, "bypass prefixes", [](const auto& b) { return b.name; });
    std::vector<Place> prefixes, addresses;
    for (const auto& pool : places_.pools)
      prefixes.insert(prefixes.end(), pool.prefixes.begin(), pool.prefixes.end());
    for (const auto& port : places_.port)
      addresses.insert(addresses.end(), port.addresses.begin(), port.addresses.end());
    Limit(prefixes, kPoolPrefixesMax, "pool prefixes", [](Place p) { return p; });
    Limit(addresses, kPortAddressesMax, "addresses of the relay, both ports together",
          [](Place p) { return p; });
    uint32_t units = 0;
    for (size_t i = 0; i < config_.pools.size(); ++i) {
      uint32_t before = units;
      units += config_.pools[i].alias_units;
      if (before <= kUnitsMax && units > kUnitsMax)
        Error(places_.pools[i].units,
              absl::StrCat("more than ", kUnitsMax, " alias units, all pools together"));
    }
  }

  bool IsKnown(const std::string& region) const {
    return std::find(config_.regions.begin(), config_.regions.end(), region) != config_.regions.end();
  }

  void Region(const std::string& region, Place place) {
    if (region.empty() || IsKnown(region)) return;
    std::string nearest = Nearest(region, config_.regions);
    Error(place, absl::StrCat("unknown region '", region, "'"),
          nearest.empty() ? "list it in node.regions" : absl::StrCat("did you mean '", nearest, "'?"));
  }

  void Regions() {
    if (!places_.regions_whole) return;
    for (size_t i = 0; i < config_.subscribers.size(); ++i)
      Region(config_.subscribers[i].region, places_.subscribers[i].region);
    for (size_t i = 0; i < config_.pools.size(); ++i)
      Region(config_.pools[i].region, places_.pools[i].region);
  }

  // Who shares the units of a region and family.
  struct Crowd {
    uint64_t subscribers = 0, units = 0;
    void Add(const SubscribersConfig& s) {
      constexpr int kCountedBits = 40;  // more than any crowd needs
      subscribers += uint64_t{1} << std::min(s.per - s.prefix.length, kCountedBits);
    }
  };

  template <class Object, class Placed>
  void UniqueNames(const std::vector<Object>& objects, const std::vector<Placed>& places, const char* kind) {
    std::map<std::string, int> lines;
    for (size_t i = 0; i < objects.size(); ++i) {
      if (objects[i].name.empty()) continue;
      auto [first, fresh] = lines.emplace(objects[i].name, places[i].name.line);
      if (!fresh)
        Error(places[i].name, absl::StrCat(kind, " '", objects[i].name, "' is defined twice"),
              absl::StrCat("first in line ", first->second));
    }
  }

  void Names() {
    UniqueNames(config_.pools, places_.pools, "pool");
    UniqueNames(config_.bypasses, places_.bypasses, "bypass");
  }

  // Subscribers of one family without a pool could only be refused, packet by packet.
  void RegionsHavePools() {
    if (!places_.pools_whole) return;
    std::set<std::pair<std::string, Family>> served;
    for (const auto& pool : config_.pools) served.emplace(pool.region, pool.family());
    for (size_t i = 0; i < config_.subscribers.size(); ++i) {
      const SubscribersConfig& s = config_.subscribers[i];
      const Family family = s.prefix.address.family;
      if (!IsKnown(s.region) || !served.emplace(s.region, family).second) continue;
      Error(places_.subscribers[i].prefix,
            absl::StrCat("region '", s.region, "' has ", cfr::Name(family), " subscribers but no ",
                         cfr::Name(family), " pool"),
            absl::StrCat("add a [[pool]] with region = \"", s.region, "\""));
    }
  }

  // An alias hides its subscriber among those who share it. Of a prefix all possible subscribers count.
  void Crowds() {
    if (!places_.pools_whole || !places_.subscribers_whole || !places_.regions_whole) return;
    std::map<std::pair<std::string, Family>, Crowd> crowds;
    for (const SubscribersConfig& s : config_.subscribers) crowds[{s.region, s.prefix.address.family}].Add(s);
    for (const PoolConfig& pool : config_.pools)
      if (pool.state != PrefixState::kDraining)
        crowds[{pool.region, pool.family()}].units += pool.alias_units;
    for (size_t i = 0; i < config_.pools.size(); ++i) {
      const PoolConfig& pool = config_.pools[i];
      const Crowd& crowd = crowds[{pool.region, pool.family()}];
      if (crowd.subscribers == 0 || pool.state == PrefixState::kDraining) continue;
      const std::string text = absl::StrCat("pool '", pool.name, "': region '", pool.region, "' has ",
                                            crowd.units, " alias units for ", crowd.subscribers, " possible ",
                                            cfr::Name(pool.family()), " subscribers, so ");
      if (crowd.subscribers <= crowd.units)
        Error(places_.pools[i].units, absl::StrCat(text, "an alias would name its subscriber"),
              "lower alias_units; one alias for each subscriber only renames them");
      else if (crowd.subscribers < crowd.units * kCrowdMin && !pool.small_crowd)
        Error(places_.pools[i].units, absl::StrCat(text, "fewer than ", kCrowdMin, " would share an alias"),
              "lower alias_units, or write small_crowd = true to accept that");
    }
  }

  // Else the cap would end what the idle time promises.
  void AffinityTimes() {
    uint64_t idle = config_.settings[Setting::kAffinityIdle], cap = config_.settings[Setting::kAffinityCap];
    auto place = places_.settings.find(Setting::kAffinityIdle);
    if (place == places_.settings.end()) place = places_.settings.find(Setting::kAffinityCap);
    if (idle <= cap || place == places_.settings.end()) return;
    Error(place->second,
          absl::StrCat("alias.affinity_idle ", idle, " s is longer than alias.affinity_cap ", cap, " s"),
          "a pair is given up at the cap however lately it was used; raise it or lower affinity_idle");
  }

  void PortRange() {
    uint64_t first = config_.settings[Setting::kPortFirst], last = config_.settings[Setting::kPortLast];
    auto place = places_.settings.find(Setting::kPortFirst);
    if (place == places_.settings.end()) place = places_.settings.find(Setting::kPortLast);
    if (first <= last || place == places_.settings.end()) return;
    Error(place->second, absl::StrCat("alias.port_first ", first, " is above alias.port_last ", last),
          "the range is port_first to port_last, both inclusive");
  }

  // A flow needs a port; a range of the list's own ports leaves none.
  void AvoidedPorts() {
    uint64_t first = config_.settings[Setting::kPortFirst], last = config_.settings[Setting::kPortLast];
    const std::vector<uint16_t>& avoided = config_.ports[PortList::kAvoided];
    auto inside = static_cast<uint64_t>(std::count_if(
        avoided.begin(), avoided.end(), [&](uint16_t port) { return port >= first && port <= last; }));
    if (first > last || inside <= last - first) return;
    const auto& places = places_.ports[static_cast<int>(PortList::kAvoided)];
    auto place = places_.settings.find(Setting::kPortFirst);
    if (place == places_.settings.end()) place = places_.settings.find(Setting::kPortLast);
    Error(!places.empty() ? places.front() : place->second,
          "alias.avoided_ports leaves no port of port_first to port_last for UDP",
          "widen the range or shorten the list");
  }

  // QUIC and DNS over QUIC keep connections over pauses longer than any short timer (RFC 9312 section 4.2).
  void WellknownPorts() {
    const std::vector<uint16_t>& ports = config_.ports[PortList::kUdpWellknown];
    for (size_t i = 0; i < ports.size(); ++i)
      if (ports[i] == 443 || ports[i] == 853)
        Error(places_.ports[static_cast<int>(PortList::kUdpWellknown)][i],
              absl::StrCat("timers.udp_wellknown_ports lists ", ports[i], ", which is QUIC's"),
              "its connections outlive short pauses; delete it");
  }

  void Devices() {
    const PortConfig &access = config_.port[0], &core = config_.port[1];
    bool same = access.kind == core.kind && !access.device.empty() && access.device == core.device;
    bool same_file = !access.tx_pcap.empty() && access.tx_pcap == core.tx_pcap;
    if (same || same_file)
      Error(places_.port[1].device,
            absl::StrCat("port.core is the device of port.access, '", same ? access.device : access.tx_pcap,
                         "'"),
            "the relay stands between two ports");
  }

  void Records() {
    const auto wanted = config_.settings.Choice<RecordChoice>(Setting::kRecordMode);
    if (wanted == RecordChoice::kOff) return;
    if (config_.records.day_keys.empty()) {
      auto place = places_.settings.find(Setting::kRecordMode);
      if (wanted != RecordChoice::kAuto && place != places_.settings.end())
        Error(place->second,
              absl::StrCat("records.mode is \"",
                           std::string(WordAt(Row(Setting::kRecordMode).words,
                                              config_.settings[Setting::kRecordMode])),
                           "\", but there are no day keys to seal to"),
              "day_keys = \"/etc/cfr/day_keys\", or mode = \"off\"");
      return;
    }
    for (size_t i = 0; i < config_.subscribers.size(); ++i)
      if (config_.subscribers[i].per > kRecordedLengthMax &&
          config_.subscribers[i].prefix.address.family == Family::kV6)
        Error(places_.subscribers[i].prefix,
              absl::StrCat("a record keeps ", kRecordedLengthMax,
                           " bits of a subscriber, but one of these has ",
                           static_cast<int>(config_.subscribers[i].per)),
              "a /64 or shorter is one subscriber, or records.mode = \"off\"");
  }

  const Config& config_;
  const ConfigPlaces& places_;
  std::vector<ConfigError>& errors_;
};

}  // namespace

void CheckRules(const Config& config, const ConfigPlaces& places, std::vector<ConfigError>* errors) {
  Rules(config, places, errors).All();
  CheckPoolRules(config, places, errors);
  CheckAddressRules(config, places, errors);
}

}  // namespace cfr
