// SPDX-License-Identifier: BSD-3-Clause
#include "bench/privacy/population.h"

#include <algorithm>

namespace cfr::privacy {
namespace {

constexpr double kLargestGroupShare = .327, kNextGroupsShare = .208;
constexpr uint32_t kNextGroups = 9, kTailGroups = 16000;
// The largest group answers at few addresses, one of them the default; all others share a crowd of them.
constexpr uint32_t kLargestServers = 24, kOtherServers = 60000;
constexpr double kDefaultServerShare = .128;
constexpr double kSessionsPerDay = 8, kSessionsSpread = .7;

uint16_t DrawGroup(Random& random) {
  const double u = random.Unit();
  if (u < kLargestGroupShare) return 0;
  if (u < kLargestGroupShare + kNextGroupsShare) return static_cast<uint16_t>(1 + random.Below(kNextGroups));
  return static_cast<uint16_t>(1 + kNextGroups + random.Below(kTailGroups));
}

uint32_t DrawServer(uint16_t group, Random& random) {
  if (group != 0) return kLargestServers + random.Below(kOtherServers);
  return random.Chance(kDefaultServerShare) ? 0 : 1 + random.Below(kLargestServers - 1);
}

Host DrawHost(uint32_t inside_hops, const Popularity& classes, Random& random) {
  Host host;
  const double u = random.Unit();
  host.system = u < .35 ? System::kApple : u < .75 ? System::kLinux : System::kWindows;
  host.client_class = static_cast<uint8_t>(classes.Draw(random));
  host.raw_ttl = static_cast<uint8_t>((host.system == System::kWindows ? 128 : 64) - inside_hops);
  return host;
}

}  // namespace

Popularity::Popularity(uint32_t ranks, double exponent) : cumulative_(ranks), first_of_(ranks + 1) {
  double sum = 0;
  for (uint32_t rank = 0; rank < ranks; ++rank) cumulative_[rank] = sum += std::pow(rank + 1, -exponent);
  for (double& c : cumulative_) c /= sum;
  cumulative_.back() = 1;
  uint32_t rank = 0;
  for (uint32_t i = 0; i <= ranks; ++i) {
    while (rank + 1 < ranks && cumulative_[rank] <= static_cast<double>(i) / ranks) ++rank;
    first_of_[i] = rank;
  }
}

uint32_t Popularity::Draw(Random& random) const {
  const double u = random.Unit();
  uint32_t rank = first_of_[static_cast<size_t>(u * static_cast<double>(cumulative_.size()))];
  while (cumulative_[rank] <= u) ++rank;
  return rank;
}

Population::Population(uint32_t subscriber_count, double hours, uint64_t seed)
    : site_popularity(kSites, .9), third_party_popularity(kThirdParties, 1.0) {
  Random random(seed, Hash({0xb0b}));
  for (uint32_t i = 0; i < kSites + kThirdParties; ++i) {
    const uint16_t group = DrawGroup(random);
    const uint32_t first = DrawServer(group, random), second = DrawServer(group, random);
    sites.push_back({group, {first, second}});
  }
  const Popularity classes(kClientClasses, 1.1);
  for (uint32_t s = 0; s < subscriber_count; ++s) {
    Subscriber subscriber;
    subscriber.first_host = static_cast<uint32_t>(hosts.size());
    subscriber.hosts = random.Between(1, 4);
    const uint32_t inside_hops = random.Between(2, 5);
    for (uint32_t h = 0; h < subscriber.hosts; ++h) hosts.push_back(DrawHost(inside_hops, classes, random));
    // Log-normal over the subscribers, with mean kSessionsPerDay.
    const double busy = std::exp(kSessionsSpread * random.Normal() - kSessionsSpread * kSessionsSpread / 2);
    subscriber.sessions = random.Poisson(kSessionsPerDay * hours / 24 * busy);
    for (uint32_t& favourite : subscriber.favourites) favourite = site_popularity.Draw(random);
    subscribers.push_back(subscriber);
  }
}

}  // namespace cfr::privacy
