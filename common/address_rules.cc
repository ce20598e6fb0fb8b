// SPDX-License-Identifier: BSD-3-Clause
#include "common/address_rules.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/config_schema.h"
#include "common/prefix_set.h"
#include "common/special_prefixes.h"

namespace cfr {
namespace {

// RFC 6890: never a host's address on a link or beyond.
bool IsMartian(const Prefix& p, bool link_local_too) {
  static const auto* const kMartians = new std::vector<Prefix>{
      *ParsePrefix("0.0.0.0/8"), *ParsePrefix("127.0.0.0/8"), *ParsePrefix("224.0.0.0/3"),
      *ParsePrefix("::/127"),    *ParsePrefix("ff00::/8"),    *ParsePrefix("::ffff:0:0/96")};
  static const auto* const kLinkLocal =
      new std::vector<Prefix>{*ParsePrefix("169.254.0.0/16"), *ParsePrefix("fe80::/10")};
  auto overlaps = [&](const Prefix& martian) { return martian.Overlaps(p); };
  return std::any_of(kMartians->begin(), kMartians->end(), overlaps) ||
         (link_local_too && std::any_of(kLinkLocal->begin(), kLinkLocal->end(), overlaps));
}

constexpr const char* kMartian = "unspecified, loopback, link-local, multicast or reserved";

Prefix HostPrefix(const Address& a) {
  return {a, static_cast<uint8_t>(a.bits())};
}

// Every pool prefix of the file with its place.
struct PoolPrefixes {
  struct Row {
    const PoolConfig* pool;
    Place place;
  };
  std::vector<PrefixSet::Item> items;
  std::vector<Row> rows;

  PoolPrefixes(const Config& config, const ConfigPlaces& places) {
    for (size_t i = 0; i < config.pools.size(); ++i)
      for (size_t j = 0; j < config.pools[i].prefixes.size(); ++j) {
        items.emplace_back(config.pools[i].prefixes[j], rows.size());
        rows.push_back({&config.pools[i], places.pools[i].prefixes[j]});
      }
  }
};

template <class Objects>
std::vector<PrefixSet::Item> Items(const Objects& objects) {
  std::vector<PrefixSet::Item> items;
  for (size_t i = 0; i < objects.size(); ++i) items.emplace_back(objects[i].prefix, i);
  return items;
}

class AddressRules {
 public:
  AddressRules(const Config& config, const ConfigPlaces& places, std::vector<ConfigError>* errors)
      : config_(config),
        places_(places),
        errors_(*errors),
        pool_prefixes_(config, places),
        pools_(pool_prefixes_.items),
        subscribers_(Items(config.subscribers)),
        bypasses_(Items(config.bypasses)) {}

  void All() {
    for (size_t i = 0; i < config_.pools.size(); ++i) PoolShape(config_.pools[i], places_.pools[i]);
    Pools();
    Subscribers();
    for (int side = 0; side < kSides; ++side) OwnAddresses(static_cast<Side>(side));
    for (int side = 0; side < kSides; ++side) Gateways(static_cast<Side>(side));
    Bypasses();
    Nat64Prefixes();
    if (config_.settings.Choice<Martians>(Setting::kMartians) == Martians::kProduction) Documentation();
  }

 private:
  void Error(Place place, std::string message, std::string hint = "") {
    errors_.push_back({place.line, place.column, std::move(message), std::move(hint)});
  }
  const std::string& PoolName(const PrefixSet::Item& item) const {
    return pool_prefixes_.rows[item.second].pool->name;
  }

  void PoolShape(const PoolConfig& pool, const ConfigPlaces::Pool& place) {
    constexpr int kCountedBits = 16;  // more addresses than any pool may use
    const Address first64 = Masked(pool.prefixes.front().address, kIpv6PoolLength);
    uint64_t addresses = 0;
    for (size_t j = 0; j < pool.prefixes.size(); ++j) {
      const Prefix& p = pool.prefixes[j];
      const bool v6 = p.address.family == Family::kV6;
      addresses += uint64_t{1} << std::min(p.address.bits() - p.length, kCountedBits);
      if (IsMartian(p, true))
        Error(place.prefixes[j], absl::StrCat("pool '", pool.name, "': ", Format(p), " is ", kMartian));
      if (p.address.family != pool.family())
        Error(place.prefixes[j], absl::StrCat("pool '", pool.name, "' mixes IPv4 and IPv6"),
              "make a pool for each");
      else if (v6 && (p.length < kIpv6PoolLength || Masked(p.address, kIpv6PoolLength) != first64))
        Error(place.prefixes[j],
              absl::StrCat("pool '", pool.name, "': ", Format(p), " does not lie in ",
                           Format(Prefix{first64, kIpv6PoolLength})),
              "an IPv6 pool lies inside one /64; make a pool for each");
    }
    if (place.whole && pool.alias_units > addresses)
      Error(place.units,
            absl::StrCat("pool '", pool.name, "' has ", addresses, " addresses for ", pool.alias_units,
                         " alias units"),
            "lower alias_units or add prefixes");
  }

