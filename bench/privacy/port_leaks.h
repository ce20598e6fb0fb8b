// SPDX-License-Identifier: BSD-3-Clause
// What ports alone tell of a subscriber: nothing, if each is drawn uniformly whoever it is for.
#pragma once

#include "bench/privacy/policies.h"
#include "bench/privacy/trace.h"

namespace cfr::privacy {

struct PortLeaks {
  double entropy_bits;         // of the upper eight bits, over all flows; 8 less the reserved low ports
  double high_bits, low_bits;  // mutual information of the subscriber and the upper, lower four bits
  double worker_bits;          // of the subscriber and the owner, to one who knows the steering key
  double sequence;             // share of neighbouring ports in consecutive flows, beyond chance
};
// From every 64th subscriber, bias of the estimators taken off.
PortLeaks MeasurePortLeaks(const Trace& trace, const Aliases& aliases);

}  // namespace cfr::privacy
