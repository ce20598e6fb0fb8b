// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp_options.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/dissection.h"
#include "tests/support/packet_builder.h"
#include "tests/support/tcp_option_model.h"

namespace cfr {
namespace {

using test::Frame;
using Bytes = std::vector<uint8_t>;

constexpr size_t kPayload = 3;  // odd, so that a swapped byte in the checksum shows

class TcpOptionsTest : public testing::Test {
 protected:
  size_t Below(size_t bound) { return random_() % bound; }

  // Options as stacks send them, broken ones and noise, up to 40 bytes in whole words.
  Bytes DrawOptions() {
    static constexpr std::pair<uint8_t, uint8_t> kUsual[] = {{2, 4},   {3, 3},   {4, 2},  {8, 10},
                                                             {8, 10},  {28, 4},  {30, 8}, {30, 4},
                                                             {30, 16}, {34, 10}, {34, 2}, {254, 12}};
    static constexpr uint8_t kOddLengths[] = {0, 1, 2, 3, 9, 11, 41, 255};
    Bytes options;
    const size_t bytes = Below(11) * 4;
    while (options.size() < bytes) {
      if (Below(3) == 0) {
        options.push_back(Below(20) == 0 ? 0 : 1);
        continue;
      }
      const auto [kind, usual] = kUsual[Below(std::size(kUsual))];
      const size_t length = Below(12) == 0 ? kOddLengths[Below(sizeof kOddLengths)] : usual;
      options.push_back(Below(50) == 0 ? static_cast<uint8_t>(random_()) : kind);
      options.push_back(static_cast<uint8_t>(length));
      for (size_t i = 2; i < length; ++i)
        options.push_back(Below(3) == 0 ? 0x30 : static_cast<uint8_t>(random_()));
      if (kind == 254 && length == usual && Below(2) == 0) {
        options[options.size() - 10] = 0xf9;
        options[options.size() - 9] = 0x89;
      }
    }
    options.resize(bytes);
    return options;
  }

  Settings DrawSettings() {
    Settings settings;
    for (Setting s : {Setting::kTcpTimestamps, Setting::kScrubFastOpen, Setting::kScrubAddAddress,
                      Setting::kScrubMpCapable})
      settings.Set(s, Below(Row(s).max + 1));
    for (Setting s : {Setting::kMssClampV4, Setting::kMssClampV6}) settings.Set(s, Row(s).min + Below(1000));
    return settings;
  }

  Frame DrawSegment(Family family, uint8_t flags, const Bytes& options) {
    const char* from = family == Family::kV4 ? "203.0.113.7" : "2001:db8:a000::7";
    const char* to = family == Family::kV4 ? "198.51.100.5" : "2001:db8:5::5";
    return test::PacketBuilder()
        .From(*ParseAddress(from), 40000)
        .To(*ParseAddress(to), 443)
        .Tcp(flags, static_cast<uint32_t>(random_()), static_cast<uint32_t>(random_()))
        .TcpOptions(options)
        .Payload(kPayload)
        .Build();
  }

