// SPDX-License-Identifier: BSD-3-Clause
#include "bench/privacy/trace.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace cfr::privacy {
namespace {

constexpr double kDay = 86400, kDnsLifetime = 300;
constexpr double kVisitsPerSession = 3, kPagesPerVisit = 4;
constexpr double kFavouriteShare = .7, kOwnSiteShare = .45, kTcpShare = .5;
constexpr double kReadingShort = 40, kReadingLong = 480, kShortShare = .9;

// One subscriber's browsing, in no order.
class Browsing {
 public:
  Browsing(const Population& population, const Scenario& scenario, uint32_t subscriber,
           std::vector<Opening>* openings)
      : population_(population),
        subscriber_(subscriber),
        self_(population.subscribers[subscriber]),
        end_(scenario.hours * 3600),
        seed_(scenario.seed),
        random_(scenario.seed, Hash({0x5e55, subscriber})),
        openings_(*openings) {}

  void Run(uint32_t* next_visit) {
    for (uint32_t n = 0; n < self_.sessions; ++n) {
      double t = DrawStart();
      const uint32_t host = self_.first_host + random_.Below(self_.hosts);
      for (uint32_t visits = random_.Geometric(kVisitsPerSession); visits > 0; --visits)
        t = Visit(host, (*next_visit)++, t);
    }
  }

 private:
  // More in the evening than at night.
  double DrawStart() {
    for (;;) {
      const double t = random_.Unit() * end_;
      if (random_.Chance(.55 + .45 * std::sin(2 * std::numbers::pi * (t / kDay - .4)))) return t;
    }
  }

  double Visit(uint32_t host, uint32_t visit, double t) {
    const uint32_t site =
        random_.Chance(kFavouriteShare)
            ? self_.favourites[static_cast<size_t>(kFavourites * std::pow(random_.Unit(), 1.5))]
            : population_.site_popularity.Draw(random_);
    const uint32_t pages = random_.Geometric(kPagesPerVisit);
    for (uint32_t page = 0; page < pages; ++page) {
      const uint32_t flows = page == 0 ? random_.Between(6, 20) : random_.Between(1, 4);
      Open(host, visit, site, t);
      for (uint32_t flow = 1; flow < flows; ++flow) {
        const uint32_t target =
            random_.Chance(kOwnSiteShare) ? site : kSites + population_.third_party_popularity.Draw(random_);
        Open(host, visit, target, t + 2 * random_.Unit());
      }
      t += random_.Exponential(random_.Chance(kShortShare) ? kReadingShort : kReadingLong);
    }
    return t;
  }

  void Open(uint32_t host, uint32_t visit, uint32_t site, double t) {
    if (t >= end_) return;
    Opening o{};
    o.time_ms = static_cast<uint32_t>(t * 1000);
    o.subscriber = subscriber_;
    o.host = host;
    o.visit = visit;
    o.site = site;
    o.group = population_.sites[site].group;
    o.server = population_.sites[site]
                   .server[Hash({seed_, host, site, static_cast<uint64_t>(t / kDnsLifetime)}) & 1];
    o.tcp = random_.Chance(kTcpShare);
    // Linux keyed its timestamps by the two addresses only; Apple's are random, Windows sends none.
    if (o.tcp && population_.hosts[host].system == System::kLinux)
      o.timestamp_line = static_cast<uint32_t>(Hash({seed_, host, o.server, 0x75}) | 1);
    openings_.push_back(o);
  }

  const Population& population_;
  const uint32_t subscriber_;
  const Subscriber& self_;
  const double end_;
  const uint64_t seed_;
  Random random_;
  std::vector<Opening>& openings_;
};

// Fields that count: in order of time.
void AssignCounters(const Population& population, uint64_t seed, std::vector<Opening>* openings) {
  Random random(seed, Hash({0xc0}));
  std::vector<uint16_t> last_port(population.hosts.size());
  for (uint16_t& port : last_port) port = static_cast<uint16_t>(random.Between(49152, 65535));
  std::unordered_map<uint64_t, uint16_t> last_id;
  for (Opening& o : *openings) {
    if (population.hosts[o.host].system != System::kWindows) {
      o.client_port = static_cast<uint16_t>(random.Between(32768, 60999));
      continue;
    }
    const uint32_t step = random.Chance(.25) ? 2 : 1;
    last_port[o.host] = static_cast<uint16_t>(49152 + (last_port[o.host] - 49152 + step) % 16384);
    o.client_port = last_port[o.host];
    auto [id, first] = last_id.try_emplace(uint64_t{o.host} << 32 | o.server);
    if (first) id->second = static_cast<uint16_t>(random.Next());
    id->second = static_cast<uint16_t>(id->second + random.Between(10, 69));
    o.ip_id = id->second;
    o.has_ip_id = true;
  }
}

}  // namespace

Trace::Trace(const Scenario& s) : scenario(s), population(s.subscribers, s.hours, s.seed) {
  uint32_t next_visit = 0;
  for (uint32_t subscriber = 0; subscriber < s.subscribers; ++subscriber)
    Browsing(population, s, subscriber, &openings).Run(&next_visit);
  std::stable_sort(openings.begin(), openings.end(),
                   [](const Opening& a, const Opening& b) { return a.time_ms < b.time_ms; });
  AssignCounters(population, s.seed, &openings);
}

}  // namespace cfr::privacy
