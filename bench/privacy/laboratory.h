// SPDX-License-Identifier: BSD-3-Clause
// Plays policies against observers. A study is one policy and the ways it is looked at; studies are played by
// several threads, and what a study finds does not depend on which others there are.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/privacy/counts.h"
#include "bench/privacy/observer.h"
#include "bench/privacy/pair_game.h"
#include "bench/privacy/pairs.h"
#include "bench/privacy/port_leaks.h"
#include "bench/privacy/tracker_game.h"

namespace cfr::privacy {

struct View {
  uint32_t groups = 1;  // CFS groups that share what they see
  Visible visible{};
  bool tracked = true;  // the tracker plays, too; it takes nearly all of the time

  friend bool operator==(const View&, const View&) = default;
};

struct Study {
  Policy policy;
  std::vector<View> views;
};

struct Outcome {
  std::string policy, title;
  View view;
  CountsResult counts;
  PortLeaks ports;
  PairResult pairs;
  std::optional<TrackerResult> tracker;
};
using Outcomes = std::vector<Outcome>;  // in the order of the studies and views

// nullptr: was not played.
const Outcome* Find(const Outcomes& outcomes, const std::string& policy, const View& view = {});

class Laboratory {
 public:
  explicit Laboratory(const Scenario& scenario);
  Outcomes Play(const std::vector<Study>& studies, int threads);
  const Trace& trace() const { return trace_; }
  const Observer& observer(uint32_t groups) { return GroupsOf(groups).observer; }

 private:
  struct Groups {
    explicit Groups(const Trace& trace, uint32_t groups) : observer(trace, groups), pairs(observer) {}
    Observer observer;
    AllPairs pairs;
  };
  Groups& GroupsOf(uint32_t groups);
  Outcomes Play(const Study& study) const;

  const Trace trace_;
  const SiteSessions sessions_;
  std::map<uint32_t, std::unique_ptr<Groups>> groups_;
};

}  // namespace cfr::privacy
