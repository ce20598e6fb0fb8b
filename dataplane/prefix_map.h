// SPDX-License-Identifier: BSD-3-Clause
// Which of many disjoint prefixes holds an address, for the slow paths (a packet that opens a flow,
// admission of strangers): sorted ranges per family and a binary search. Built once with a snapshot, then
// only read.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "common/address.h"

namespace cfr {

template <class Value>
class PrefixMap {
 public:
  // Instead of what was there. The prefixes must not overlap (the snapshot builder refuses overlaps before).
  void Build(const std::vector<std::pair<Prefix, Value>>& entries) {
    for (auto& ranges : ranges_) ranges.clear();
    for (const auto& [prefix, value] : entries)
      ranges_[static_cast<int>(prefix.address.family)].push_back(
          {prefix.address.bytes, LastOf(prefix).bytes, prefix, value});
    for (auto& ranges : ranges_)
      std::sort(ranges.begin(), ranges.end(),
                [](const Range& a, const Range& b) { return a.first < b.first; });
  }

  const Value* Find(const Address& a) const {
    const auto& ranges = ranges_[static_cast<int>(a.family)];
    auto after = std::upper_bound(ranges.begin(), ranges.end(), a.bytes, Before);
    if (after == ranges.begin()) return nullptr;
    const Range& range = *--after;
    return a.bytes <= range.last ? &range.value : nullptr;
  }

  // Any entry that shares an address with `prefix`.
  const Prefix* FindOverlap(const Prefix& prefix) const {
    const auto& ranges = ranges_[static_cast<int>(prefix.address.family)];
    auto after = std::upper_bound(ranges.begin(), ranges.end(), LastOf(prefix).bytes, Before);
    if (after == ranges.begin()) return nullptr;
    const Range& range = *--after;
    return prefix.address.bytes <= range.last ? &range.prefix : nullptr;
  }

 private:
  using Bytes = std::array<uint8_t, 16>;
  struct Range {
    Bytes first, last;  // inclusive
    Prefix prefix;
    Value value;
  };
  static bool Before(const Bytes& a, const Range& range) { return a < range.first; }

  std::vector<Range> ranges_[kFamilies];
};

}  // namespace cfr
