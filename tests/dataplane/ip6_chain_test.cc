// SPDX-License-Identifier: BSD-3-Clause
// Chains of every make against a second, naive walker, in memory that ends with the packet.
#include "dataplane/ip6_chain.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <random>

#include "tests/support/guarded_bytes.h"

namespace cfr {
namespace {

using Bytes = std::vector<uint8_t>;
constexpr size_t kStart = 54;  // Ethernet and IPv6

struct Walked {
  std::optional<DropReason> dropped;
  uint8_t protocol = 0;
  size_t offset = 0;
  Part part = Part::kWhole;
  friend bool operator==(const Walked&, const Walked&) = default;
};

// RFC 8200 read aloud: one header at a time, lists of allowed things.
Walked Naive(const Bytes& frame, uint8_t next, size_t headers_max, size_t bytes_max) {
  size_t at = kStart;
  bool fragment = false;
  Part part = Part::kWhole;
  for (size_t headers = 1;; ++headers) {
    if (part == Part::kLater && next == 60) return {std::nullopt, next, at, part};
    switch (next) {
      case 43:
      case 50:
      case 51:
      case 135:
      case 139:
      case 140:
        return {DropReason::kIp6Extension};
      case 59:
        return {DropReason::kIp6Chain};
      case 0:
        if (headers > 1) return {DropReason::kIp6Chain};
        break;
      case 44:
      case 60:
        break;
      default:
        return {std::nullopt, next, at, part};
    }
    if (headers > headers_max || frame.size() < at + 8) return {DropReason::kIp6Chain};
    const bool is_fragment = next == 44;
    size_t end = at + 8 + (is_fragment ? 0 : size_t{8} * frame[at + 1]);
    if (end > frame.size() || end - kStart > bytes_max) return {DropReason::kIp6Chain};
    next = frame[at];
    if (is_fragment) {
      if (fragment) return {DropReason::kIp6Chain};
      fragment = true;
      if (frame[at + 1] != 0 || (frame[at + 3] & 6) != 0) return {DropReason::kIp6Extension};
      size_t start = frame[at + 2] * 256u + (frame[at + 3] & 0xf8u), bytes = frame.size() - end;
      bool more = (frame[at + 3] & 1) != 0, atomic = start == 0 && !more;
      if (!atomic && (bytes == 0 || (more && bytes % 8 != 0) || at - kStart + start + bytes > 65535))
        return {DropReason::kFragmentBounds};
      part = atomic ? Part::kWhole : start == 0 ? Part::kFirst : Part::kLater;
      at = end;
      continue;
    }
    for (size_t o = at + 2; o < end;) {
      if (frame[o] == 0) {
        ++o;
        continue;
      }
      if (frame[o] != 1 || o + 1 == end || o + 2 + frame[o + 1] > end) return {DropReason::kIp6Extension};
      for (size_t n = 0; n < frame[o + 1]; ++n)
        if (frame[o + 2 + n] != 0) return {DropReason::kIp6Extension};
      o += 2 + size_t{frame[o + 1]};
    }
    at = end;
  }
}

Walked Walk(const Bytes& frame, uint8_t next, const Settings& settings, test::GuardedBytes* memory) {
  Packet p;
  p.data = memory->Place(frame);
  p.length = static_cast<uint16_t>(frame.size());
  p.family = Family::kV6;
  p.protocol = next;
  p.l4_offset = kStart;
  WalkIp6Chain(p, settings);
  if (p.verdict == Verdict::kDrop) return {p.reason};
  return {std::nullopt, p.protocol, p.l4_offset, p.part};
}

class Chains {
 public:
  explicit Chains(uint32_t seed) : random_(seed) {}
  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }
  uint8_t Kind() {
    static constexpr uint8_t kKinds[] = {60, 60, 60, 60, 44, 44,  44,  0,   17, 6,
                                         58, 59, 43, 50, 51, 135, 139, 140, 200};
    return kKinds[Below(std::size(kKinds))];
  }
  // Mostly right headers, one byte in some of them wrong.
  Bytes Draw() {
    Bytes frame(kStart);
    for (uint32_t n = Below(12); n > 0; --n) {
      Bytes header = {Kind(), static_cast<uint8_t>(Below(8) == 0 ? Below(5) : 0)};
      header.resize(8 + size_t{8} * header[1]);
      if (Below(3) == 0)
        header[3] = std::to_array<uint8_t>({0, 1, 2, 8, 9})[Below(5)];
      else if (Below(2) == 0) {
        header[2] = 1;
        header[3] = static_cast<uint8_t>(header.size() - 4);
      }
      if (Below(12) == 0)
        header[Below(static_cast<uint32_t>(header.size()))] = static_cast<uint8_t>(Below(256));
      frame.insert(frame.end(), header.begin(), header.end());
    }
    if (Below(4) == 0 && frame.size() > kStart) frame.resize(frame.size() - Below(9));
    if (frame.size() < kStart) frame.resize(kStart);
    return frame;
  }

 private:
  std::mt19937 random_;
};

TEST(Ip6Chain, AgreesWithTheNaiveWalker) {
  test::GuardedBytes memory(4096);
  Chains chains(1);
  int passed = 0, dropped = 0;
  for (int i = 0; i < 200'000; ++i) {
    Settings settings;
    settings.Set(Setting::kIp6Headers, chains.Below(12));
    settings.Set(Setting::kIp6ChainBytes, chains.Below(200));
    Bytes frame = chains.Draw();
    uint8_t next = chains.Kind();
    if (!IsIp6Extension(next)) next = kIpv6Destination;
    Walked wanted = Naive(frame, next, settings[Setting::kIp6Headers], settings[Setting::kIp6ChainBytes]);
    ASSERT_EQ(Walk(frame, next, settings, &memory), wanted) << "chain " << i;
    ++(wanted.dropped.has_value() ? dropped : passed);
  }
  EXPECT_GT(passed, 10'000);
  EXPECT_GT(dropped, 10'000);
}

TEST(Ip6Chain, TheLongestChainAllowed) {
  test::GuardedBytes memory(4096);
  Settings settings;
  Bytes frame(kStart + 256);
  frame[kStart] = kProtocolUdp;
  frame[kStart + 1] = 31;
  EXPECT_EQ(Walk(frame, kIpv6Destination, settings, &memory),
            (Walked{std::nullopt, kProtocolUdp, kStart + 256}));
  frame.resize(frame.size() + 8);
  frame[kStart + 1] = 32;
  EXPECT_EQ(Walk(frame, kIpv6Destination, settings, &memory), Walked{DropReason::kIp6Chain});
}

}  // namespace
}  // namespace cfr
