// SPDX-License-Identifier: BSD-3-Clause
#include "bench/privacy/observer.h"

namespace cfr::privacy {

Observer::Observer(const Trace& trace, uint32_t groups)
    : trace_(trace), first_of_(trace.population.subscribers.size() + 1) {
  for (uint32_t i = 0; i < trace.openings.size(); ++i)
    if (trace.openings[i].group < groups) openings_.push_back(i);
  for (uint32_t i : openings_) ++first_of_[trace.openings[i].subscriber + 1];
  for (size_t s = 1; s < first_of_.size(); ++s) first_of_[s] += first_of_[s - 1];
  of_.resize(openings_.size());
  std::vector<uint32_t> next(first_of_.begin(), first_of_.end() - 1);
  for (uint32_t sighting = 0; sighting < openings_.size(); ++sighting)
    of_[next[Truth(sighting).subscriber]++] = sighting;
}

std::vector<Sighting> Observer::Look(const Aliases& aliases, const Visible& visible) const {
  std::vector<Sighting> sightings;
  sightings.reserve(size());
  for (uint32_t index : openings_) {
    const Opening& o = trace_.openings[index];
    const Host& host = trace_.HostOf(o);
    Sighting s{};
    s.time_ms = o.time_ms;
    s.server = o.server;
    s.unit = aliases[index].unit;
    s.port = aliases[index].port;
    if (visible.client_class) s.client_class = host.client_class;
    if (visible.ttl) s.ttl = host.raw_ttl;
    if (visible.timestamps) s.timestamp_line = o.timestamp_line;
    if (visible.ip_id) s.ip_id = o.ip_id, s.has_ip_id = o.has_ip_id;
    sightings.push_back(s);
  }
  return sightings;
}

}  // namespace cfr::privacy
