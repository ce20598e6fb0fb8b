// SPDX-License-Identifier: BSD-3-Clause
// Frames shorter than Ethernet's minimum get zeros (RFC 1042) before a driver sees them: what a driver or
// card would add is not ours to promise, and some add what the buffer held before (CERT VU#412115).
#pragma once

#include <rte_mbuf.h>

#include <cstring>

namespace cfr {

inline constexpr uint16_t kFrameBytesMin = 60;  // without FCS

// Returns how many bytes were added. A buffer has room for any whole frame, so for a short one always.
inline uint16_t Pad(rte_mbuf* frame) {
  if (frame->data_len >= kFrameBytesMin) return 0;
  const auto missing = static_cast<uint16_t>(kFrameBytesMin - frame->data_len);
  char* pad = rte_pktmbuf_append(frame, missing);
  if (pad == nullptr) return 0;
  std::memset(pad, 0, missing);
  return missing;
}

}  // namespace cfr
