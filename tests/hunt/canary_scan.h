// SPDX-License-Identifier: BSD-3-Clause
// Looks through every byte of a frame for a subscriber's address or MAC (address_plan.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace cfr::hunt {

// The offset of the first secret in the frame; fields that relay or remote fill at random are re-read and
// do not count.
std::optional<size_t> FindCanary(const uint8_t* frame, size_t bytes);

}  // namespace cfr::hunt
