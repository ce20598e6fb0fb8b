// SPDX-License-Identifier: BSD-3-Clause
#include "bench/privacy/targets.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>

#include "bench/privacy/studies.h"
#include "common/limits.h"

namespace cfr::privacy {
namespace {

constexpr double kPercent = 100;

class Court {
 public:
  explicit Court(const Outcomes& outcomes) : outcomes_(outcomes), ideal_(Find(outcomes, kIdeal)) {}

  void Profile(const char* name, double lift_minutes, double lift_hours, double broken) {
    const Outcome* o = Find(outcomes_, name);
    if (o == nullptr) return;
    Lift(*o, kMinutes, lift_minutes);
    Lift(*o, kHours, lift_hours);
    Lift(*o, kDay, .1);
    Excess(*o, kMinutes, .20);
    Excess(*o, kHours, .10);
    Excess(*o, kDay, .01);
    if (ideal_ != nullptr && o->tracker && ideal_->tracker)
      Add(*o, "mean tracked time over the ideal", "min", 2,
          o->tracker->tracked_mean_min - ideal_->tracker->tracked_mean_min);
    Add(*o, "site sessions that see their address change", "%", broken, o->counts.broken * kPercent);
    targets_.push_back({absl::StrCat(o->policy, ": subscribers behind a unit, 1st percentile"), "",
                        static_cast<double>(kCrowdLeast), o->counts.crowd_p1, true});
    Ports(*o);
  }

  void Parity(const char* name_v4, const char* name_v6) {
    const Outcome *v4 = Find(outcomes_, name_v4), *v6 = Find(outcomes_, name_v6);
    if (v4 == nullptr || v6 == nullptr) return;
    double apart = 0;
    for (int i = 0; i < kLagBands; ++i)
      if (v4->pairs[i] && v6->pairs[i])
        apart = std::max(apart, std::abs(v4->pairs[i]->lift_bits - v6->pairs[i]->lift_bits));
    Add(*v4, "lift of IPv4 and IPv6 apart", "bit", .5, apart);
  }

  // More workers leave nothing behind that helps the games.
  void Workers(const char* one, const char* many) {
    const Outcome *a = Find(outcomes_, one), *b = Find(outcomes_, many);
    if (a == nullptr || b == nullptr) return;
    Ports(*b);
    if (a->pairs[kMinutes] && b->pairs[kMinutes])
      Add(*b, "true-positive rate within 10 min over that of one worker", "", .03,
          b->pairs[kMinutes]->tpr - a->pairs[kMinutes]->tpr);
    if (a->tracker && b->tracker)
      Add(*b, "mean tracked time over that of one worker", "min", .5,
          b->tracker->tracked_mean_min - a->tracker->tracked_mean_min);
  }

  std::vector<Target> Take() { return std::move(targets_); }

 private:
  static constexpr uint64_t kCrowdLeast = 100;

  void Add(const Outcome& o, const std::string& what, std::string unit, double bound, double measured) {
    if (std::isinf(bound)) return;
    targets_.push_back({absl::StrCat(o.policy, ": ", what), std::move(unit), bound, measured});
  }
  void Lift(const Outcome& o, Lag lag, double bound) {
    if (!o.pairs[lag]) return;
    Add(o, absl::StrCat("lift at ", kBands[lag].name), "bit", bound, o.pairs[lag]->lift_bits);
  }
  void Excess(const Outcome& o, Lag lag, double bound) {
    if (ideal_ == nullptr || !o.pairs[lag] || !ideal_->pairs[lag]) return;
    Add(o, absl::StrCat("true-positive rate at ", kBands[lag].name, " over the ideal"), "", bound,
        o.pairs[lag]->tpr - ideal_->pairs[lag]->tpr);
  }
  void Ports(const Outcome& o) {
    Add(o, "subscriber told by the upper four bits of the port", "bit", .05, o.ports.high_bits);
    Add(o, "subscriber told by the lower four", "bit", .05, o.ports.low_bits);
    Add(o, "subscriber told by the owner of the inbound tuple", "bit", .05, o.ports.worker_bits);
    Add(o, "consecutive flows on neighbouring ports, beyond chance", "%", 1, o.ports.sequence * kPercent);
  }

  const Outcomes& outcomes_;
  const Outcome* ideal_;
  std::vector<Target> targets_;
};

}  // namespace

std::vector<Target> JudgeTargets(const Outcomes& outcomes) {
  constexpr double kNone = INFINITY;
  Court court(outcomes);
  for (const char* name : {kDefault, kDefaultV6}) court.Profile(name, 2, kNone, 8);
  for (const char* name : {kStrict, kStrictV6}) court.Profile(name, 2, .3, kNone);
  court.Parity(kDefault, kDefaultV6);
  court.Parity(kStrict, kStrictV6);
  court.Workers(kDefault, kFourWorkers);
  return court.Take();
}

}  // namespace cfr::privacy
