// SPDX-License-Identifier: BSD-3-Clause
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "control/pool_sizing.h"
#include "control/render.h"
#include "control/verbs.h"

namespace cfr {
namespace {

// To whole `parts` of one.
double Rounded(double value, double parts) {
  return std::round(value * parts) / parts;
}

std::string RenderSize(const Json& result) {
  std::string text =
      Table({{"alias_units", result.at("units").dump()},
             {"lift within an epoch, at most", absl::StrCat(result.at("lift_bits").get<double>(), " bits")},
             {"subscribers per unit", result.at("crowd").dump()},
             {"headroom at the busiest remote",
              absl::StrFormat("%.1f times", result.at("headroom").get<double>())}});
  for (const Json& warning : result.at("warnings")) absl::StrAppend(&text, warning.get<std::string>(), "\n");
  return text;
}

}  // namespace

// The same as `privacy show`, again and again, until it is stopped or has been shown often enough.
ExitCode PrivacyWatch(const Invocation& invocation) {
  const uint64_t seconds = invocation.args.value("interval", uint64_t{10});
  const uint64_t count = invocation.args.value("count", uint64_t{0});
  for (uint64_t shown = 1;; ++shown) {
    Answer answer = invocation.Ask("privacy show", Json::object());
    const ExitCode code = invocation.Print(answer, RenderPrivacy);
    if (code != ExitCode::kOk || shown == count) return code;
    sleep(static_cast<unsigned>(seconds));
  }
}

// What the relay itself decides at the end of a window (control/pool_sizing.h), for a load that is only
// planned.
ExitCode PrivacySize(const Invocation& invocation) {
  const CrowdPolicy policy;
  PoolLoad load;
  load.active = invocation.args.at("subscribers").get<double>();
  load.hottest_tuples = invocation.args.at("flows").get<uint64_t>();
  PoolSizing sizing;
  const uint32_t units = sizing.Judge(load, policy).units;
  Json warnings = Json::array();
  if (sizing.alarms().short_of_ports)
    warnings.push_back(
        "ports: more units are wanted than the crowd allows; split the region, or limit flows");
  if (sizing.alarms().small_crowd)
    warnings.push_back(absl::StrCat("crowd: fewer than ", policy.k_min,
                                    " subscribers per unit; share a pool with a larger region"));
  if (sizing.alarms().many_subscribers)
    warnings.push_back(absl::StrCat("reputation: more than ", policy.subscribers_per_unit_max,
                                    " subscribers per unit; split the region"));
  const double capacity = static_cast<double>(units) * static_cast<double>(load.ports);
  return invocation.Print(
      {{"units", units},
       {"lift_bits", Rounded(std::log2(units), 1000)},
       {"crowd", static_cast<uint64_t>(load.active / units)},
       {"headroom", Rounded(capacity / static_cast<double>(std::max<uint64_t>(1, load.hottest_tuples)), 10)},
       {"warnings", warnings}},
      RenderSize, warnings.empty() ? ExitCode::kOk : ExitCode::kFailed);
}

}  // namespace cfr
