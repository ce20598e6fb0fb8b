// SPDX-License-Identifier: BSD-3-Clause
#include "common/address.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

namespace cfr {
namespace {

int AddressFamily(Family family) {
  return family == Family::kV4 ? AF_INET : AF_INET6;
}

uint8_t MaskByte(int length, int index) {
  int bits = length - index * 8;
  if (bits >= 8) return 0xff;
  return bits <= 0 ? 0 : static_cast<uint8_t>(0xff00u >> bits);
}

}  // namespace

Address Masked(const Address& a, int length) {
  Address m = a;
  for (int i = 0; i < 16; ++i) m.bytes[i] &= MaskByte(length, i);
  return m;
}

Address LastOf(const Prefix& p) {
  Address last = p.address;
  for (int i = 0; i < p.address.bits() / 8; ++i)
    last.bytes[i] |= static_cast<uint8_t>(~MaskByte(p.length, i));
  return last;
}

bool Prefix::Contains(const Address& a) const {
  return a.family == address.family && Masked(a, length) == Masked(address, length);
}

bool Prefix::HasHostBits() const {
  return Masked(address, length) != address;
}

std::optional<Address> ParseAddress(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof buffer || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';
  Address a;
  a.family = text.find(':') == std::string_view::npos ? Family::kV4 : Family::kV6;
  if (inet_pton(AddressFamily(a.family), buffer, a.bytes.data()) != 1) return std::nullopt;
  return a;
}

std::optional<Prefix> ParsePrefix(std::string_view text) {
  size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  auto address = ParseAddress(text.substr(0, slash));
  std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (!address || error != std::errc() || end != digits.data() + digits.size() || digits.size() > 3 ||
      length > static_cast<unsigned>(address->bits())) {
    return std::nullopt;
  }
  return Prefix{*address, static_cast<uint8_t>(length)};
}

std::string Format(const Address& a) {
  char buffer[INET6_ADDRSTRLEN];
  return inet_ntop(AddressFamily(a.family), a.bytes.data(), buffer, sizeof buffer);
}

std::string Format(const Prefix& p) {
  return Format(p.address) + "/" + std::to_string(p.length);
}

}  // namespace cfr
