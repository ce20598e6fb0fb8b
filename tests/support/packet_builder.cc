// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/packet_builder.h"

#include <algorithm>
#include <utility>

namespace cfr::test {
namespace {

constexpr uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kFragment = 44, kIcmp6 = 58;
constexpr size_t kEthernet = 14;

void Put16(Frame& f, size_t at, uint16_t value) {
  f[at] = static_cast<uint8_t>(value >> 8);
  f[at + 1] = static_cast<uint8_t>(value);
}
void Put32(Frame& f, size_t at, uint32_t value) {
  Put16(f, at, static_cast<uint16_t>(value >> 16));
  Put16(f, at + 2, static_cast<uint16_t>(value));
}
void Append(Frame& f, const std::vector<uint8_t>& bytes) {
  f.insert(f.end(), bytes.begin(), bytes.end());
}

size_t AddressBytes(const Address& a) {
  return a.family == Family::kV4 ? 4 : 16;
}

// A sum that is never the "no checksum" of UDP.
uint16_t Inverted(uint16_t sum) {
  return static_cast<uint16_t>(~sum);
}

}  // namespace

uint16_t NaiveSum(const uint8_t* bytes, size_t count, uint32_t start) {
  uint32_t sum = start;
  for (size_t i = 0; i < count; ++i) {
    sum += i % 2 == 0 ? uint32_t{bytes[i]} * 256 : bytes[i];
    if (sum > 0xffff) sum -= 0xffff;
  }
  return static_cast<uint16_t>(sum);
}

uint16_t PseudoSum(const Address& source, const Address& destination, uint8_t protocol, size_t l4_bytes) {
  uint16_t sum = NaiveSum(source.bytes.data(), AddressBytes(source));
  sum = NaiveSum(destination.bytes.data(), AddressBytes(destination), sum);
  const uint8_t tail[4] = {static_cast<uint8_t>(l4_bytes >> 8), static_cast<uint8_t>(l4_bytes), 0, protocol};
  return NaiveSum(tail, sizeof tail, sum);
}

PacketBuilder& PacketBuilder::Stations(const MacAddress& source, const MacAddress& destination) {
  source_mac_ = source;
  destination_mac_ = destination;
  return *this;
}
PacketBuilder& PacketBuilder::Ethertype(uint16_t value) {
  ethertype_ = value;
  return *this;
}
PacketBuilder& PacketBuilder::Tags(std::vector<uint8_t> bytes) {
  tags_ = std::move(bytes);
  return *this;
}
PacketBuilder& PacketBuilder::From(const Address& a, uint16_t port) {
  from_ = a;
  from_port_ = port;
  return *this;
}
PacketBuilder& PacketBuilder::To(const Address& a, uint16_t port) {
  to_ = a;
  to_port_ = port;
  return *this;
}
PacketBuilder& PacketBuilder::Udp() {
  transport_ = Transport::kUdp;
  return *this;
}
PacketBuilder& PacketBuilder::Tcp(uint8_t flags, uint32_t sequence, uint32_t acknowledgment) {
  transport_ = Transport::kTcp;
  flags_ = flags;
  sequence_ = sequence;
  acknowledgment_ = acknowledgment;
  return *this;
}
PacketBuilder& PacketBuilder::TcpReserved(uint8_t bits) {
  tcp_reserved_ = bits;
  return *this;
}
PacketBuilder& PacketBuilder::TcpOptions(std::vector<uint8_t> options) {
  tcp_options_ = std::move(options);
  tcp_options_.resize((tcp_options_.size() + 3) / 4 * 4);
  return *this;
}
PacketBuilder& PacketBuilder::EchoRequest(uint16_t identifier, uint16_t sequence) {
  transport_ = Transport::kIcmp;
  echo_ = true;
  echo_reply_ = false;
  icmp_rest_ = uint32_t{identifier} << 16 | sequence;
  return *this;
}
PacketBuilder& PacketBuilder::EchoReply(uint16_t identifier, uint16_t sequence) {
  EchoRequest(identifier, sequence);
  echo_reply_ = true;
  return *this;
}
PacketBuilder& PacketBuilder::Icmp(uint8_t type, uint8_t code, uint32_t rest) {
  transport_ = Transport::kIcmp;
  echo_ = false;
  icmp_type_ = type;
  icmp_code_ = code;
  icmp_rest_ = rest;
  return *this;
}
PacketBuilder& PacketBuilder::Protocol(uint8_t number) {
  transport_ = Transport::kRaw;
  protocol_ = number;
  return *this;
}
PacketBuilder& PacketBuilder::Payload(size_t bytes) {
  payload_.resize(bytes);
  uint32_t state = 0x9e3779b9;
  for (uint8_t& b : payload_) b = static_cast<uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  return *this;
}
PacketBuilder& PacketBuilder::Payload(std::vector<uint8_t> bytes) {
  payload_ = std::move(bytes);
  return *this;
}
PacketBuilder& PacketBuilder::Ttl(uint8_t value) {
  ttl_ = value;
  return *this;
}
PacketBuilder& PacketBuilder::TrafficClass(uint8_t value) {
  traffic_class_ = value;
  return *this;
}
PacketBuilder& PacketBuilder::Ipv4Id(uint16_t value) {
  ipv4_id_ = value;
  return *this;
}
PacketBuilder& PacketBuilder::Ipv4Fragment(uint16_t flags_and_offset) {
  ipv4_fragment_ = flags_and_offset;
  return *this;
}
PacketBuilder& PacketBuilder::FragmentId(uint32_t value) {
  fragment_id_ = value;
  return Ipv4Id(static_cast<uint16_t>(value));
}
PacketBuilder& PacketBuilder::Fragment(size_t first, std::optional<size_t> end) {
  cut_ = {first, end};
  return Ipv4Fragment(0);
}
PacketBuilder& PacketBuilder::Ipv4Options(std::vector<uint8_t> options) {
  ipv4_options_ = std::move(options);
  ipv4_options_.resize((ipv4_options_.size() + 3) / 4 * 4);
  return *this;
}
PacketBuilder& PacketBuilder::Ipv6Extension(uint8_t kind, std::vector<uint8_t> body) {
  extensions_.push_back({kind, std::move(body)});
  return *this;
}
PacketBuilder& PacketBuilder::FlowLabel(uint32_t value) {
  flow_label_ = value;
  return *this;
}
PacketBuilder& PacketBuilder::Trailer(size_t bytes) {
  trailer_ = bytes;
  return *this;
}

uint8_t PacketBuilder::TransportNumber() const {
  switch (transport_) {
    case Transport::kUdp:
      return kUdp;
    case Transport::kTcp:
      return kTcp;
    case Transport::kIcmp:
      return from_.family == Family::kV4 ? kIcmp : kIcmp6;
    case Transport::kRaw:
      return protocol_;
  }
  return 0;
}

Frame PacketBuilder::BuildTransport() const {
  if (transport_ == Transport::kRaw) return payload_;
  Frame f(transport_ == Transport::kTcp ? 20 : 8);
  size_t checksum_at = 0;
  if (transport_ == Transport::kIcmp) {
    bool v4 = from_.family == Family::kV4;
    uint8_t echo_type = echo_reply_ ? (v4 ? 0 : 129) : (v4 ? 8 : 128);
    f[0] = echo_ ? echo_type : icmp_type_;
    f[1] = echo_ ? 0 : icmp_code_;
    Put32(f, 4, icmp_rest_);
    checksum_at = 2;
  } else {
    Put16(f, 0, from_port_);
    Put16(f, 2, to_port_);
    checksum_at = transport_ == Transport::kTcp ? 16 : 6;
  }
  if (transport_ == Transport::kTcp) {
    Put32(f, 4, sequence_);
    Put32(f, 8, acknowledgment_);
    size_t words = 5 + tcp_options_.size() / 4;
    f[12] = static_cast<uint8_t>(wrong_.tcp_offset_words.value_or(static_cast<uint8_t>(words)) << 4 |
                                 tcp_reserved_);
    f[13] = flags_;
    Put16(f, 14, 0xfaf0);
    Append(f, tcp_options_);
  }
  Append(f, payload_);
  if (transport_ == Transport::kUdp) {
    int length = static_cast<int>(f.size()) + wrong_.udp_length_by.value_or(0);
    Put16(f, 4, wrong_.udp_length.value_or(static_cast<uint16_t>(length)));
  }
  bool pseudo = TransportNumber() != kIcmp;
  uint16_t start = pseudo ? PseudoSum(from_, to_, TransportNumber(), f.size()) : 0;
  uint16_t right = Inverted(NaiveSum(f.data(), f.size(), start));
  if (transport_ == Transport::kUdp && right == 0) right = 0xffff;
  if (wrong_.l4_checksum_off) right = static_cast<uint16_t>(right == 0xfffe ? 1 : right + 1);
  Put16(f, checksum_at, wrong_.l4_checksum.value_or(right));
  return f;
}

bool PacketBuilder::IsLast(size_t transport_bytes) const {
  return !cut_->end.has_value() || *cut_->end >= transport_bytes;
}

Frame PacketBuilder::CutOf(const Frame& transport) const {
  if (!cut_.has_value()) return transport;
  auto at = [&](size_t byte) {
    return transport.begin() + static_cast<std::ptrdiff_t>(std::min(byte, transport.size()));
  };
  return {at(cut_->first), at(cut_->end.value_or(transport.size()))};
}

Frame PacketBuilder::BuildIpv4(const Frame& transport) const {
  size_t header = 20 + ipv4_options_.size();
  Frame f(20);
  f[0] = static_cast<uint8_t>(wrong_.ip_version.value_or(4) << 4 |
                              wrong_.ip_header_words.value_or(static_cast<uint8_t>(header / 4)));
  f[1] = traffic_class_;
  int length = static_cast<int>(header + CutOf(transport).size()) + wrong_.ip_length_by.value_or(0);
  Put16(f, 2, wrong_.ip_length.value_or(static_cast<uint16_t>(length)));
  Put16(f, 4, ipv4_id_);
  size_t cut = 0;
  if (cut_.has_value()) cut = cut_->first / 8 | (IsLast(transport.size()) ? 0u : 0x2000u);
  Put16(f, 6, static_cast<uint16_t>(ipv4_fragment_ | cut));
  f[8] = ttl_;
  f[9] = wrong_.next_header.value_or(TransportNumber());
  for (size_t i = 0; i < 4; ++i) {
    f[12 + i] = from_.bytes[i];
    f[16 + i] = to_.bytes[i];
  }
  Append(f, ipv4_options_);
  uint16_t right = Inverted(NaiveSum(f.data(), f.size()));
  if (wrong_.ip_checksum_off) ++right;
  Put16(f, 10, wrong_.ip_checksum.value_or(right));
  Append(f, CutOf(transport));
  return f;
}

// What follows the extension headers given.
uint8_t PacketBuilder::LastNextHeader() const {
  return cut_.has_value() ? kFragment : wrong_.next_header.value_or(TransportNumber());
}

Frame PacketBuilder::BuildIpv6(const Frame& transport) const {
  Frame f(40);
  Put32(f, 0, uint32_t{wrong_.ip_version.value_or(6)} << 28 | uint32_t{traffic_class_} << 20 | flow_label_);
  uint8_t next = LastNextHeader();
  for (auto e = extensions_.rbegin(); e != extensions_.rend(); ++e) next = e->kind;
  f[6] = next;
  f[7] = ttl_;
  for (size_t i = 0; i < 16; ++i) {
    f[8 + i] = from_.bytes[i];
    f[24 + i] = to_.bytes[i];
  }
  for (size_t i = 0; i < extensions_.size(); ++i) {
    f.push_back(i + 1 < extensions_.size() ? extensions_[i + 1].kind : LastNextHeader());
    Append(f, extensions_[i].body);
  }
  if (cut_.has_value()) {
    size_t at = f.size();
    f.resize(at + 8);
    f[at] = wrong_.next_header.value_or(TransportNumber());
    Put16(f, at + 2, static_cast<uint16_t>(cut_->first | (IsLast(transport.size()) ? 0 : 1)));
    Put32(f, at + 4, fragment_id_);
  }
  Append(f, CutOf(transport));
  int length = static_cast<int>(f.size()) - 40 + wrong_.ip_length_by.value_or(0);
  Put16(f, 4, wrong_.ip_length.value_or(static_cast<uint16_t>(length)));
  return f;
}

Frame PacketBuilder::Build() const {
  bool v4 = from_.family == Family::kV4;
  Frame f(kEthernet);
  for (size_t i = 0; i < 6; ++i) {
    f[i] = destination_mac_[i];
    f[6 + i] = source_mac_[i];
  }
  Put16(f, 12, ethertype_.value_or(v4 ? 0x0800 : 0x86dd));
  Frame transport = BuildTransport();
  Append(f, v4 ? BuildIpv4(transport) : BuildIpv6(transport));
  f.insert(f.begin() + 12, tags_.begin(), tags_.end());
  f.insert(f.end(), trailer_, 0xee);
  if (wrong_.frame_bytes.has_value()) f.resize(*wrong_.frame_bytes);
  return f;
}

}  // namespace cfr::test
