// SPDX-License-Identifier: BSD-3-Clause
// From the packet notation of a row to frames, and from a frame that came out back to the notation.
#pragma once

#include <string>
#include <vector>

#include "common/types.h"
#include "tests/packet/row_names.h"
#include "tests/support/packet_builder.h"

namespace cfr::test {

struct PacketsIn {
  std::vector<Frame> frames;  // more than one for ranges of addresses or ports
  bool nic_bad = false;       // the card flags the transport checksum
  int worker = -1;            // arrives there; -1: turns
  std::string error;          // not empty: the notation is wrong
};
PacketsIn MakePackets(const PacketText& text, const RowNames& names);

// Compares what left with what a row expects; an empty string or the difference.
std::string CompareOut(const PacketText& expected, const Frame& frame, RowNames* names);

}  // namespace cfr::test
