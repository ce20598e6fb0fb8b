// SPDX-License-Identifier: BSD-3-Clause
// How soon an inbound tuple (alias, port, remote, protocol) comes back under another subscriber, from one
// opening to the next. The tuple is given up later than it opens, so the rest it had is shorter than this: a
// figure below the quarantine proves it broken, one above proves nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace cfr {

// Intervals between openings, of one pool and window.
class ReuseIntervals {
 public:
  void Add(uint64_t interval_ms);
  uint64_t count() const { return count_; }
  std::optional<double> Shortest_s() const;
  // The first percentile; nullopt before there are 100, or when it is beyond the quarter of an hour.
  std::optional<double> Percentile_s() const;

 private:
  static constexpr size_t kSecondsMax = 900;
  std::array<uint32_t, kSecondsMax> seconds_{};
  uint64_t count_ = 0, shortest_ms_ = 0;
};

// The last opening of sampled tuples, by keyed hashes; a newer one pushes an older one out.
class ReuseTable {
 public:
  // The interval if the tuple was opened before by another subscriber.
  std::optional<uint64_t> Add(uint64_t tuple, uint64_t subscriber, uint64_t at_ms);

 private:
  static constexpr uint64_t kOneIn = 16;
  static constexpr size_t kPlaces = 1 << 15;
  struct Place {
    uint64_t tuple = 0, subscriber = 0, at_ms = 0;
  };
  std::vector<Place> places_ = std::vector<Place>(kPlaces);
};

}  // namespace cfr
