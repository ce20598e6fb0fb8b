// SPDX-License-Identifier: BSD-3-Clause
// Which of many disjoint prefixes holds an address, for the slow paths (a packet that opens a flow,
// admission of strangers): sorted ranges per family and a binary search. Built once with a snapshot, then
// only read.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
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
          {NumberOf(prefix.address), NumberOf(LastOf(prefix)), prefix, value});
    for (auto& ranges : ranges_)
      std::sort(ranges.begin(), ranges.end(),
                [](const Range& a, const Range& b) { return a.first < b.first; });
  }

  const Value* Find(const Address& a) const {
    const Range* range = FindFrom(a.family, NumberOf(a));
    return range != nullptr && NumberOf(a) <= range->last ? &range->value : nullptr;
  }

  // Any entry that shares an address with `prefix`.
  const Prefix* FindOverlap(const Prefix& prefix) const {
    const Range* range = FindFrom(prefix.address.family, NumberOf(LastOf(prefix)));
    return range != nullptr && NumberOf(prefix.address) <= range->last ? &range->prefix : nullptr;
  }

 private:
  __extension__ using Number = unsigned __int128;
  struct Range {
    Number first, last;  // inclusive
    Prefix prefix;
    Value value;
  };
  // An address as a number, so that two compare without a loop.
  static Number NumberOf(const Address& a) {
    uint64_t high, low;
    std::memcpy(&high, a.bytes.data(), sizeof high);
    std::memcpy(&low, a.bytes.data() + sizeof high, sizeof low);
    return Number{__builtin_bswap64(high)} << 64 | __builtin_bswap64(low);
  }
  // The last range that begins at `a` or before it. Halves without a branch: strangers are unpredictable.
  const Range* FindFrom(Family family, Number a) const {
    const auto& ranges = ranges_[static_cast<int>(family)];
    if (ranges.empty()) return nullptr;
    const Range* from = ranges.data();
    for (size_t left = ranges.size(); left > 1;) {
      const size_t half = left / 2;
      from += from[half].first <= a ? half : 0;
      left -= half;
    }
    return from->first <= a ? from : nullptr;
  }

  std::vector<Range> ranges_[kFamilies];
};

}  // namespace cfr
