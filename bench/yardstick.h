// SPDX-License-Identifier: BSD-3-Clause
// What no relay can do without, and nothing else: find the flow by the packet's 5-tuple, write alias or
// subscriber into it, adapt the checksums, count, note the time. UDP at fixed places, every packet taken on
// trust: no validation, no fragments, no options, no state, no TTL, no MACs, no guard. Two tables under the
// same rewrite: ours, and DPDK's rte_hash looked up in bulk.
//
//   burst:  keys, hashes, prefetch of buckets -> guess, prefetch of records -> verify and rewrite
#pragma once

#include <span>

#include "bench/rte_flow_table.h"
#include "common/check.h"
#include "dataplane/checksum.h"
#include "dataplane/flow_table.h"
#include "dataplane/packet.h"

namespace cfr::bench {

template <class A>
FlowKey<A> UdpKeyOf(const uint8_t* frame, Direction direction) {
  const bool out = direction == Direction::kOutbound;
  constexpr bool kV4 = A::kFamily == Family::kV4;
  const uint8_t* ip = frame + kEthernetBytes;
  const A source = LoadAddress<A>(ip + (kV4 ? 12 : 8));
  const A destination = LoadAddress<A>(ip + (kV4 ? 12 : 8) + sizeof(A));
  const auto* udp = reinterpret_cast<const UdpHeader*>(ip + (kV4 ? sizeof(Ipv4Header) : sizeof(Ipv6Header)));
  if (out)
    return {source, destination, udp->source_port.raw, udp->destination_port.raw, kProtocolUdp, direction};
  return {destination, source, udp->destination_port.raw, udp->source_port.raw, kProtocolUdp, direction};
}

template <class A>
void Rewrite(uint8_t* frame, Direction direction, uint32_t now_ms, Flow<A>& flow) {
  const bool out = direction == Direction::kOutbound;
  constexpr bool kV4 = A::kFamily == Family::kV4;
  uint8_t* ip = frame + kEthernetBytes;
  auto* udp = reinterpret_cast<UdpHeader*>(ip + (kV4 ? sizeof(Ipv4Header) : sizeof(Ipv6Header)));
  std::memcpy(ip + (kV4 ? 12 : 8) + (out ? 0 : sizeof(A)), out ? &flow.alias : &flow.subscriber, sizeof(A));
  (out ? udp->source_port : udp->destination_port).raw = out ? flow.alias_port : flow.subscriber_port;
  if constexpr (kV4) {
    auto* header = reinterpret_cast<Ipv4Header*>(ip);
    header->checksum.raw =
        Updated(header->checksum.raw, out ? flow.address_delta : Negated(flow.address_delta));
  }
  udp->checksum.raw = Updated(udp->checksum.raw, out ? flow.tuple_delta : Negated(flow.tuple_delta));
  flow.last_seen_ms = now_ms;
  ++(out ? flow.packets_out : flow.packets_in);
}

// The flows of a relay's table, found the relay's way.
template <class A>
class Yardstick {
 public:
  Yardstick(const FlowTable<A>& flows, uint32_t count) : table_(count, {1, 2, 3, 4, 5, 6, 7, 8}) {
    for (uint32_t i = 0; i < count; ++i) table_.Open(flows[i], kFarMs);
  }

  void Process(Direction direction, std::span<Packet> burst, uint64_t now_ms) {
    FlowKey<A> keys[kBurstMax];
    uint64_t hashes[kBurstMax];
    for (size_t i = 0; i < burst.size(); ++i) {
      keys[i] = UdpKeyOf<A>(burst[i].data, direction);
      hashes[i] = table_.Hash(keys[i]);
      table_.Prefetch(hashes[i]);
    }
    for (size_t i = 0; i < burst.size(); ++i) table_.PrefetchFlow(hashes[i]);
    for (size_t i = 0; i < burst.size(); ++i) {
      const FlowIndex flow = table_.Find(keys[i], hashes[i]);
      CFR_CHECK(flow != kNoFlow, "the yardstick lost a flow");
      Rewrite(burst[i].data, direction, static_cast<uint32_t>(now_ms), table_[flow]);
    }
  }

 private:
  static constexpr uint64_t kFarMs = uint64_t{1} << 40;
  FlowTable<A> table_;
};

// The same flows behind rte_hash.
template <class A>
class RteYardstick {
 public:
  RteYardstick(const FlowTable<A>& flows, uint32_t count) : table_(count) {
    for (uint32_t i = 0; i < count; ++i) table_.Open(i, flows[i]);
  }

  void Process(Direction direction, std::span<Packet> burst, uint64_t now_ms) {
    RteKey<A> keys[kBurstMax];
    void* found[kBurstMax];
    for (size_t i = 0; i < burst.size(); ++i) keys[i] = RteKey<A>(UdpKeyOf<A>(burst[i].data, direction));
    table_.Find(keys, static_cast<uint32_t>(burst.size()), found);
    for (size_t i = 0; i < burst.size(); ++i) {
      CFR_CHECK(found[i] != nullptr, "rte_hash lost a flow");
      Rewrite(burst[i].data, direction, static_cast<uint32_t>(now_ms), *static_cast<Flow<A>*>(found[i]));
    }
  }

 private:
  RteFlowTable<A> table_;
};

}  // namespace cfr::bench
