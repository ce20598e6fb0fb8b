// SPDX-License-Identifier: BSD-3-Clause
// What the relay must make of TCP options, by taking them apart, changing the parts and putting them
// together again. Shares nothing with the relay.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/settings.h"
#include "common/types.h"

namespace cfr::test {

struct TcpOption {
  uint8_t kind;
  std::vector<uint8_t> body;  // after kind and length; of a NOP nothing
};

struct TcpOptions {
  std::vector<TcpOption> options;
  std::vector<uint8_t> rest;  // from the end mark or the first option that cannot be right
};
TcpOptions SplitOptions(const std::vector<uint8_t>& bytes);
std::vector<uint8_t> JoinOptions(const TcpOptions& options);

struct Timestamps {
  uint32_t value, echo;
};
std::optional<Timestamps> TimestampsOf(const std::vector<uint8_t>& options);

// `offset`: of the flow; `flags`: of the segment. Inbound nothing but the echo changes.
std::vector<uint8_t> ExpectedOptions(const std::vector<uint8_t>& options, Direction direction, Family family,
                                     uint8_t flags, uint32_t offset, const Settings& settings);

}  // namespace cfr::test
