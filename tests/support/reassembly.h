// SPDX-License-Identifier: BSD-3-Clause
// Puts fragments together as a receiver would, for the inspector and for tests. Shares nothing with the
// relay.
#pragma once

#include <optional>
#include <vector>

#include "tests/support/packet_builder.h"

namespace cfr::test {

// The packet that the fragments of one datagram make when they follow each other without gap or overlap, in
// any order: the whole datagram, or a larger fragment of it. nullopt if they do not, or if their headers
// disagree. An IPv6 Fragment header stays.
std::optional<Frame> Join(std::vector<Frame> fragments);

}  // namespace cfr::test
