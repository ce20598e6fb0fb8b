// SPDX-License-Identifier: BSD-3-Clause
// Which of many prefixes overlaps a given one, by binary search. For the slow paths.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "common/address.h"

namespace cfr {

// Prefixes with the number of whatever they belong to. Sorted, a prefix stands before those inside it, so
// the ones that lie in no other are disjoint and ordered.
class PrefixSet {
 public:
  using Item = std::pair<Prefix, size_t>;

  explicit PrefixSet(std::vector<Item> items) : items_(std::move(items)) {
    std::sort(items_.begin(), items_.end());
    for (const Item& item : items_)
      if (outer_.empty() || !outer_.back().first.Contains(item.first)) outer_.push_back(item);
  }

  // An item that overlaps `p`, nullptr if none does.
  const Item* FindOverlap(const Prefix& p) const {
    auto after = std::upper_bound(outer_.begin(), outer_.end(), p.address,
                                  [](const Address& a, const Item& item) { return a < item.first.address; });
    if (after != outer_.begin() && std::prev(after)->first.Overlaps(p)) return &*std::prev(after);
    return after != outer_.end() && after->first.Overlaps(p) ? &*after : nullptr;
  }

  // Calls `report(a, b)` for each item that lies in another, with the one of the smaller number first.
  template <class Report>
  void EachNested(Report report) const {
    const Item* outer = nullptr;
    for (const Item& item : items_) {
      if (outer == nullptr || !outer->first.Contains(item.first))
        outer = &item;
      else if (outer->second < item.second)
        report(*outer, item);
      else
        report(item, *outer);
    }
  }

 private:
  std::vector<Item> items_, outer_;
};

}  // namespace cfr