  std::mt19937 random_{20240611};
};

Packet View(Frame* frame, Family family) {
  Packet p;
  p.data = frame->data();
  p.length = static_cast<uint16_t>(frame->size());
  p.family = family;
  p.protocol = kProtocolTcp;
  p.l4_offset = family == Family::kV4 ? 34 : 54;
  return p;
}

// What the model says of the options, a right checksum, and not another byte changed.
TEST_F(TcpOptionsTest, AnyOptionsAsTheModelSays) {
  int changed = 0;
  for (int i = 0; i < 200'000; ++i) {
    const Settings settings = DrawSettings();
    const Family family = Below(2) == 0 ? Family::kV4 : Family::kV6;
    const Direction direction = Below(2) == 0 ? Direction::kOutbound : Direction::kInbound;
    const auto flags = static_cast<uint8_t>(Below(64));
    const uint32_t offset = Below(8) == 0 ? 0 : static_cast<uint32_t>(random_());
    const Frame in = DrawSegment(family, flags, DrawOptions());
    Frame out = in;
    Packet p = View(&out, family);
    if (direction == Direction::kOutbound)
      ScrubTcpOptions(p, offset, settings);
    else
      RestoreTcpTimestamp(p, offset);

    auto before = test::Dissect(in), after = test::Dissect(out);
    ASSERT_TRUE(before.has_value() && after.has_value());
    ASSERT_EQ(after->tcp_options,
              test::ExpectedOptions(before->tcp_options, direction, family, flags, offset, settings))
        << Name(direction) << " offset " << offset << "\n"
        << test::Describe(in) << "\n"
        << test::Describe(out);
    ASSERT_EQ(after->l4_error, 0) << test::Describe(in) << "\n" << test::Describe(out);
    changed += in != out ? 1 : 0;
    const size_t options_at = p.l4_offset + sizeof(TcpHeader), checksum_at = p.l4_offset + 16u;
    for (size_t b = 0; b < in.size(); ++b) {
      const bool mine =
          (b >= options_at && b < before->payload_offset) || b == checksum_at || b == checksum_at + 1;
      ASSERT_TRUE(mine || in[b] == out[b]) << "byte " << b;
    }
  }
  EXPECT_GT(changed, 40'000) << "the draw does not reach the options that change";
}

// Every offset a sum can carry at, both layouts of a data segment; out and back is the identity.
TEST_F(TcpOptionsTest, OutAndBackIsTheIdentity) {
  for (const Bytes& layout : {Bytes{1, 1, 8, 10}, Bytes{8, 10}, Bytes{1, 8, 10}, Bytes{1, 1, 1, 8, 10}})
    for (uint32_t value : {0u, 1u, 0xffffu, 0x10000u, 0x7fffffffu, 0xfffffffeu, 0xffffffffu})
      for (uint32_t offset : {1u, 0xffffu, 0x10000u, 0x80000000u, 0xffff0000u, 0xffffffffu}) {
        Bytes out_options = layout, in_options = layout;
        for (int shift : {24, 16, 8, 0}) out_options.push_back(static_cast<uint8_t>(value >> shift));
        out_options.resize(layout.size() + 8);
        Frame out = DrawSegment(Family::kV4, kTcpAck, out_options);
        Packet p = View(&out, Family::kV4);
        ScrubTcpOptions(p, offset, Settings());
        auto sent = test::Dissect(out);
        ASSERT_TRUE(sent.has_value());
        ASSERT_EQ(sent->l4_error, 0);
        const uint32_t shown = test::TimestampsOf(sent->tcp_options)->value;
        ASSERT_EQ(shown, value + offset);

        in_options.resize(layout.size() + 4);
        for (int shift : {24, 16, 8, 0}) in_options.push_back(static_cast<uint8_t>(shown >> shift));
        Frame in = DrawSegment(Family::kV4, kTcpAck, in_options);
        p = View(&in, Family::kV4);
        RestoreTcpTimestamp(p, offset);
        auto received = test::Dissect(in);
        ASSERT_TRUE(received.has_value());
        ASSERT_EQ(received->l4_error, 0);
        // An echo of 0 cannot be told from none and is left alone.
        ASSERT_EQ(test::TimestampsOf(received->tcp_options)->echo, shown == 0 ? 0 : value);
      }
}

TEST_F(TcpOptionsTest, ASegmentWithoutOptionsIsLeftAlone) {
  const Frame in = DrawSegment(Family::kV4, kTcpSyn | kTcpAck, {});
  Frame out = in;
  Packet p = View(&out, Family::kV4);
  ScrubTcpOptions(p, 12345, Settings());
  RestoreTcpTimestamp(p, 12345);
  EXPECT_EQ(in, out);
}

}  // namespace
}  // namespace cfr
