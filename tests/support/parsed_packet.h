// SPDX-License-Identifier: BSD-3-Clause
// A frame and the view the pipeline has of it once it is parsed, for tests of single steps.
#pragma once

#include "dataplane/parse.h"
#include "tests/support/packet_builder.h"

namespace cfr::test {

struct ParsedPacket {
  explicit ParsedPacket(const PacketBuilder& builder) : frame(builder.Build()) {
    packet.data = frame.data();
    packet.length = static_cast<uint16_t>(frame.size());
    Parse(packet, {.mac = {2, 0, 0, 0, 0, 1}}, kDefaultSettings);  // the builder's destination
  }
  ParsedPacket(const ParsedPacket&) = delete;

  Frame frame;
  Packet packet;
};

}  // namespace cfr::test
