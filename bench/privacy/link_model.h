// SPDX-License-Identifier: BSD-3-Clause
// How strongly two sightings look like one subscriber: a naive Bayes classifier, learnt from pairs with known
// truth. A score is a sum of natural log-likelihood ratios, each from a table of counts whose cells start at
// one half:
//
//   unit, server and time together   so that "another unit after an hour" may be no evidence at all
//   port                             given whether the units are equal
//   client class, TTL, timestamp line, IPv4 ID
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>

#include "bench/privacy/pairs.h"

namespace cfr::privacy {

class LinkModel {
 public:
  static LinkModel Fit(std::span<const Sighting> sightings, const Pairs& same, const Pairs& stranger);

  float Score(const Sighting& earlier, const Sighting& later) const {
    const bool unit_equal = earlier.unit == later.unit, server_equal = earlier.server == later.server;
    return joint_[server_equal][unit_equal][TimeBin(earlier, later)] + port_[PortCell(earlier, later)] +
           client_class_[ClassCell(earlier, later)] +
           (raw_ ? ttl_[TtlCell(earlier, later)] + line_[LineCell(earlier, later)] +
                       id_[IdCell(earlier, later)]
                 : 0);
  }

 private:
  static constexpr int kTimeBins = 16, kPortBits = 17, kPortCells = 4 * kPortBits, kTtlCells = 257;
  static constexpr int kClassCells = kClientClasses + 1, kLineCells = 3, kIdCells = 18;

  // Of a pair, the cell of each table.
  static int TimeBin(const Sighting& a, const Sighting& b) {
    return std::min<int>(kTimeBins, std::bit_width((b.time_ms - a.time_ms + 250) / 250)) - 1;
  }
  static int PortCell(const Sighting& a, const Sighting& b) {
    const auto distance = static_cast<uint32_t>(a.port > b.port ? a.port - b.port : b.port - a.port);
    return ((a.unit == b.unit) * 2 + (a.port >> 12 == b.port >> 12)) * kPortBits + std::bit_width(distance);
  }
  static int ClassCell(const Sighting& a, const Sighting& b) {
    return a.client_class == b.client_class ? a.client_class : kClassCells - 1;
  }
  static int TtlCell(const Sighting& a, const Sighting& b) { return a.ttl == b.ttl ? a.ttl : kTtlCells - 1; }
  static int LineCell(const Sighting& a, const Sighting& b) {
    if (a.timestamp_line == 0 || b.timestamp_line == 0 || a.server != b.server) return 2;
    return a.timestamp_line == b.timestamp_line;
  }
  static int IdCell(const Sighting& a, const Sighting& b) {
    if (!a.has_ip_id || !b.has_ip_id || a.server != b.server) return kIdCells - 1;
    return std::bit_width(static_cast<uint16_t>(b.ip_id - a.ip_id));
  }
  struct Counts;

  float joint_[2][2][kTimeBins];
  std::array<float, kPortCells> port_;
  std::array<float, kClassCells> client_class_;
  std::array<float, kTtlCells> ttl_;
  std::array<float, kLineCells> line_;
  std::array<float, kIdCells> id_;
  bool raw_;  // one of the last three tells something
};

}  // namespace cfr::privacy
