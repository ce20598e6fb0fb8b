// SPDX-License-Identifier: BSD-3-Clause
// Which bytes of a datagram have been seen, so that no two fragments that leave the relay overlap
// (RFC 5722, RFC 8200 4.5, RFC 3128). Fixed size: at most kFragmentRangesMax ranges. When they run out,
// neighbours become one; a fragment inside such a one can only be told to be a repetition.
#pragma once

#include <cstdint>

#include "common/limits.h"

namespace cfr {

class FragmentRanges {
 public:
  enum class Fit : uint8_t {
    kNew,
    kDuplicate,  // these bytes were seen already, cut in the same way
    kOverlap,    // some of them were, or the end of the datagram contradicts
    kTooMany,    // more holes than ranges to remember them
  };
  // Bytes [start, end) of the datagram, start < end; `more`: others follow. Remembered if kNew.
  Fit Add(uint16_t start, uint16_t end, bool more) {
    if (total_ != 0 && (more ? end >= total_ : end != total_)) return Fit::kOverlap;
    for (int i = 0; i < count_; ++i) {
      const Range& r = ranges_[i];
      if (!more && total_ == 0 && r.end > end) return Fit::kOverlap;
      if (start >= r.end || r.start >= end) continue;
      const bool inside = r.start <= start && end <= r.end;
      const bool equal = r.start == start && r.end == end && more == (total_ != r.end);
      return equal || (r.merged && inside) ? Fit::kDuplicate : Fit::kOverlap;
    }
    ranges_[count_++] = {start, end, false};
    if (count_ > kFragmentRangesMax && !MergeOne()) {
      --count_;
      return Fit::kTooMany;
    }
    if (!more) total_ = end;
    seen_ += end - start;
    return Fit::kNew;
  }

  // Every byte was seen.
  bool complete() const { return total_ != 0 && seen_ == total_; }

 private:
  struct Range {
    uint16_t start, end;
    bool merged;
  };

  bool MergeOne() {
    for (int i = 0; i < count_; ++i)
      for (int j = 0; j < count_; ++j) {
        if (ranges_[i].end != ranges_[j].start) continue;
        ranges_[i] = {ranges_[i].start, ranges_[j].end, true};
        ranges_[j] = ranges_[--count_];
        return true;
      }
    return false;
  }

  int count_ = 0;
  uint16_t total_ = 0;  // length of the datagram once its last fragment was seen
  uint16_t seen_ = 0;
  Range ranges_[kFragmentRangesMax + 1];  // one more while it is decided which two become one
};

}  // namespace cfr
