// SPDX-License-Identifier: BSD-3-Clause
#include "common/counters.h"

namespace cfr {

int64_t AccountingMismatch(const CounterPage& page, Direction d) {
  uint64_t in =
      page.Get(d, Counter::kReceived) + page.Get(d, Counter::kHandoffIn) + page.Get(d, Counter::kPieces);
  uint64_t out =
      page.Get(d, Counter::kSent) + page.Get(d, Counter::kConsumed) + page.Get(d, Counter::kHandoffOut);
  for (int r = 0; r < kDropReasonCount; ++r) out += page.Get(d, static_cast<DropReason>(r));
  return static_cast<int64_t>(in - out);
}

}  // namespace cfr
