// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/headers.h"

#include <gtest/gtest.h>

#include <cstring>
#include <type_traits>

namespace cfr {
namespace {

// As bytes lie on the wire.
TEST(BigEndian, TheFirstByteIsTheHighest) {
  const uint8_t bytes[] = {0x12, 0x34, 0x56, 0x78};
  Be16 two;
  Be32 four;
  std::memcpy(&two, bytes, 2);
  std::memcpy(&four, bytes, 4);
  EXPECT_EQ(two.host(), 0x1234);
  EXPECT_EQ(four.host(), 0x12345678u);
  EXPECT_EQ(Be16::From(0x1234), two);
  EXPECT_EQ(Be32::From(0x12345678), four);
}

static_assert(!std::is_convertible_v<Be16, uint16_t> && !std::is_convertible_v<uint16_t, Be16> &&
                  !std::is_convertible_v<Be32, uint32_t> && !std::is_convertible_v<uint32_t, Be32>,
              "byte order is never mixed up silently");

// Headers lie anywhere in a frame: fields at odd addresses must be readable.
TEST(Headers, AreReadAtAnyAddress) {
  alignas(8) uint8_t memory[64] = {};
  for (size_t offset = 0; offset < 8; ++offset) {
    auto* ip = reinterpret_cast<Ipv4Header*>(memory + offset);
    ip->total_length = Be16::From(1500);
    ip->source = Be32::From(0xc0000201);
    EXPECT_EQ(memory[offset + 2], 1500 >> 8);
    EXPECT_EQ(memory[offset + 12], 0xc0);
    EXPECT_EQ(ip->source.host(), 0xc0000201u);
  }
}

}  // namespace
}  // namespace cfr
