// SPDX-License-Identifier: BSD-3-Clause
// How well each pool hides its subscribers, from the stream of openings (common/opened.h); docs/crowd.md says
// what the figures mean. Off the workers' time, in this process, and thrown away window by window.
//
//   Opened -> pool of its unit -> Window (one epoch long) -- its end --> CrowdFigures, sketches forgotten
//                              `-> Trail of a sampled subscriber (a day), ReuseTable
//
// No address is kept: subscribers are keyed hashes, the key of the counts random for each window, that of the
// samples for each run of the process. What leaves here is of whole pools.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/config.h"
#include "common/opened.h"
#include "common/siphash.h"
#include "control/assignments.h"
#include "control/hyperloglog.h"
#include "control/leak_table.h"
#include "control/lift.h"
#include "control/port_bias.h"
#include "control/reservoir.h"
#include "control/reuse.h"

namespace cfr {

// Of one pool and window. What has no value yet had too few samples (sizes: docs/crowd.md).
struct CrowdFigures {
  uint64_t seconds = 0;  // of the window
  uint64_t flows = 0;
  uint32_t units = 0, units_below_floor = 0;         // with a flow; with fewer than k_min active subscribers
  double active = 0;                                 // subscribers of the pool
  std::optional<double> smallest_crowd, p1_crowd;    // K2
  std::optional<double> effective_set, shannon_set;  // K3, K4: of the worst unit
  std::optional<double> low_crowd_share;             // K5
  std::optional<Lift::Bits> lift[kLagBands];         // B1
  std::optional<double> half_life_s;                 // B2
  std::optional<double> port_entropy, port_chance;   // P1
  std::optional<double> slice_leak, sequence_leak, owner_leak;  // P2, P3, P4
  std::optional<double> shortest_reuse_s, p1_reuse_s;           // R1
};

class Crowd {
 public:
  static constexpr double kHardFloor = 32;  // of K5: below, a measurement itself would tell too much

  // Called for every key, one more with each window.
  using DrawKey = std::function<SipKey()>;
  explicit Crowd(DrawKey draw_key);
  ~Crowd();
  static SipKey KernelKey();

  // The pools and units there are from now on, and the length of the window; cheap when nothing changed.
  void Configure(const Config& config, Generation generation, const std::vector<Assignment>& units);
  // One flow. What is no lawful opening is counted and ignored.
  void Take(const Opened& opened);
  // Ends windows whose time is over.
  void Tick(uint64_t now_ms);

  // Pools that opened a flow, by name. The window that ended last, if there was one, else the one that runs.
  struct View {
    CrowdFigures figures;
    bool finished;
  };
  std::optional<View> Of(const std::string& pool) const;
  uint64_t sample_one_in() const { return sample_one_in_; }
  uint64_t taken() const { return taken_; }
  uint64_t refused() const { return refused_; }

 private:
  struct UnitWindow;
  struct Window;
  struct Pool;

  bool IsSampled(uint64_t subscriber) const { return subscriber % sample_one_in_ == 0; }
  void TakeSampled(const Opened& opened, uint64_t subscriber, Pool* pool);
  void Coarsen();
  CrowdFigures Measure(const Pool& pool) const;
  void Begin(Pool* pool);

  const DrawKey draw_key_;
  std::mt19937_64 random_;
  const SipKey sample_key_;
  SipKey window_key_;
  Generation generation_ = 0;
  Settings settings_;
  size_t sampled_ = 0;  // trails of all pools
  uint64_t sample_one_in_ = 1, taken_ = 0, refused_ = 0;
  uint64_t window_began_ms_ = 0, now_ms_ = 0;
  std::vector<Pool*> pool_of_ = std::vector<Pool*>(kUnitsMax);
  std::map<std::string, std::unique_ptr<Pool>> pools_;
  ReuseTable reuse_;
};

}  // namespace cfr
