// SPDX-License-Identifier: BSD-3-Clause
#include "control/pool_sizing.h"

#include <algorithm>

namespace cfr {
namespace {

uint32_t UnitsForPorts(const PoolLoad& load) {
  const uint64_t half = std::max<uint64_t>(load.ports / 2, 1);
  return static_cast<uint32_t>((load.hottest_tuples + half - 1) / half);
}

// Of subscribers, so many to a unit; at least one unit.
uint32_t UnitsForCrowd(double active, double each, uint32_t p_max) {
  return std::max(1u, static_cast<uint32_t>(std::min<double>(active / each, p_max)));
}

// Whether more units than the crowd allows are wanted for their ports.
bool PortsPress(const PoolLoad& load, const CrowdPolicy& policy) {
  const uint32_t units = UnitsForPorts(load);
  return units > policy.p_max || (units > 1 && load.active / units < policy.k_min);
}

uint32_t Units(const PoolLoad& load, const CrowdPolicy& policy) {
  const uint32_t for_ports = UnitsForPorts(load);
  if (PortsPress(load, policy) && policy.pressure == Pressure::kPrivacy)
    return UnitsForCrowd(load.active, policy.k_min, policy.p_max);
  return std::max(for_ports, UnitsForCrowd(load.active, policy.k_target, policy.p_max));
}

PoolSize Wanted(const PoolLoad& load, const CrowdPolicy& policy) {
  using Home = PoolSize::Home;
  if (load.active >= policy.k_min) return {Home::kOwn, Units(load, policy)};
  if (policy.on_small_crowd == OnSmallCrowd::kSingle) return {Home::kOwn, 1};
  if (load.has_parent) return {Home::kParent, 1};
  return {policy.on_small_crowd == OnSmallCrowd::kRefuse ? Home::kNone : Home::kOwn, 1};
}

}  // namespace

const PoolSize& PoolSizing::Judge(const PoolLoad& load, const CrowdPolicy& policy) {
  const PoolSize wanted = Wanted(load, policy);
  const PoolSize before = asked_.value_or(wanted);
  asked_ = wanted;
  if (wanted.home == before.home) {
    // Both ask for more, or both for fewer: the nearer of the two.
    const auto [fewer, more] = std::minmax(wanted.units, before.units);
    if (wanted.home != size_.home)
      size_ = wanted;
    else
      size_.units = std::clamp(size_.units, fewer, more);
  }
  alarms_.small_crowd = load.active / size_.units < policy.k_min;
  alarms_.short_of_ports = PortsPress(load, policy);
  alarms_.many_subscribers = load.active / size_.units > policy.subscribers_per_unit_max;
  return size_;
}

}  // namespace cfr
