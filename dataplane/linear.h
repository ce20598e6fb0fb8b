// SPDX-License-Identifier: BSD-3-Clause
// Some devices deliver a frame in several segments, cut anywhere, headers too. The packet path reads one run
// of bytes, so the frame is put together before anything looks at it.
#pragma once

#include <rte_mbuf.h>

namespace cfr {

// A frame with no room for it in its first segment becomes one without bytes, which parse drops.
inline void MakeLinear(rte_mbuf* frame) {
  if (frame->nb_segs > 1 && rte_pktmbuf_linearize(frame) != 0) frame->data_len = 0;
}

}  // namespace cfr
