// SPDX-License-Identifier: BSD-3-Clause
// How many packets the relay may make about others: so many a second for each lcore, and so many for each
// receiver, a subscriber or a remote (RFC 1812 4.3.2.8, RFC 4443 2.4(f)). Shared by all workers, touched
// only when one of them wants to answer; never grows.
//
// Receivers share kReceivers buckets by a keyed hash: two that meet in one get the rate of one, and nobody
// can choose whom to meet.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "common/address.h"
#include "common/limits.h"
#include "common/settings.h"
#include "common/siphash.h"

namespace cfr {

class AnswerLimit {
 public:
  explicit AnswerLimit(const SipKey& key) : key_(key), receivers_(kReceivers) {}

  // Whether `lcore` may make one more packet for `receiver` (a subscriber's address masked to its prefix).
  bool Take(int lcore, const Address& receiver, const Settings& settings, uint64_t now_ms);

 private:
  static constexpr uint64_t kReceivers = 16384;
  struct alignas(64) Lcore {
    std::atomic<uint64_t> full_at_ns{0};
  };

  const SipKey key_;
  std::array<Lcore, kWorkersMax> lcores_;
  std::vector<std::atomic<uint64_t>> receivers_;
};

}  // namespace cfr
