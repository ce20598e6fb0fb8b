// SPDX-License-Identifier: BSD-3-Clause
// ARP frames and neighbour discovery messages, right ones and wrong ones (RFC 826, RFC 4861).
#pragma once

#include <optional>

#include "tests/support/packet_builder.h"

namespace cfr::test {

struct Arp {
  static constexpr uint8_t kRequest = 1, kReply = 2;
  uint8_t operation = kRequest;
  MacAddress sender_mac{};
  Address sender;
  MacAddress target_mac{};
  Address target;
  uint8_t hardware_type = 1, hardware_length = 6;

  Frame Build(const MacAddress& source, const MacAddress& destination) const;
};

// ff02::1:ffXX:XXXX of an address, and the MAC of a multicast group.
Address SolicitedNode(const Address& target);
MacAddress GroupMac(const Address& group);

// With the link-layer address option of its kind, or without; hop limit 255. The stations and all else are
// the caller's to say.
PacketBuilder Solicitation(const Address& source, const Address& target, std::optional<MacAddress> mac);
PacketBuilder Advertisement(const Address& target, const Address& destination, std::optional<MacAddress> mac,
                            uint32_t flags = 0x60000000);

}  // namespace cfr::test
