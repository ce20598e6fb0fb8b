// SPDX-License-Identifier: BSD-3-Clause
// How well does a source alias hide a subscriber? Plays the relay's own policy and its rivals against an
// observer, on a synthetic day of traffic. Exit status 1: a target of the relay is missed.
#include <gflags/gflags.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include "bench/privacy/laboratory.h"
#include "bench/privacy/plots.h"
#include "bench/privacy/report.h"
#include "bench/privacy/studies.h"
#include "bench/privacy/targets.h"

DEFINE_uint32(lines, 8192, "subscribers");
DEFINE_double(hours, 24, "length of the trace, from midnight");
DEFINE_uint64(seed, 1, "of everything that is drawn");
DEFINE_uint32(units, 4, "alias units of the profiles; about one per 2,000 subscribers");
DEFINE_uint32(threads, 2, "policies played at once");
DEFINE_string(policies, "", "only these, by their names in the JSON, comma between; default all");
DEFINE_string(json, "", "file to write the results to");
DEFINE_string(plots, "", "directory to write the plots to, as SVG");

namespace cfr::privacy {
namespace {

bool ValidLines(const char*, uint32_t value) {
  return value >= 128 && value <= 1'000'000;
}
bool ValidHours(const char*, double value) {
  return value >= 1 && value <= 24;
}
bool ValidUnits(const char*, uint32_t value) {
  return value >= 1 && value <= 64;
}
bool ValidThreads(const char*, uint32_t value) {
  return value >= 1 && value <= 64;
}
DEFINE_validator(lines, &ValidLines);
DEFINE_validator(hours, &ValidHours);
DEFINE_validator(units, &ValidUnits);
DEFINE_validator(threads, &ValidThreads);

// False: a name that is none.
bool Select(const std::string& names, std::vector<Study>* studies) {
  if (names.empty()) return true;
  std::vector<Study> chosen;
  std::istringstream stream(names);
  for (std::string name; std::getline(stream, name, ',');) {
    auto found =
        std::find_if(studies->begin(), studies->end(), [&](const Study& s) { return s.policy.name == name; });
    if (found == studies->end()) {
      std::cerr << "privacy_bench: no policy is named " << name << '\n';
      return false;
    }
    chosen.push_back(*found);
  }
  *studies = std::move(chosen);
  return true;
}

int Main() {
  std::vector<Study> studies = AllStudies(FLAGS_units);
  if (!Select(FLAGS_policies, &studies)) return 2;
  Laboratory laboratory({FLAGS_lines, FLAGS_hours, FLAGS_seed});
  const TraceFacts facts = DescribeTrace(laboratory.trace(), laboratory.observer(1));
  const Outcomes outcomes = laboratory.Play(studies, static_cast<int>(FLAGS_threads));
  const std::vector<Target> targets = JudgeTargets(outcomes);
  std::cout << Tables(facts, outcomes) << TargetTable(targets);
  if (!FLAGS_json.empty() &&
      !(std::ofstream(FLAGS_json) << Json(facts, outcomes, targets).dump(1) << '\n').flush()) {
    std::cerr << "privacy_bench: cannot write " << FLAGS_json << '\n';
    return 2;
  }
  if (!FLAGS_plots.empty() && !WritePlots(FLAGS_plots, outcomes, FLAGS_units)) {
    std::cerr << "privacy_bench: cannot write to " << FLAGS_plots << '\n';
    return 2;
  }
  return std::all_of(targets.begin(), targets.end(), [](const Target& t) { return t.met(); }) ? 0 : 1;
}

}  // namespace
}  // namespace cfr::privacy

int main(int argc, char** argv) {
  gflags::SetUsageMessage("measures what a source alias hides");
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  return cfr::privacy::Main();
}
