// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/alias_port.h"

#include "common/limits.h"
#include "dataplane/headers.h"

namespace cfr {

namespace {

// What has run out when no port is found: the ports towards one remote, or all of an exclusive unit.
template <class A>
uint64_t ExhaustionKey(const FlowTable<A>& flows, const Flow<A>& flow) {
  FlowKey<A> key = InboundKey(flow);
  if (flow.exclusive) {
    key.remote = A{};
    key.remote_port = 0;
  }
  return flows.Hash(key);
}

}  // namespace

template <class A>
bool AliasPort::Draw(const Snapshot& snapshot, const FlowTable<A>& flows, uint64_t now_ms, Flow<A>* flow) {
  const auto first = static_cast<uint32_t>(snapshot.settings[Setting::kPortFirst]);
  const uint32_t ports = static_cast<uint32_t>(snapshot.settings[Setting::kPortLast]) - first + 1;
  flow->alias_port = 0;
  flow->exclusive = snapshot.units[flow->unit].exclusive;
  const uint64_t exhaustion_key = ExhaustionKey(flows, *flow);
  const uint32_t base = owner_.workers() == 1 ? 0 : owner_.Hash(InboundKey(*flow));
  auto take = [&](uint32_t port) {
    const Be16 candidate = Be16::From(static_cast<uint16_t>(port));
    flow->alias_port = candidate.raw;
    if (flow->protocol == kProtocolUdp && snapshot.Lists(PortList::kAvoided, candidate)) return false;
    if (owner_.workers() > 1 &&
        owner_.WorkerOf(base ^ owner_.DestinationPortHash<A>(flow->alias_port)) != worker_)
      return false;
    FlowKey<A> key = InboundKey(*flow);
    if (flows.Find(key, flows.Hash(key)) != kNoFlow) return false;
    return !flow->exclusive || exclusive_.Take(flow->unit, flow->protocol, candidate);
  };
  for (int n = kPortCandidatesPerWorker * owner_.workers(); n > 0; --n)
    if (take(first + random_.Below(ports))) return true;
  if (exhausted_.Recalls(exhaustion_key, now_ms)) return false;
  const uint32_t start = random_.Below(ports);
  for (uint32_t n = 0; n < ports; ++n)
    if (take(first + (start + n) % ports)) return true;
  exhausted_.Note(exhaustion_key, now_ms);
  return false;
}
template bool AliasPort::Draw(const Snapshot&, const FlowTable<V4>&, uint64_t, Flow<V4>*);
template bool AliasPort::Draw(const Snapshot&, const FlowTable<V6>&, uint64_t, Flow<V6>*);

}  // namespace cfr
