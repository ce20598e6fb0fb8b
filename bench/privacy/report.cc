// SPDX-License-Identifier: BSD-3-Clause
#include "bench/privacy/report.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <functional>

#include "bench/privacy/cfr_policy.h"
#include "bench/privacy/studies.h"

namespace cfr::privacy {
namespace {

constexpr Lag kShown[] = {kMinutes, kHours, kDay};

// One figure per lag, with "-" where the trace has too few pairs.
std::string PerLag(const Outcome& o, const std::function<std::string(const BandResult&)>& figure) {
  std::string text;
  for (Lag lag : kShown) text += absl::StrFormat(" %6s", o.pairs[lag] ? figure(*o.pairs[lag]) : "-");
  return text;
}
std::string Lifts(const Outcome& o) {
  return PerLag(o, [](const BandResult& r) {
    return absl::StrFormat("%s%.1f", r.lift_is_floor ? ">" : "",
                           std::abs(r.lift_bits) < .05 ? 0 : r.lift_bits);
  });
}
std::string Aucs(const Outcome& o) {
  return PerLag(o, [](const BandResult& r) { return absl::StrFormat("%.3f", r.auc); });
}
std::string Tprs(const Outcome& o) {
  return PerLag(o, [](const BandResult& r) { return absl::StrFormat("%.3f", r.tpr); });
}
std::string Tracked(const Outcome& o) {
  if (!o.tracker) return absl::StrFormat(" %7s %6s %5s", "-", "-", "-");
  return absl::StrFormat(" %7.1f %6.0f %5.2f", o.tracker->tracked_mean_min, o.tracker->tracked_p95_min,
                         o.tracker->profile);
}

std::string Heading(const char* title) {
  return absl::StrFormat("\n%-50s %13s %20s %20s %20s %20s %6s\n%-50s %13s %20s %20s %20s %7s %6s %5s %6s\n",
                         title, "crowd", "lift, bits", "AUC", "TPR at FPR 1e-3", "tracked, min", "broken", "",
                         "mean    p1", "10m     2h    24h", "10m     2h    24h", "10m     2h    24h", "mean",
                         "p95", "prof", "%");
}
std::string Row(const Outcome* o, const std::string& title) {
  if (o == nullptr) return "";
  return absl::StrFormat("%-50s %7.0f %5.0f%s%s%s%s %6.1f\n", title, o->counts.crowd_mean, o->counts.crowd_p1,
                         Lifts(*o), Aucs(*o), Tprs(*o), Tracked(*o), o->counts.broken * 100);
}
std::string Row(const Outcome* o) {
  return o == nullptr ? "" : Row(o, o->title);
}

std::string Policies(const Outcomes& outcomes) {
  std::string text = Heading("one group watches, headers scrubbed");
  for (const Outcome& o : outcomes)
    if (o.view == View{}) text += Row(&o);
  return text;
}

std::string Epochs(const Outcomes& outcomes) {
  std::string text = Heading("epoch and affinity");
  for (const Outcome& o : outcomes)
    if (o.view.groups == 1 && !o.view.tracked) text += Row(&o);
  return text;
}

std::string Scrubbing(const Outcomes& outcomes) {
  std::string text = Heading("headers as received");
  for (const char* policy : {kIdeal, kDefault}) {
    text += Row(Find(outcomes, policy), absl::StrCat(policy, ", scrubbed"));
    for (const Unscrubbed& left : kUnscrubbed)
      text += Row(Find(outcomes, policy, {1, left.visible}), absl::StrCat(policy, ", raw ", left.title));
    text +=
        Row(Find(outcomes, policy, {1, kNothingVisible}), absl::StrCat(policy, ", client class hidden, too"));
  }
  return text;
}

std::string Allies(const Outcomes& outcomes) {
  std::string text = Heading("ten groups watch together");
  for (const Outcome& o : outcomes)
    if (o.view.groups == kAllies) text += Row(&o);
  return text;
}

std::string Ports(const Outcomes& outcomes) {
  std::string text =
      absl::StrFormat("\n%-50s %8s %10s %10s %10s %10s\n", "ports, to one who knows every key but the draw's",
                      "entropy", "upper four", "lower four", "owner", "neighbours");
  for (const char* name : {kPaired, kPortSlice, kIdeal, kDefault, kFourWorkers, kStrict, kDefaultV6}) {
    const Outcome* o = Find(outcomes, name);
    if (o == nullptr) continue;
    text +=
        absl::StrFormat("%-50s %8.3f %10.4f %10.4f %10.4f %9.3f%%\n", o->title, o->ports.entropy_bits,
                        o->ports.high_bits, o->ports.low_bits, o->ports.worker_bits, o->ports.sequence * 100);
  }
  return text;
}

uint32_t ActivePeak(const Trace& trace) {
  constexpr uint32_t kHourMs = 3'600'000;
  uint32_t peak = 0, active = 0, hour = 0;
  std::vector<uint32_t> last_hour(trace.population.subscribers.size(), ~0u);
  for (const Opening& o : trace.openings) {
    if (o.time_ms / kHourMs != hour) active = 0, hour = o.time_ms / kHourMs;
    if (last_hour[o.subscriber] != hour) ++active, last_hour[o.subscriber] = hour;
    peak = std::max(peak, active);
  }
  return peak;
}

nlohmann::json BandJson(const BandResult& r) {
  return {{"lift_bits", r.lift_bits},
          {"lift_is_floor", r.lift_is_floor},
          {"auc", r.auc},
          {"advantage", r.advantage},
          {"tpr", r.tpr}};
}

nlohmann::json OutcomeJson(const Outcome& o) {
  nlohmann::json json{{"policy", o.policy},
                      {"title", o.title},
                      {"groups", o.view.groups},
                      {"visible",
                       {{"client_class", o.view.visible.client_class},
                        {"ttl", o.view.visible.ttl},
                        {"ip_id", o.view.visible.ip_id},
                        {"timestamps", o.view.visible.timestamps}}},
                      {"crowd_mean", o.counts.crowd_mean},
                      {"crowd_p1", o.counts.crowd_p1},
                      {"broken", o.counts.broken},
                      {"ports",
                       {{"entropy_bits", o.ports.entropy_bits},
                        {"high_bits", o.ports.high_bits},
                        {"low_bits", o.ports.low_bits},
                        {"worker_bits", o.ports.worker_bits},
                        {"sequence", o.ports.sequence}}}};
  for (int i = 0; i < kLagBands; ++i)
    if (o.pairs[i]) json["pairs"][kBands[i].name] = BandJson(*o.pairs[i]);
  if (o.tracker)
    json["tracker"] = {{"tracked_mean_min", o.tracker->tracked_mean_min},
                       {"tracked_p95_min", o.tracker->tracked_p95_min},
                       {"profile", o.tracker->profile},
                       {"purity", o.tracker->purity},
                       {"link_precision", o.tracker->link_precision}};
  return json;
}

}  // namespace

TraceFacts DescribeTrace(const Trace& trace, const Observer& largest) {
  const auto flows = static_cast<double>(trace.openings.size());
  const PeakTuples peak = MeasurePeakTuples(trace);
  return {trace.scenario,
          trace.openings.size(),
          trace.population.hosts.size(),
          largest.size(),
          flows / trace.scenario.subscribers * 24 / trace.scenario.hours,
          static_cast<double>(largest.size()) / flows,
          ActivePeak(trace),
          peak.all,
          peak.hottest_remote};
}

std::string Tables(const TraceFacts& f, const Outcomes& outcomes) {
  std::string text = absl::StrFormat(
      "%u subscribers, %.0f h, seed %u: %u hosts, %u flows (%.0f per subscriber and day), %.1f %% at the "
      "largest group\nat most %u subscribers active in an hour, %u tuples held, %u of them towards one "
      "remote\n",
      f.scenario.subscribers, f.scenario.hours, f.scenario.seed, f.hosts, f.flows, f.flows_per_subscriber_day,
      f.seen_share * 100, f.active_peak, f.tuples_peak, f.tuples_peak_remote);
  return text + Policies(outcomes) + Epochs(outcomes) + Scrubbing(outcomes) + Allies(outcomes) +
         Ports(outcomes);
}

std::string TargetTable(const std::vector<Target>& targets) {
  std::string text = absl::StrFormat("\n%-75s %9s %9s\n", "target", "bound", "measured");
  for (const Target& t : targets)
    text +=
        absl::StrFormat("%-75s %s%8.3g %9.3f  %-3s %s\n", t.sentence + (t.unit.empty() ? "" : ", " + t.unit),
                        t.at_least ? ">" : "<", t.bound, t.measured, t.met() ? "met" : "NOT MET", "");
  return text;
}

nlohmann::json Json(const TraceFacts& f, const Outcomes& outcomes, const std::vector<Target>& targets) {
  nlohmann::json json;
  json["trace"] = {{"subscribers", f.scenario.subscribers},
                   {"hours", f.scenario.hours},
                   {"seed", f.scenario.seed},
                   {"flows", f.flows},
                   {"hosts", f.hosts},
                   {"seen", f.seen},
                   {"flows_per_subscriber_day", f.flows_per_subscriber_day},
                   {"seen_share", f.seen_share},
                   {"active_peak", f.active_peak},
                   {"tuples_peak", f.tuples_peak},
                   {"tuples_peak_remote", f.tuples_peak_remote}};
  json["outcomes"] = nlohmann::json::array();
  for (const Outcome& o : outcomes) json["outcomes"].push_back(OutcomeJson(o));
  json["targets"] = nlohmann::json::array();
  for (const Target& t : targets)
    json["targets"].push_back({{"sentence", t.sentence},
                               {"unit", t.unit},
                               {"bound", t.bound},
                               {"at_least", t.at_least},
                               {"measured", t.measured},
                               {"met", t.met()}});
  return json;
}

}  // namespace cfr::privacy
