// SPDX-License-Identifier: BSD-3-Clause
#include "bench/privacy/laboratory.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace cfr::privacy {

const Outcome* Find(const Outcomes& outcomes, const std::string& policy, const View& view) {
  auto found = std::find_if(outcomes.begin(), outcomes.end(), [&](const Outcome& o) {
    return o.policy == policy && o.view.groups == view.groups && o.view.visible == view.visible;
  });
  return found == outcomes.end() ? nullptr : &*found;
}

Laboratory::Laboratory(const Scenario& scenario) : trace_(scenario), sessions_(trace_) {}

Laboratory::Groups& Laboratory::GroupsOf(uint32_t groups) {
  std::unique_ptr<Groups>& known = groups_[groups];
  if (known == nullptr) known = std::make_unique<Groups>(trace_, groups);
  return *known;
}

Outcomes Laboratory::Play(const Study& study) const {
  const Aliases aliases = study.policy.draw(trace_);
  const CountsResult counts = CountPlainly(trace_, sessions_, aliases);
  const PortLeaks ports = MeasurePortLeaks(trace_, aliases);
  Outcomes outcomes;
  for (const View& view : study.views) {
    const Groups& groups = *groups_.at(view.groups);
    const std::vector<Sighting> sightings = groups.observer.Look(aliases, view.visible);
    Outcome outcome{study.policy.name, study.policy.title, view, counts, ports, {}, {}};
    outcome.pairs = PlayPairs(sightings, groups.pairs);
    if (view.tracked) outcome.tracker = PlayTracker(groups.observer, sightings, groups.pairs.consecutive);
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

Outcomes Laboratory::Play(const std::vector<Study>& studies, int threads) {
  for (const Study& study : studies)
    for (const View& view : study.views) GroupsOf(view.groups);
  std::vector<Outcomes> found(studies.size());
  std::atomic<size_t> next = 0;
  auto work = [&] {
    for (size_t i; (i = next++) < studies.size();) found[i] = Play(studies[i]);
  };
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t) others.emplace_back(work);
  work();
  for (std::thread& thread : others) thread.join();
  Outcomes all;
  for (Outcomes& some : found) std::move(some.begin(), some.end(), std::back_inserter(all));
  return all;
}

}  // namespace cfr::privacy
