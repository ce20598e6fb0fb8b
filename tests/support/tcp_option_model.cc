// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/tcp_option_model.h"

#include <algorithm>

namespace cfr::test {
namespace {

constexpr uint8_t kEnd = 0, kNop = 1, kMss = 2, kTimestamps = 8, kMptcp = 30, kFastOpen = 34,
                  kExperimental = 254;
constexpr uint8_t kSyn = 0x02, kAck = 0x10;
constexpr size_t kEchoAt = 4;

uint32_t Get32(const std::vector<uint8_t>& b, size_t at) {
  return uint32_t{b[at]} << 24 | uint32_t{b[at + 1]} << 16 | uint32_t{b[at + 2]} << 8 | b[at + 3];
}
void Put32(std::vector<uint8_t>* b, size_t at, uint32_t value) {
  for (size_t i = 0; i < 4; ++i) (*b)[at + i] = static_cast<uint8_t>(value >> (24 - 8 * i));
}

bool IsTimestamps(const TcpOption& o) {
  return o.kind == kTimestamps && o.body.size() == 8;
}

bool IsBlanked(const TcpOption& o, uint8_t flags, const Settings& settings) {
  if (o.kind == kFastOpen) return settings[Setting::kScrubFastOpen] == 1;
  if (o.kind == kExperimental && o.body.size() >= 2 && o.body[0] == 0xf9 && o.body[1] == 0x89)
    return settings[Setting::kScrubFastOpen] == 1;
  if (o.kind == kMptcp && !o.body.empty() && o.body[0] / 16 == 3)
    return settings[Setting::kScrubAddAddress] == 1;
  if (o.kind == kMptcp && !o.body.empty() && o.body[0] / 16 == 0)
    return settings[Setting::kScrubMpCapable] == 1;
  bool strip = settings.Choice<TcpTimestamps>(Setting::kTcpTimestamps) == TcpTimestamps::kStrip;
  return IsTimestamps(o) && strip && (flags & kSyn) != 0;
}

}  // namespace

TcpOptions SplitOptions(const std::vector<uint8_t>& bytes) {
  TcpOptions split;
  auto at = bytes.begin();
  while (at != bytes.end() && *at != kEnd) {
    if (*at == kNop) {
      split.options.push_back({*at++, {}});
      continue;
    }
    auto left = bytes.end() - at;
    if (left < 2 || at[1] < 2 || at[1] > left) break;
    split.options.push_back({*at, {at + 2, at + at[1]}});
    at += at[1];
  }
  split.rest.assign(at, bytes.end());
  return split;
}

std::vector<uint8_t> JoinOptions(const TcpOptions& options) {
  std::vector<uint8_t> bytes;
  for (const TcpOption& o : options.options) {
    bytes.push_back(o.kind);
    if (o.kind == kNop) continue;
    bytes.push_back(static_cast<uint8_t>(o.body.size() + 2));
    bytes.insert(bytes.end(), o.body.begin(), o.body.end());
  }
  bytes.insert(bytes.end(), options.rest.begin(), options.rest.end());
  return bytes;
}

std::optional<Timestamps> TimestampsOf(const std::vector<uint8_t>& options) {
  for (const TcpOption& o : SplitOptions(options).options)
    if (IsTimestamps(o)) return Timestamps{Get32(o.body, 0), Get32(o.body, kEchoAt)};
  return std::nullopt;
}

std::vector<uint8_t> ExpectedOptions(const std::vector<uint8_t>& options, Direction direction, Family family,
                                     uint8_t flags, uint32_t offset, const Settings& settings) {
  TcpOptions split = SplitOptions(options), expected{{}, split.rest};
  for (TcpOption o : split.options) {
    if (direction == Direction::kInbound) {
      if (IsTimestamps(o) && (flags & kAck) != 0 && Get32(o.body, kEchoAt) != 0)
        Put32(&o.body, kEchoAt, Get32(o.body, kEchoAt) - offset);
    } else if (IsBlanked(o, flags, settings)) {
      expected.options.insert(expected.options.end(), o.body.size() + 2, {kNop, {}});
      continue;
    } else if (IsTimestamps(o)) {
      Put32(&o.body, 0, Get32(o.body, 0) + offset);
    } else if (o.kind == kMss && o.body.size() == 2 && (flags & kSyn) != 0) {
      uint64_t clamp = settings[family == Family::kV4 ? Setting::kMssClampV4 : Setting::kMssClampV6];
      uint64_t mss = std::min<uint64_t>(clamp, o.body[0] * 256u + o.body[1]);
      o.body = {static_cast<uint8_t>(mss >> 8), static_cast<uint8_t>(mss)};
    }
    expected.options.push_back(o);
  }
  return JoinOptions(expected);
}

}  // namespace cfr::test
