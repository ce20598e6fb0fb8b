// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/padding.h"

#include <gtest/gtest.h>

#include <array>

namespace cfr {
namespace {

// E-7: whatever a buffer held before, a short frame leaves with zeros and a long one as it is.
TEST(Padding, ShortFramesEndInZeros) {
  constexpr uint16_t kHeadroom = 128;
  for (uint16_t length = 14; length < 80; ++length) {
    std::array<uint8_t, 2048> memory;
    memory.fill(0xee);
    rte_mbuf m{};
    m.buf_addr = memory.data();
    m.buf_len = static_cast<uint16_t>(memory.size());
    m.data_off = kHeadroom;
    m.nb_segs = 1;
    m.data_len = length;
    m.pkt_len = length;
    const uint16_t added = Pad(&m);
    ASSERT_EQ(added, length < 60 ? 60 - length : 0);
    ASSERT_EQ(m.data_len, length + added);
    ASSERT_EQ(m.pkt_len, m.data_len);
    for (int i = 0; i < 80; ++i)
      ASSERT_EQ(memory[static_cast<size_t>(kHeadroom + i)], i >= length && i < 60 ? 0 : 0xee)
          << length << " " << i;
  }
}

}  // namespace
}  // namespace cfr
