// SPDX-License-Identifier: BSD-3-Clause
// Who browses what: sites behind front doors, and subscribers with their hosts and habits. Synthetic; every
// number stands in population.cc.
//
// A CFS group is all front doors of one provider, which act as one observer: group 0 is the largest, 1 to 9
// are the next ones, the rest are small. A site's group has nothing to do with its popularity.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "bench/privacy/random.h"

namespace cfr::privacy {

// A draw of a rank, 0 the most popular: share proportional to (rank + 1)^-exponent.
class Popularity {
 public:
  Popularity(uint32_t ranks, double exponent);
  uint32_t Draw(Random& random) const;

 private:
  std::vector<double> cumulative_;
  std::vector<uint32_t> first_of_;  // first rank whose cumulative share exceeds i / size
};

struct Site {
  uint16_t group;
  std::array<uint32_t, 2> server;  // addresses, by number; which of them is a matter of DNS
};

enum class System : uint8_t { kApple, kLinux, kWindows };

struct Host {
  System system;
  uint8_t client_class;  // what TLS fingerprint and option layout tell: one of 64
  uint8_t raw_ttl;       // as it would arrive at the front door unscrubbed
};

inline constexpr uint32_t kFavourites = 40;
struct Subscriber {
  uint32_t first_host, hosts;
  uint32_t sessions;  // of browsing, in the whole trace
  std::array<uint32_t, kFavourites> favourites;
};

inline constexpr uint32_t kSites = 20000, kThirdParties = 400, kClientClasses = 64;

struct Population {
  Population(uint32_t subscribers, double hours, uint64_t seed);

  Popularity site_popularity, third_party_popularity;
  std::vector<Site> sites;  // kSites, then kThirdParties
  std::vector<Host> hosts;
  std::vector<Subscriber> subscribers;
};

}  // namespace cfr::privacy