  void Pools() {
    pools_.EachNested([&](const PrefixSet::Item& a, const PrefixSet::Item& b) {
      Error(pool_prefixes_.rows[b.second].place,
            absl::StrCat("pool '", PoolName(b), "': ", Format(b.first), " overlaps ", Format(a.first),
                         " of pool '", PoolName(a), "'"),
            absl::StrCat("that one is in line ", pool_prefixes_.rows[a.second].place.line));
    });
    const auto& allowed = config_.egress_allowed;
    for (const auto& [prefix, number] : pool_prefixes_.items) {
      const Prefix& p = prefix;  // a lambda takes no part of a pair
      const auto& row = pool_prefixes_.rows[number];
      if (const PrefixSet::Item* s = subscribers_.FindOverlap(p))
        Error(row.place,
              absl::StrCat("pool '", row.pool->name, "': ", Format(p), " overlaps the subscribers ",
                           Format(s->first)),
              "an alias must be nobody's own address");
      bool inside =
          std::any_of(allowed.begin(), allowed.end(), [&](const Prefix& a) { return a.Contains(p); });
      if (!inside && !allowed.empty() && places_.egress_whole)
        Error(
            row.place,
            absl::StrCat("pool '", row.pool->name, "': ", Format(p), " is outside dataplane.egress_allowed"),
            "widening egress_allowed takes a restart of cfr-dataplane");
    }
  }

  void Subscribers() {
    subscribers_.EachNested([&](const PrefixSet::Item& a, const PrefixSet::Item& b) {
      Error(places_.subscribers[b.second].prefix,
            absl::StrCat("subscribers ", Format(b.first), " overlap the subscribers ", Format(a.first)),
            absl::StrCat("those are in line ", places_.subscribers[a.second].prefix.line));
    });
    for (size_t i = 0; i < config_.subscribers.size(); ++i)
      if (const Prefix& p = config_.subscribers[i].prefix; IsMartian(p, true))
        Error(places_.subscribers[i].prefix, absl::StrCat("subscribers ", Format(p), " are ", kMartian));
  }

  void OwnAddresses(Side side) {
    const auto& own = config_.port[static_cast<int>(side)].addresses;
    for (size_t i = 0; i < own.size(); ++i) {
      const Prefix host = HostPrefix(own[i].address);
      Place place = places_.port[static_cast<int>(side)].addresses[i];
      std::string text = absl::StrCat("the relay's address ", Format(host.address));
      if (!seen_.insert(host.address).second) Error(place, absl::StrCat(text, " is given twice"));
      if (IsMartian(host, false))
        Error(place, absl::StrCat(text, " is unspecified, loopback, multicast or reserved"));
      else if (EndOfLink(own[i]))
        Error(place, absl::StrCat(text, " is the first or last of its link ", Format(own[i])),
              "those are no host's");
      if (const PrefixSet::Item* pool = pools_.FindOverlap(host))
        Error(place, absl::StrCat(text, " lies in pool '", PoolName(*pool), "'"),
              "an alias must be nobody's own address");
      // Towards the subscribers the relay may well have an address of their network.
      const PrefixSet::Item* s = side == Side::kCore ? subscribers_.FindOverlap(host) : nullptr;
      if (s != nullptr)
        Error(place, absl::StrCat(text, " on the core port lies in the subscribers ", Format(s->first)));
    }
  }

  // Network and broadcast address of an IPv4 link; RFC 3021 knows none on a /31.
  static bool EndOfLink(const Prefix& own) {
    if (own.address.family == Family::kV6 || own.length > 30) return false;
    return own.address == Masked(own.address, own.length) ||
           own.address == LastOf({Masked(own.address, own.length), own.length});
  }

