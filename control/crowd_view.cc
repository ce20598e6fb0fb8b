// SPDX-License-Identifier: BSD-3-Clause
#include "control/crowd_view.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "control/crowd_profile.h"

namespace cfr {
namespace {

// As many digits as mean something, so that no figure looks more certain than it is.
Json Rounded(const std::optional<double>& value) {
  if (!value.has_value()) return nullptr;
  return std::round(*value * 1e4) / 1e4;
}

Json RowView(const ProfileRow& row) {
  return {{"id", row.id},
          {"figure", row.name},
          {"value", Rounded(row.value)},
          {"noise", Rounded(row.noise)},
          {"unit", row.unit},
          {"bound", row.bound.empty() ? Json() : Json(row.bound)},
          {"verdict", Name(row.verdict)}};
}

Json PoolCrowdView(const PoolConfig& pool, const Crowd::View& view, const std::vector<ProfileRow>& rows) {
  const CrowdFigures& f = view.figures;
  Json figures = Json::array();
  for (const ProfileRow& row : rows) figures.push_back(RowView(row));
  return {{"name", pool.name},
          {"region", pool.region},
          {"family", Name(pool.family())},
          {"window", {{"finished", view.finished}, {"seconds", f.seconds}}},
          {"flows", f.flows},
          {"active_subscribers", static_cast<uint64_t>(f.active)},
          {"units", f.units},
          {"units_below_k_min", f.units_below_floor},
          {"figures", figures},
          {"verdict", Name(Judge(rows))}};
}

uint64_t SumOutbound(const DataplanePage& page, auto id) {
  uint64_t total = 0;
  for (const CounterPage& worker : page.worker) total += worker.Get(Direction::kOutbound, id);
  return total;
}

}  // namespace

Json CrowdView(Node& node, const Crowd& crowd) {
  const DataplanePage& page = node.link().page();
  Json pools = Json::array(), relay = Json::array();
  std::vector<ProfileRow> all;
  std::map<std::string, std::optional<CrowdFigures>[kFamilies]> of_region;
  for (const PoolConfig& pool : node.config().pools) {
    const auto view = crowd.Of(pool.name);
    if (!view.has_value()) continue;
    const auto rows = ProfileOf(view->figures, view->finished, node.config().settings);
    pools.push_back(PoolCrowdView(pool, *view, rows));
    all.insert(all.end(), rows.begin(), rows.end());
    of_region[pool.region][static_cast<int>(pool.family())] = view->figures;
  }
  auto add = [&](ProfileRow row, const Json& region) {
    Json view = RowView(row);
    view["region"] = region;
    relay.push_back(view);
    all.push_back(std::move(row));
  };
  for (const auto& [region, figures] : of_region)
    if (figures[0].has_value() && figures[1].has_value()) add(ParityOf(*figures[0], *figures[1]), region);
  add(StoppedRow(SumOutbound(page, DropReason::kEgressGuard)), nullptr);
  return {{"profile", "CFR-U1"},
          {"verdict", Name(Judge(all))},
          {"sample_one_in", crowd.sample_one_in()},
          {"openings",
           {{"taken", crowd.taken()},
            {"refused", crowd.refused()},
            {"lost", SumOutbound(page, Counter::kOpeningsLost)}}},
          {"relay", relay},
          {"pools", pools}};
}

}  // namespace cfr
