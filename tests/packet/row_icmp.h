// SPDX-License-Identifier: BSD-3-Clause
// The parts of a row that are about ICMP errors: their kinds in both families, their own header fields
// and how much they quote.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/packet_builder.h"

namespace cfr::test {

struct IcmpKind {
  uint8_t type, code;
};
// "TYPE/CODE", "TYPE", or a word that means the same in both families, such as "time-exceeded".
IcmpKind IcmpKindOf(const std::string& detail, Family family);

struct IcmpErrorFields {
  uint32_t mtu = 0, pointer = 0;
  uint32_t length = 0;                // RFC 4884, in its units
  std::optional<size_t> quote_bytes;  // the quote is cut or filled with zeros to this many
  std::vector<uint8_t> objects;       // behind the quote
};
// Makes the builder's packet an error of this kind about `quoted`, a frame.
void SetQuote(IcmpKind kind, const IcmpErrorFields& fields, const Frame& quoted, PacketBuilder* builder);

}  // namespace cfr::test
