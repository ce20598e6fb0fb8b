// SPDX-License-Identifier: BSD-3-Clause
#include "tests/hunt/draft.h"

#include <array>

namespace cfr::hunt {
namespace {

constexpr size_t kIpv4Header = 20, kIpv6Header = 40;

// Printable bytes: no canary can be made of them.
const uint8_t* Alphabet() {
  static const auto text = [] {
    std::array<uint8_t, kFrameMax> t{};
    for (size_t i = 0; i < t.size(); ++i) t[i] = static_cast<uint8_t>(0x20 + i * 7 % 89);
    return t;
  }();
  return text.data();
}

}  // namespace

uint16_t WordSum(const uint8_t* bytes, size_t count, uint64_t start) {
  uint64_t sum = start;
  for (; count >= 8; count -= 8, bytes += 8) {
    uint64_t words;
    std::memcpy(&words, bytes, 8);
    words = __builtin_bswap64(words);
    sum += (words >> 32) + (words & 0xffffffff);
  }
  for (size_t i = 0; i < count; ++i) sum += i % 2 == 0 ? uint64_t{bytes[i]} << 8 : bytes[i];
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

uint64_t PseudoHeaderSum(const uint8_t* ip, Family family, uint8_t protocol, size_t l4_bytes) {
  if (protocol == 1) return 0;
  bool v4 = family == Family::kV4;
  return uint64_t{WordSum(ip + (v4 ? 12 : 8), v4 ? 8 : 32)} + protocol + l4_bytes;
}

Draft& Draft::Ethernet(const uint8_t* to, const uint8_t* from) {
  return Bytes(to, 6).Bytes(from, 6);
}

Draft& Draft::Ip(const IpFields& f, const uint8_t* options, size_t option_bytes) {
  family_ = f.source.family;
  protocol_ = f.protocol;
  bool v4 = family_ == Family::kV4;
  ip_ = at_;
  if (v4) {
    Put8(static_cast<uint8_t>(0x45 + option_bytes / 4)).Put8(f.tos).Put16(0).Put16(f.id).Put16(f.fragment);
    Put8(f.ttl)
        .Put8(f.protocol)
        .Put16(0)
        .Bytes(f.source.bytes.data(), 4)
        .Bytes(f.destination.bytes.data(), 4);
    Bytes(options, option_bytes);
    next_header_ = ip_ + 9;
  } else {
    Put32(0x60000000 | uint32_t{f.tos} << 20 | f.label).Put16(0).Put8(f.protocol).Put8(f.ttl);
    Bytes(f.source.bytes.data(), 16).Bytes(f.destination.bytes.data(), 16);
    next_header_ = ip_ + 6;
  }
  l4_ = at_;
  return *this;
}

Draft& Draft::Extension(uint8_t kind, const uint8_t* body, size_t bytes) {
  *next_header_ = kind;
  next_header_ = at_;
  Put8(protocol_).Bytes(body, bytes);
  l4_ = at_;
  return *this;
}

Draft& Draft::Udp(uint16_t source_port, uint16_t destination_port) {
  l4_ = at_;
  return Put16(source_port).Put16(destination_port).Put16(0).Put16(0);
}

Draft& Draft::Tcp(const TcpFields& f, const uint8_t* options, size_t option_bytes) {
  l4_ = at_;
  Put16(f.source_port).Put16(f.destination_port).Put32(f.sequence).Put32(f.acknowledgment);
  Put8(static_cast<uint8_t>((5 + option_bytes / 4) << 4))
      .Put8(f.flags)
      .Put16(f.window)
      .Put16(0)
      .Put16(f.urgent);
  return Bytes(options, option_bytes);
}

Draft& Draft::Icmp(uint8_t type, uint8_t code, uint32_t rest) {
  l4_ = at_;
  return Put8(type).Put8(code).Put16(0).Put32(rest);
}

Draft& Draft::Text(size_t count) {
  return Bytes(Alphabet(), count);
}

Draft& Draft::Lengths() {
  auto bytes = static_cast<size_t>(at_ - ip_);
  if (family_ == Family::kV4)
    Write16(ip_ + 2, static_cast<uint32_t>(bytes));
  else
    Write16(ip_ + 4, static_cast<uint32_t>(bytes - kIpv6Header));
  if (protocol_ == 17 && at_ - l4_ >= 6) Write16(l4_ + 4, static_cast<uint32_t>(at_ - l4_));
  return *this;
}

Draft& Draft::SumIp() {
  if (family_ != Family::kV4) return *this;
  Write16(ip_ + 10, 0);
  Write16(ip_ + 10, static_cast<uint16_t>(~WordSum(ip_, size_t{ip_[0] & 0xfu} * 4)));
  return *this;
}

Draft& Draft::SumTransport() {
  size_t at = ChecksumOffset(protocol_);
  auto bytes = static_cast<size_t>(at_ - l4_);
  if (at == 0 || bytes < at + 2) return *this;
  Write16(l4_ + at, 0);
  auto sum = static_cast<uint16_t>(~WordSum(l4_, bytes, PseudoHeaderSum(ip_, family_, protocol_, bytes)));
  Write16(l4_ + at, sum == 0 && protocol_ == 17 ? 0xffff : sum);
  return *this;
}

Draft& Draft::Close() {
  return Lengths().SumIp().SumTransport();
}

}  // namespace cfr::hunt
