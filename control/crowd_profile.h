// SPDX-License-Identifier: BSD-3-Clause
// The figures of a pool against the unlinkability profile CFR-U1: what each is, its bound, and whether it is
// met. docs/crowd.md says which parts of the profile no relay can measure of itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/settings.h"
#include "control/crowd.h"

namespace cfr {

enum class Verdict : uint8_t { kMet, kMissed, kNotYet, kShown };  // kShown: without a bound
constexpr const char* Name(Verdict v) {
  constexpr const char* kNames[] = {"met", "not met", "not yet: too few samples", "shown"};
  return kNames[static_cast<int>(v)];
}

struct ProfileRow {
  const char* id;  // of docs/crowd.md
  const char* name;
  std::optional<double> value, noise;  // noise: standard deviation, where one is known
  const char* unit;
  std::string bound;  // in words, empty if there is none
  Verdict verdict;
};

// `finished`: the window is over. A crowd only grows while it is not, so one that is too small yet is no
// failure.
std::vector<ProfileRow> ProfileOf(const CrowdFigures& figures, bool finished, const Settings& settings);
// Both families of a region must be alike.
ProfileRow ParityOf(const CrowdFigures& v4, const CrowdFigures& v6);
// Packets whose source was not the alias of their flow, and which the egress guard stopped.
ProfileRow StoppedRow(uint64_t packets);
// Missed if any row is, met if every row with a bound is.
Verdict Judge(const std::vector<ProfileRow>& rows);

}  // namespace cfr
