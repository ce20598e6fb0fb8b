// SPDX-License-Identifier: BSD-3-Clause
// Whether the dataplane's threads still turn: their round counters, looked at now and then. A stopped
// process keeps its socket open, so the link alone does not tell.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/dataplane_page.h"

namespace cfr {

class Heartbeats {
 public:
  // A thread whose counter stood still this long is silent.
  static constexpr uint64_t kSilentMs = 2000;

  // Call at least every second while a dataplane is attached.
  void Look(const DataplanePage& page, int workers, uint64_t now_ms);
  // "main lcore", "worker 3"; empty if all turn.
  std::vector<std::string> Silent(uint64_t now_ms) const;

 private:
  struct Beat {
    uint64_t rounds = 0, changed_ms = 0;
  };
  uint64_t boot_ = 0;
  std::vector<Beat> beats_;  // main lcore, workers
};

}  // namespace cfr
