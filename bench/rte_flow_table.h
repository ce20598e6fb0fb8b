// SPDX-License-Identifier: BSD-3-Clause
// The rival of FlowTable: the same flow records, found through DPDK's rte_hash with two keys a flow, both
// leading to the record. Its memory comes from an Arena like ours, so that both have the same pages.
#pragma once

#include <rte_hash.h>
#include <rte_malloc.h>

#include <bit>
#include <cstring>

#include "common/check.h"
#include "dataplane/arena.h"
#include "dataplane/flow.h"

namespace cfr::bench {

// Starts DPDK without huge pages, devices or files; once, before the first table.
void StartEal();

// DPDK's malloc heap named "flows" over an arena of ours.
class RteHeap {
 public:
  explicit RteHeap(size_t bytes);
  ~RteHeap();
  int socket() const { return rte_malloc_heap_get_socket(kName); }
  size_t used_bytes() const;

 private:
  static constexpr char kName[] = "flows";
  Arena<uint8_t> memory_;
};

// FlowKey without padding of unknown content.
template <class A>
struct RteKey {
  A local, remote;
  uint16_t local_port, remote_port;
  uint8_t protocol, direction;
  uint16_t zero = 0;
  RteKey() = default;
  explicit RteKey(const FlowKey<A>& k)
      : local(k.local),
        remote(k.remote),
        local_port(k.local_port),
        remote_port(k.remote_port),
        protocol(k.protocol),
        direction(static_cast<uint8_t>(k.direction)) {}
};
static_assert(std::has_unique_object_representations_v<RteKey<V4>> && sizeof(RteKey<V4>) == 16);
static_assert(std::has_unique_object_representations_v<RteKey<V6>> && sizeof(RteKey<V6>) == 40);

template <class A>
class RteFlowTable {
 public:
  explicit RteFlowTable(uint32_t capacity) : flows_(capacity), heap_(HashBytes(capacity)) {
    rte_hash_parameters parameters{};
    parameters.name = "flows";
    // One more than needed: with a power of two its buckets would fill to the last slot, where to replace a
    // flow takes five times as long. Twice the buckets also spare it the extendable ones.
    parameters.entries = 2 * capacity + 1;
    parameters.key_len = sizeof(RteKey<A>);
    parameters.socket_id = heap_.socket();
    hash_ = rte_hash_create(&parameters);
    CFR_CHECK(hash_ != nullptr, "no rte_hash");
  }
  ~RteFlowTable() { rte_hash_free(hash_); }

  // Writes each key's flow, or nullptr, to `found`. At most RTE_HASH_LOOKUP_BULK_MAX keys.
  void Find(const RteKey<A>* keys, uint32_t count, void** found) const {
    const void* pointers[RTE_HASH_LOOKUP_BULK_MAX];
    for (uint32_t i = 0; i < count; ++i) pointers[i] = &keys[i];
    uint64_t hits = 0;
    rte_hash_lookup_bulk_data(hash_, pointers, count, &hits, found);
    for (uint32_t i = 0; i < count; ++i)
      if ((hits >> i & 1) == 0) found[i] = nullptr;
  }

  void Open(FlowIndex i, const Flow<A>& flow) {
    flows_[i] = flow;
    const RteKey<A> outbound(OutboundKey(flow)), inbound(InboundKey(flow));
    CFR_CHECK(rte_hash_add_key_data(hash_, &outbound, &flows_[i]) == 0 &&
                  rte_hash_add_key_data(hash_, &inbound, &flows_[i]) == 0,
              "rte_hash is full");
  }
  void Close(FlowIndex i) {
    const RteKey<A> outbound(OutboundKey(flows_[i])), inbound(InboundKey(flows_[i]));
    CFR_CHECK(rte_hash_del_key(hash_, &outbound) >= 0 && rte_hash_del_key(hash_, &inbound) >= 0,
              "rte_hash lost a key");
  }
  size_t bytes() const { return flows_.bytes() + heap_.used_bytes(); }

 private:
  // Buckets of 8 slots in a line, keys with a data pointer, a ring of free numbers.
  static size_t HashBytes(uint32_t capacity) {
    const size_t entries = size_t{2} * capacity + 1, slots = std::bit_ceil(entries);
    return slots * 8 + entries * (sizeof(RteKey<A>) + 16) + slots * 4 + (size_t{4} << 20);
  }
  Arena<Flow<A>> flows_;
  RteHeap heap_;
  rte_hash* hash_;
};

}  // namespace cfr::bench
