// SPDX-License-Identifier: BSD-3-Clause
// How many alias units a pool should use, and what becomes of a pool with too few subscribers to hide in:
// decided at the end of each window, from what that window measured (control/crowd.h).
//
//   P = max(P_port, min(floor(A / k_target), p_max)), at least 1;   P_port = ceil(F_hot / half the ports)
//   A < k_min: the parent pool, or one unit, or no new flows
//
// A decision changes only when two windows in a row ask for it, so that a pool at an edge does not flap; the
// first window decides at once, before it there is one unit.
#pragma once

#include <cstdint>
#include <optional>

namespace cfr {

enum class OnSmallCrowd : uint8_t {
  kMerge,
  kSingle,
  kRefuse
};                                                      // kMerge, kRefuse: the parent if there is one
enum class Pressure : uint8_t { kPrivacy, kCapacity };  // when ports, not the crowd, ask for units

struct CrowdPolicy {
  double k_target = 1000, k_min = 100;  // active subscribers of a unit
  uint32_t p_max = 16;
  OnSmallCrowd on_small_crowd = OnSmallCrowd::kMerge;
  Pressure pressure = Pressure::kPrivacy;
  double subscribers_per_unit_max = 8192;  // more: an alarm
};

struct PoolLoad {
  double active = 0;  // A, subscribers
  uint64_t hottest_tuples =
      0;                   // F_hot, most inbound tuples held towards one remote; exclusive ports: towards all
  uint64_t ports = 64512;  // of one unit
  bool has_parent = false;
};

struct PoolSize {
  enum class Home : uint8_t { kOwn, kParent, kNone };  // where new flows of its subscribers go
  Home home = Home::kOwn;
  uint32_t units = 1;
  friend bool operator==(const PoolSize&, const PoolSize&) = default;
};

// For an operator to look at; of the last window alone.
struct SizingAlarms {
  bool small_crowd = false;  // fewer than k_min behind a unit
  bool short_of_ports = false;
  bool many_subscribers = false;  // behind one unit
};

class PoolSizing {
 public:
  // At the end of a window. The size from now on.
  const PoolSize& Judge(const PoolLoad& load, const CrowdPolicy& policy);
  const PoolSize& size() const { return size_; }
  const SizingAlarms& alarms() const { return alarms_; }

 private:
  PoolSize size_;
  SizingAlarms alarms_;
  std::optional<PoolSize> asked_;  // by the window before
};

}  // namespace cfr
