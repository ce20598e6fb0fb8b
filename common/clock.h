// SPDX-License-Identifier: BSD-3-Clause
// The one clock of the data path and of everything sent over the rings: CLOCK_MONOTONIC, the same in
// every process of the machine. The wall clock is read by control/utc.h alone, for records.
#pragma once

#include <time.h>

#include <cstdint>

namespace cfr {

inline uint64_t MonotonicMs() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1000 + static_cast<uint64_t>(t.tv_nsec) / 1'000'000;
}

}  // namespace cfr
