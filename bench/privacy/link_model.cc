// SPDX-License-Identifier: BSD-3-Clause
#include "bench/privacy/link_model.h"

#include <algorithm>
#include <cmath>

namespace cfr::privacy {
namespace {

template <size_t kCells>
using Table = std::array<double, kCells>;

template <size_t kCells>
double Total(const Table<kCells>& counts) {
  double sum = 0;
  for (double c : counts) sum += c + .5;
  return sum;
}

// log(share among the same / share among strangers), cell by cell.
template <size_t kCells>
std::array<float, kCells> Ratios(const Table<kCells>& same, const Table<kCells>& stranger) {
  const double same_total = Total(same), stranger_total = Total(stranger);
  std::array<float, kCells> ratios;
  for (size_t i = 0; i < kCells; ++i)
    ratios[i] =
        static_cast<float>(std::log((same[i] + .5) / same_total / ((stranger[i] + .5) / stranger_total)));
  return ratios;
}

// Some counts say nothing: all pairs in one cell.
template <size_t kCells>
bool Tells(const Table<kCells>& same, const Table<kCells>& stranger) {
  int used = 0;
  for (size_t i = 0; i < kCells; ++i) used += same[i] + stranger[i] > 0;
  return used > 1;
}

}  // namespace

struct LinkModel::Counts {
  double time_of[2][kTimeBins] = {}, units_equal[2][kTimeBins] = {};  // by server equal or not
  Table<kTimeBins> time{};
  Table<2> server{}, unit{};
  Table<kPortCells> port{};
  Table<kClassCells> client_class{};
  Table<kTtlCells> ttl{};
  Table<kLineCells> line{};
  Table<kIdCells> id{};

  Counts(std::span<const Sighting> sightings, const Pairs& pairs) {
    for (const Pair& pair : pairs) {
      const Sighting &a = sightings[pair.earlier], &b = sightings[pair.later];
      const bool server_equal = a.server == b.server, unit_equal = a.unit == b.unit;
      const int t = TimeBin(a, b);
      ++time_of[server_equal][t];
      units_equal[server_equal][t] += unit_equal;
      ++time[t];
      ++server[server_equal];
      ++unit[unit_equal];
      ++port[PortCell(a, b)];
      ++client_class[ClassCell(a, b)];
      ++ttl[TtlCell(a, b)];
      ++line[LineCell(a, b)];
      ++id[IdCell(a, b)];
    }
  }
  // Pairs, and those with equal units, by server equal or not.
  std::pair<double, double> Of(int server_equal) const {
    double all = 0, equal = 0;
    for (int t = 0; t < kTimeBins; ++t)
      all += time_of[server_equal][t], equal += units_equal[server_equal][t];
    return {all, equal};
  }
};

LinkModel LinkModel::Fit(std::span<const Sighting> sightings, const Pairs& same_pairs,
                         const Pairs& stranger_pairs) {
  constexpr double kRare = 1e-4, kPriorPairs = 20, kProbabilityMin = 1e-6;
  const Counts same(sightings, same_pairs), stranger(sightings, stranger_pairs);
  LinkModel model;
  const auto time = Ratios(same.time, stranger.time);
  const auto server = Ratios(same.server, stranger.server);
  for (int r = 0; r < 2; ++r) {
    const auto [strangers, strangers_equal] = stranger.Of(r);
    const auto [sames, sames_equal] = same.Of(r);
    const double by_chance = (strangers_equal + kRare) / (strangers + 2 * kRare);
    const double mean = (sames_equal + .5) / (sames + 1);
    for (int t = 0; t < kTimeBins; ++t) {
      const double share =
          std::clamp((same.units_equal[r][t] + kPriorPairs * mean) / (same.time_of[r][t] + kPriorPairs),
                     kProbabilityMin, 1 - kProbabilityMin);
      const double base = time[t] + server[r];
      model.joint_[r][1][t] = static_cast<float>(base + std::log(share / by_chance));
      model.joint_[r][0][t] = static_cast<float>(base + std::log((1 - share) / (1 - by_chance)));
    }
  }
  // Whether the units are equal counts once, above.
  const auto unit = Ratios(same.unit, stranger.unit);
  model.port_ = Ratios(same.port, stranger.port);
  for (int i = 0; i < kPortCells; ++i) model.port_[i] -= unit[i / (2 * kPortBits)];
  model.client_class_ = Ratios(same.client_class, stranger.client_class);
  model.ttl_ = Ratios(same.ttl, stranger.ttl);
  model.line_ = Ratios(same.line, stranger.line);
  model.id_ = Ratios(same.id, stranger.id);
  model.raw_ =
      Tells(same.ttl, stranger.ttl) || Tells(same.line, stranger.line) || Tells(same.id, stranger.id);
  return model;
}

}  // namespace cfr::privacy
