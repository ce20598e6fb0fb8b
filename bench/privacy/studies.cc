// SPDX-License-Identifier: BSD-3-Clause
#include "bench/privacy/studies.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "bench/privacy/cfr_policy.h"

namespace cfr::privacy {
namespace {

constexpr uint32_t kHour = 3600;
constexpr View kAlone{}, kTogether{kAllies, {}, false}, kUntracked{1, {}, false};

std::string Units(uint32_t units) {
  return absl::StrCat(units, units == 1 ? " unit" : " units");
}

Policy Profile(const char* name, size_t profile, uint32_t units, Family family = Family::kV4,
               int workers = 1) {
  std::string title =
      absl::StrCat("CFR ", std::string(WordAt(kAliasProfileWords, profile)), ", ", Units(units));
  if (family == Family::kV6) title += ", IPv6";
  if (workers > 1) absl::StrAppend(&title, ", ", workers, " workers");
  return Relay(name, title, {kAliasProfiles[profile], units, family, workers});
}

std::vector<View> Unscrub(std::vector<View> views) {
  for (const Unscrubbed& left : kUnscrubbed) views.push_back({1, left.visible, true});
  views.push_back({1, kNothingVisible, true});
  return views;
}

class Studies {
 public:
  // The same policy in two places is one study with the views of both.
  void Add(Policy policy, const std::vector<View>& views) {
    auto known =
        std::find_if(all_.begin(), all_.end(), [&](const Study& s) { return s.policy.name == policy.name; });
    if (known == all_.end()) known = all_.insert(all_.end(), Study{std::move(policy), {}});
    for (const View& view : views) {
      auto same = std::find_if(known->views.begin(), known->views.end(), [&](const View& v) {
        return v.groups == view.groups && v.visible == view.visible;
      });
      if (same == known->views.end())
        known->views.push_back(view);
      else
        same->tracked |= view.tracked;
    }
  }
  std::vector<Study> Take() { return std::move(all_); }

 private:
  std::vector<Study> all_;
};

}  // namespace

std::string DrawName(uint32_t units) {
  return KeyedDraw(kHour, units).name;
}
std::string RelayName(uint32_t units, uint32_t profile_units) {
  return units == profile_units ? kDefault : absl::StrCat("default_", units, "u");
}
std::string EpochName(uint32_t epoch_min, uint32_t idle_min) {
  return absl::StrCat("epoch_", epoch_min, "m_idle_", idle_min, "m");
}

std::vector<Study> AllStudies(uint32_t units) {
  Studies studies;
  studies.Add(Ideal(), Unscrub({kAlone, kTogether}));
  studies.Add(Profile(kDefault, 0, units), Unscrub({kAlone, kTogether}));
  studies.Add(Profile(kStrict, 1, units), {kAlone});
  studies.Add(Profile(kCompat, 2, units), {kAlone});
  studies.Add(Profile(kDefaultV6, 0, units, Family::kV6), {kAlone});
  studies.Add(Profile(kStrictV6, 1, units, Family::kV6), {kAlone});
  studies.Add(Profile(kFourWorkers, 0, units, Family::kV4, 4), {kAlone});
  for (Policy& policy : Baselines()) studies.Add(std::move(policy), {kAlone});

  studies.Add(KeyedDraw(24 * kHour, 128), {kAlone});
  studies.Add(KeyedDraw(kHour, 128), {kAlone});
  studies.Add(KeyedDraw(kHour / 6, 128), {kAlone});
  studies.Add(KeyedDraw(kHour, 0), {kAlone});
  studies.Add(KeyedDraw(kHour, 16), {kAlone, kTogether});
  studies.Add(KeyedDraw(kHour, 16, Scope::kGroup), {kTogether});
  studies.Add(KeyedDraw(kHour, 16, Scope::kServer), {kAlone, kTogether});
  for (uint32_t count : kPlottedDraws) studies.Add(KeyedDraw(kHour, count), {kAlone});
  for (uint32_t count : kPlottedRelays)
    studies.Add(Relay(RelayName(count, units), absl::StrCat("CFR default, ", Units(count)),
                      {kAliasProfiles[0], count, Family::kV4, 1}),
                count == 16 ? std::vector<View>{kAlone, kTogether} : std::vector<View>{kAlone});

  auto add_epoch = [&](uint32_t epoch_min, uint32_t idle_min) {
    studies.Add(
        Relay(EpochName(epoch_min, idle_min),
              absl::StrCat("CFR, epoch ", epoch_min, " min, affinity ", idle_min, " min, ", Units(units)),
              {MakeAliasProfile(epoch_min * 60, idle_min * 60, 4 * kHour), units, Family::kV4, 1}),
        {kUntracked});
  };
  for (uint32_t epoch_min : kPlottedEpochsMin)
    for (uint32_t idle_min : {kLeastIdleMin, kUsualIdleMin}) add_epoch(epoch_min, idle_min);
  for (uint32_t idle_min : kPlottedIdlesMin)
    for (uint32_t epoch_min : {kShortEpochMin, kUsualEpochMin}) add_epoch(epoch_min, idle_min);
  return studies.Take();
}

}  // namespace cfr::privacy
