// SPDX-License-Identifier: BSD-3-Clause
#include "control/crowd_profile.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace cfr {
namespace {

constexpr double kShortLiftMax = 4, kLongLiftMax = 0.1, kParityMax = 0.5;  // bits
constexpr double kEntropyMin = 7.95, kChanceMin = 1e-4;
constexpr double kLeakMax = 0.05, kSequenceMax = 0.01;
constexpr double kNoisesAllowed = 2;  // a figure misses its bound when it does so by more than chance

using Value = std::optional<double>;

ProfileRow Shown(const char* id, const char* name, Value value, const char* unit) {
  return {id, name, value, {}, unit, "", value.has_value() ? Verdict::kShown : Verdict::kNotYet};
}

ProfileRow AtLeast(double bound, ProfileRow row) {
  row.bound = absl::StrCat("at least ", bound);
  if (row.value.has_value()) row.verdict = *row.value >= bound ? Verdict::kMet : Verdict::kMissed;
  return row;
}

ProfileRow AtMost(double bound, ProfileRow row) {
  row.bound = absl::StrCat("at most ", bound);
  if (row.value.has_value())
    row.verdict =
        *row.value - kNoisesAllowed * row.noise.value_or(0) <= bound ? Verdict::kMet : Verdict::kMissed;
  return row;
}

ProfileRow LiftRow(const char* name, const std::optional<Lift::Bits>& lift) {
  ProfileRow row = Shown("B1", name, {}, "bits");
  if (!lift.has_value()) return row;
  row.value = lift->bits;
  row.noise = lift->noise;
  row.verdict = Verdict::kShown;
  return row;
}

// None seen is nothing missing.
ProfileRow IfAny(ProfileRow row) {
  if (!row.value.has_value()) row.verdict = Verdict::kShown;
  return row;
}

ProfileRow WhenFinished(bool finished, ProfileRow row) {
  if (!finished && row.verdict == Verdict::kMissed) row.verdict = Verdict::kNotYet;
  return row;
}

}  // namespace

std::vector<ProfileRow> ProfileOf(const CrowdFigures& f, bool finished, const Settings& settings) {
  const auto k_min = static_cast<double>(settings[Setting::kCrowdMin]);
  const auto quarantine_s = static_cast<double>(settings[Setting::kQuarantine]);
  auto band = [&](LagBand b) { return f.lift[static_cast<int>(b)]; };
  const char *kPeople = "subscribers", *kBits = "bits", *kSeconds = "seconds", *kShare = "share";
  return {
      Shown("K1", "active subscribers", f.active, kPeople),
      Shown("K2", "smallest crowd of a unit", f.smallest_crowd, kPeople),
      WhenFinished(finished, AtLeast(k_min, Shown("K2", "crowd, 1st percentile", f.p1_crowd, kPeople))),
      Shown("K3", "effective set", f.effective_set, kPeople),
      Shown("K4", "Shannon set", f.shannon_set, kPeople),
      WhenFinished(finished, AtMost(0, Shown("K5", "flows in a crowd below 32", f.low_crowd_share, kShare))),
      AtMost(kShortLiftMax, LiftRow("alias lift, 10 s to 10 min", band(LagBand::kShort))),
      LiftRow("alias lift, 10 min to 2 h", band(LagBand::kMiddle)),
      AtMost(kLongLiftMax, LiftRow("alias lift, 2 to 24 h", band(LagBand::kLong))),
      Shown("B2", "half-life of the lift", f.half_life_s, kSeconds),
      AtLeast(kEntropyMin, Shown("P1", "port entropy", f.port_entropy, kBits)),
      AtLeast(kChanceMin, Shown("P1", "chance of such ports if uniform", f.port_chance, "probability")),
      AtMost(kLeakMax, Shown("P2", "slice of the port tells", f.slice_leak, kBits)),
      AtMost(kSequenceMax, Shown("P3", "neighbouring ports in a row", f.sequence_leak, kShare)),
      AtMost(kLeakMax, Shown("P4", "owning worker tells", f.owner_leak, kBits)),
      IfAny(AtLeast(quarantine_s,
                    Shown("R1", "shortest opening to opening of a tuple", f.shortest_reuse_s, kSeconds))),
      Shown("R1", "the same, 1st percentile", f.p1_reuse_s, kSeconds),
  };
}

ProfileRow ParityOf(const CrowdFigures& v4, const CrowdFigures& v6) {
  ProfileRow row = Shown("B1", "alias lift, IPv4 against IPv6", {}, "bits");
  const auto &a = v4.lift[0], &b = v6.lift[0];
  if (a.has_value() && b.has_value()) {
    row.value = std::abs(a->bits - b->bits);
    row.noise = std::hypot(a->noise, b->noise);
  }
  return AtMost(kParityMax, row);
}

ProfileRow StoppedRow(uint64_t packets) {
  return AtMost(
      0, Shown("C2", "packets under no or another alias, stopped", static_cast<double>(packets), "packets"));
}

Verdict Judge(const std::vector<ProfileRow>& rows) {
  auto any = [&](Verdict v) {
    return std::any_of(rows.begin(), rows.end(),
                       [v](const ProfileRow& r) { return r.verdict == v && !r.bound.empty(); });
  };
  return any(Verdict::kMissed) ? Verdict::kMissed : any(Verdict::kNotYet) ? Verdict::kNotYet : Verdict::kMet;
}

}  // namespace cfr
