// SPDX-License-Identifier: BSD-3-Clause
#include "common/messages.h"

#include <algorithm>

namespace cfr {

Message MakeMessage(MessageKind kind) {
  Message m;
  m.kind = kind;
  return m;
}

WirePrefix ToWire(const Prefix& prefix) {
  WirePrefix wire{};
  std::copy(prefix.address.bytes.begin(), prefix.address.bytes.end(), wire.bytes);
  wire.family = prefix.address.family == Family::kV4 ? 4 : 6;
  wire.length = prefix.length;
  return wire;
}

bool ReadPrefix(const WirePrefix& wire, bool host_bits, Prefix* prefix) {
  if (wire.family != 4 && wire.family != 6) return false;
  Prefix p;
  p.address.family = wire.family == 4 ? Family::kV4 : Family::kV6;
  std::copy(std::begin(wire.bytes), std::end(wire.bytes), p.address.bytes.begin());
  p.length = wire.length;
  if (p.length > p.address.bits()) return false;
  if (Masked(p.address, p.address.bits()) != p.address) return false;
  if (!host_bits && p.HasHostBits()) return false;
  *prefix = p;
  return true;
}

uint64_t MessageDigest(uint64_t digest, const Message& message) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&message);
  uint64_t h = digest ^ 0xcbf29ce484222325ull;
  for (size_t i = sizeof message.sequence; i < sizeof message; ++i) h = (h ^ bytes[i]) * 0x100000001b3ull;
  return h;
}

}  // namespace cfr
