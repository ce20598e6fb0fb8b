// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/exchange.h"

#include <rte_errno.h>

#include "absl/strings/str_cat.h"

namespace cfr {
namespace {

constexpr unsigned kHandoffSlots = 4096, kConsumedSlots = 1024, kMadeSlots = 1024;

absl::StatusOr<rte_ring*> CreateRing(const std::string& name, unsigned slots, unsigned flags) {
  rte_ring* ring = rte_ring_create(name.c_str(), slots, SOCKET_ID_ANY, flags);
  if (ring != nullptr) return ring;
  return absl::ResourceExhaustedError(absl::StrCat("ring ", name, ": ", rte_strerror(rte_errno)));
}

}  // namespace

absl::StatusOr<Exchange> Exchange::Create(int workers) {
  Exchange exchange;
  for (int w = 0; w < workers; ++w) {
    auto ring = CreateRing(absl::StrCat("handoff", w), kHandoffSlots, RING_F_SC_DEQ);
    if (!ring.ok()) return ring.status();
    exchange.handoff_.push_back(*ring);
  }
  auto consumed = CreateRing("consumed", kConsumedSlots, RING_F_SC_DEQ);
  if (!consumed.ok()) return consumed.status();
  auto made = CreateRing("made", kMadeSlots, RING_F_SP_ENQ | RING_F_SC_DEQ);
  if (!made.ok()) return made.status();
  exchange.consumed_ = *consumed;
  exchange.made_ = *made;
  return exchange;
}

}  // namespace cfr