  void Gateways(Side side) {
    const PortConfig& port = config_.port[static_cast<int>(side)];
    for (int f = 0; f < kFamilies; ++f) {
      if (!port.gateway[f].has_value()) continue;
      const Address& gateway = *port.gateway[f];
      Place place = places_.port[static_cast<int>(side)].gateway[f];
      auto on_link = [&](const Prefix& own) { return own.Contains(gateway); };
      auto itself = [&](const Prefix& own) { return own.address == gateway; };
      std::string text = absl::StrCat("gateway ", Format(gateway));
      if (std::any_of(port.addresses.begin(), port.addresses.end(), itself))
        Error(place, absl::StrCat(text, " is the relay itself"), "name the next router");
      else if (places_.port[static_cast<int>(side)].whole &&
               std::none_of(port.addresses.begin(), port.addresses.end(), on_link))
        Error(place, absl::StrCat(text, " is on no link of port.", Name(side)),
              "give the port an address of that link in addresses");
      if (const PrefixSet::Item* pool = pools_.FindOverlap(HostPrefix(gateway)))
        Error(place, absl::StrCat(text, " lies in pool '", PoolName(*pool), "'"),
              "an alias must be nobody's own address");
    }
  }

  void Bypasses() {
    bypasses_.EachNested([&](const PrefixSet::Item& a, const PrefixSet::Item& b) {
      Error(places_.bypasses[b.second].prefix,
            absl::StrCat("bypass ", Format(b.first), " overlaps bypass ", Format(a.first)),
            absl::StrCat("that one is in line ", places_.bypasses[a.second].prefix.line));
    });
    for (size_t i = 0; i < config_.bypasses.size(); ++i) {
      const Prefix& p = config_.bypasses[i].prefix;
      Place place = places_.bypasses[i].prefix;
      if (const PrefixSet::Item* s = subscribers_.FindOverlap(p))
        Error(place, absl::StrCat("bypass ", Format(p), " overlaps the subscribers ", Format(s->first)));
      if (const PrefixSet::Item* pool = pools_.FindOverlap(p))
        Error(place, absl::StrCat("bypass ", Format(p), " overlaps pool '", PoolName(*pool), "'"));
    }
  }

  void Nat64Prefixes() {
    for (size_t i = 0; i < config_.nat64_prefixes.size(); ++i) {
      const Prefix& p = config_.nat64_prefixes[i];
      const Place place = places_.nat64_prefixes[i];
      const std::string text = absl::StrCat("NAT64 prefix ", Format(p));
      if (p.address.family == Family::kV4 ||
          std::find(std::begin(kNat64Lengths), std::end(kNat64Lengths), p.length) == std::end(kNat64Lengths))
        Error(place, absl::StrCat(text, " cannot hold an IPv4 address"),
              absl::StrCat("an IPv6 prefix of length ", absl::StrJoin(kNat64Lengths, ", ")));
      if (const PrefixSet::Item* s = subscribers_.FindOverlap(p))
        Error(place, absl::StrCat(text, " overlaps the subscribers ", Format(s->first)));
      if (const PrefixSet::Item* pool = pools_.FindOverlap(p))
        Error(place, absl::StrCat(text, " overlaps pool '", PoolName(*pool), "'"));
    }
  }

  // Whose packets would all be dropped.
  void Documentation() {
    auto documented = [](const Prefix& p) {
      return std::any_of(std::begin(kDocumentationPrefixes), std::end(kDocumentationPrefixes),
                         [&](const char* text) { return ParsePrefix(text)->Overlaps(p); });
    };
    constexpr const char* kHint =
        "admission.martians = \"production\" drops these; use addresses of your own";
    for (const auto& [p, number] : pool_prefixes_.items)
      if (documented(p))
        Error(pool_prefixes_.rows[number].place,
              absl::StrCat("pool '", pool_prefixes_.rows[number].pool->name, "': ", Format(p),
                           " is for documentation"),
              kHint);
    for (size_t i = 0; i < config_.subscribers.size(); ++i)
      if (const Prefix& p = config_.subscribers[i].prefix; documented(p))
        Error(places_.subscribers[i].prefix,
              absl::StrCat("subscribers ", Format(p), " are for documentation"), kHint);
  }

  const Config& config_;
  const ConfigPlaces& places_;
  std::vector<ConfigError>& errors_;
  const PoolPrefixes pool_prefixes_;
  const PrefixSet pools_, subscribers_, bypasses_;
  std::set<Address> seen_;  // the relay's addresses so far
};

}  // namespace

void CheckAddressRules(const Config& config, const ConfigPlaces& places, std::vector<ConfigError>* errors) {
  AddressRules(config, places, errors).All();
}

}  // namespace cfr
