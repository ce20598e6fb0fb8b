// SPDX-License-Identifier: BSD-3-Clause
// Which worker a packet belongs to: a Toeplitz hash of the packet's own 5-tuple under a secret key
// drawn at start, as network cards compute it for RSS, so that steering by hardware is the same
// function and merely saves a handoff. Nothing visible outside depends on a subscriber's hash.
//
//   worker = indirection[hash & 127]
//
// The hash is linear, so the worker that opens a flow picks an alias port whose inbound tuple comes
// back to itself: hash(inbound) = hash(inbound with port 0) ^ hash of the port bits alone.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/flow.h"

namespace cfr {

class Owner {
 public:
  static constexpr int kKeyBytes = 52;  // what common cards take
  static constexpr int kIndirectionEntries = 128;
  using Key = std::array<uint8_t, kKeyBytes>;

  // `workers` 1..kWorkersMax.
  Owner(const Key& key, int workers);

  // Of a packet as seen on the wire: source, destination, source port, destination port.
  template <class A>
  uint32_t Hash(const A& source, const A& destination, uint16_t source_port, uint16_t destination_port) const;
  int WorkerOf(uint32_t hash) const { return indirection_[hash & (kIndirectionEntries - 1)]; }
  // Of a key, whatever its direction.
  template <class A>
  uint32_t Hash(const FlowKey<A>& k) const {
    return k.direction == Direction::kOutbound ? Hash(k.local, k.remote, k.local_port, k.remote_port)
                                               : Hash(k.remote, k.local, k.remote_port, k.local_port);
  }
  template <class A>
  int WorkerOf(const FlowKey<A>& k) const {
    return workers_ == 1 ? 0 : WorkerOf(Hash(k));
  }
  // What a destination port (network order) adds to the hash of an inbound tuple.
  template <class A>
  uint32_t DestinationPortHash(uint16_t port) const {
    return Hash(A{}, A{}, 0, port);
  }

  int workers() const { return workers_; }
  const Key& key() const { return key_; }

 private:
  // Key bits 64 i .. 64 i + 95, bit-reversed, for the carry-less product with input word i.
  struct Window {
    uint64_t low, high;
  };
  template <int kWords>
  uint32_t Product(const uint64_t (&words)[kWords]) const;

  Key key_;
  int workers_;
  std::array<uint8_t, kIndirectionEntries> indirection_;
  std::array<Window, 5> windows_;  // 36 bytes of an IPv6 tuple, rounded up
};

}  // namespace cfr
