// SPDX-License-Identifier: BSD-3-Clause
#include "bench/privacy/plots.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <set>

#include "bench/privacy/studies.h"
#include "bench/privacy/svg_chart.h"

namespace cfr::privacy {
namespace {

using Figure = std::function<double(const Outcome&)>;

double Broken(const Outcome& o) {
  return o.counts.broken * 100;
}
double TrackedMin(const Outcome& o) {
  return o.tracker ? o.tracker->tracked_mean_min : NAN;
}
Figure Lift(Lag lag) {
  return [lag](const Outcome& o) { return o.pairs[lag] ? std::max(0.0, o.pairs[lag]->lift_bits) : NAN; };
}
double QuickTpr(const Outcome& o) {
  return o.pairs[kMinutes] ? o.pairs[kMinutes]->tpr : NAN;
}

// A series: the figure of the study that `name` gives for each place.
template <class Places, class Name>
Series Curve(const Outcomes& outcomes, std::string title, const Places& places, Name name,
             const Figure& figure) {
  Series series{std::move(title), {}};
  for (uint32_t place : places) {
    const Outcome* o = Find(outcomes, name(place));
    series.y.push_back(o == nullptr ? NAN : figure(*o));
  }
  return series;
}

template <class Places>
std::vector<std::string> Labels(const Places& places) {
  std::vector<std::string> labels;
  for (uint32_t place : places) labels.push_back(absl::StrCat(place));
  return labels;
}

std::vector<Panel> PoolSize(const Outcomes& outcomes, uint32_t profile_units) {
  std::set<uint32_t> units(std::begin(kPlottedDraws), std::end(kPlottedDraws));
  units.insert(std::begin(kPlottedRelays), std::end(kPlottedRelays));
  auto relay = [=](uint32_t count) { return RelayName(count, profile_units); };
  auto panel = [&](const char* title, const Figure& figure) {
    return Panel{title,
                 "alias units",
                 Labels(units),
                 {Curve(outcomes, "CFR default", units, relay, figure),
                  Curve(outcomes, "hourly draw, no affinity", units, DrawName, figure)}};
  };
  return {panel("lift within 10 min, bits", Lift(kMinutes)), panel("tracked, mean minutes", TrackedMin),
          panel("site sessions broken, %", Broken)};
}

std::vector<Panel> Epochs(const Outcomes& outcomes) {
  auto panel = [&](const char* title, const Figure& figure) {
    Panel panel{title, "epoch, minutes", Labels(kPlottedEpochsMin), {}};
    for (uint32_t idle : {kUsualIdleMin, kLeastIdleMin})
      panel.series.push_back(Curve(
          outcomes, absl::StrCat("affinity ", idle, " min"), kPlottedEpochsMin,
          [idle](uint32_t epoch) { return EpochName(epoch, idle); }, figure));
    return panel;
  };
  return {panel("site sessions broken, %", Broken), panel("lift within 10 min, bits", Lift(kMinutes)),
          panel("lift at 10 min to 2 h, bits", Lift(kHours))};
}

std::vector<Panel> Idles(const Outcomes& outcomes) {
  auto panel = [&](const char* title, const Figure& figure) {
    Panel panel{title, "affinity, minutes", Labels(kPlottedIdlesMin), {}};
    for (uint32_t epoch : {kUsualEpochMin, kShortEpochMin})
      panel.series.push_back(Curve(
          outcomes, absl::StrCat("epoch ", epoch, " min"), kPlottedIdlesMin,
          [epoch](uint32_t idle) { return EpochName(epoch, idle); }, figure));
    return panel;
  };
  return {panel("site sessions broken, %", Broken), panel("lift within 10 min, bits", Lift(kMinutes)),
          panel("lift at 10 min to 2 h, bits", Lift(kHours))};
}

std::vector<Panel> HeaderFields(const Outcomes& outcomes) {
  auto panel = [&](const char* title, const Figure& figure) {
    Panel panel{title, "left as received", {"none"}, {{"ideal", {}}, {"CFR default", {}}}, true};
    std::vector<Visible> places{Visible{}};
    for (const Unscrubbed& left : kUnscrubbed) {
      panel.x.push_back(left.visible.timestamps && !left.visible.ttl ? "timestamps" : left.title);
      places.push_back(left.visible);
    }
    for (const Visible& visible : places) {
      size_t s = 0;
      for (const char* policy : {kIdeal, kDefault}) {
        const Outcome* o = Find(outcomes, policy, {1, visible});
        panel.series[s++].y.push_back(o == nullptr ? NAN : figure(*o));
      }
    }
    return panel;
  };
  Panel tracked = panel("tracked, mean minutes", TrackedMin);
  tracked.log_floor = .01;
  return {std::move(tracked), panel("TPR at FPR 1e-3, within 10 min", QuickTpr)};
}

bool HasData(const std::vector<Panel>& panels) {
  return std::any_of(panels.begin(), panels.end(), [](const Panel& p) {
    return std::any_of(p.series.begin(), p.series.end(), [](const Series& s) {
      return std::any_of(s.y.begin(), s.y.end(), [](double y) { return !std::isnan(y); });
    });
  });
}

}  // namespace

bool WritePlots(const std::string& directory, const Outcomes& outcomes, uint32_t profile_units) {
  const std::pair<const char*, std::vector<Panel>> charts[] = {
      {"pool_size", PoolSize(outcomes, profile_units)},
      {"epochs", Epochs(outcomes)},
      {"affinity", Idles(outcomes)},
      {"header_fields", HeaderFields(outcomes)}};
  for (const auto& [name, panels] : charts) {
    if (!HasData(panels)) continue;
    std::ofstream file(absl::StrCat(directory, "/privacy_", name, ".svg"));
    if (!(file << SvgChart(panels)).flush()) return false;
  }
  return true;
}

}  // namespace cfr::privacy
