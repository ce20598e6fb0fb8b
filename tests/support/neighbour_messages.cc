// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/neighbour_messages.h"

#include <algorithm>

namespace cfr::test {
namespace {

PacketBuilder Message(uint8_t type, uint32_t flags, const Address& target, uint8_t option,
                      std::optional<MacAddress> mac) {
  std::vector<uint8_t> body(target.bytes.begin(), target.bytes.end());
  if (mac.has_value()) {
    body.insert(body.end(), {option, 1});
    body.insert(body.end(), mac->begin(), mac->end());
  }
  return PacketBuilder().Icmp(type, 0, flags).Payload(body).Ttl(255);
}

}  // namespace

Frame Arp::Build(const MacAddress& source, const MacAddress& destination) const {
  Frame f(destination.begin(), destination.end());
  f.insert(f.end(), source.begin(), source.end());
  f.insert(f.end(), {8, 6, 0, hardware_type, 8, 0, hardware_length, 4, 0, operation});
  f.insert(f.end(), sender_mac.begin(), sender_mac.end());
  f.insert(f.end(), sender.bytes.begin(), sender.bytes.begin() + 4);
  f.insert(f.end(), target_mac.begin(), target_mac.end());
  f.insert(f.end(), target.bytes.begin(), target.bytes.begin() + 4);
  return f;
}

Address SolicitedNode(const Address& target) {
  Address group = *ParseAddress("ff02::1:ff00:0");
  std::copy(target.bytes.begin() + 13, target.bytes.end(), group.bytes.begin() + 13);
  return group;
}

MacAddress GroupMac(const Address& group) {
  return {0x33, 0x33, group.bytes[12], group.bytes[13], group.bytes[14], group.bytes[15]};
}

PacketBuilder Solicitation(const Address& source, const Address& target, std::optional<MacAddress> mac) {
  return Message(135, 0, target, 1, mac).From(source).To(SolicitedNode(target));
}

PacketBuilder Advertisement(const Address& target, const Address& destination, std::optional<MacAddress> mac,
                            uint32_t flags) {
  return Message(136, flags, target, 2, mac).From(target).To(destination);
}

}  // namespace cfr::test
