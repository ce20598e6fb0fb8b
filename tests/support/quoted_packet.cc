// SPDX-License-Identifier: BSD-3-Clause
// Reads what an ICMP error quotes: a packet that may end anywhere behind its ports.
#include "tests/support/dissection.h"

namespace cfr::test {
namespace {

using Bytes = std::vector<uint8_t>;

uint16_t Get16(const Bytes& b, size_t at) {
  return static_cast<uint16_t>(b[at] << 8 | b[at + 1]);
}

bool ReadIpv4(const Bytes& b, Dissection* d) {
  if (b.size() < 20 || b[0] >> 4 != 4) return false;
  d->l4_offset = size_t{b[0]} % 16 * 4;
  if (d->l4_offset < 20 || d->l4_offset > b.size()) return false;
  d->traffic_class = b[1];
  d->ip_bytes = Get16(b, 2);
  d->fragment_id = d->ipv4_id = Get16(b, 4);
  d->ipv4_fragment = Get16(b, 6);
  d->ttl = b[8];
  d->protocol = b[9];
  d->source = Address::FromV4(&b[12]);
  d->destination = Address::FromV4(&b[16]);
  d->ip_checksum_right = NaiveSum(b.data(), d->l4_offset) == 0xffff;
  return true;
}

bool ReadIpv6(const Bytes& b, Dissection* d) {
  if (b.size() < 40 || b[0] >> 4 != 6) return false;
  d->traffic_class = static_cast<uint8_t>(Get16(b, 0) >> 4);
  d->flow_label = (uint32_t{Get16(b, 0)} << 16 | Get16(b, 2)) & 0xfffff;
  d->ip_bytes = size_t{40} + Get16(b, 4);
  d->ttl = b[7];
  d->source = Address::FromV6(&b[8]);
  d->destination = Address::FromV6(&b[24]);
  uint8_t next = b[6];
  size_t at = 40;
  while ((next == 0 || next == 60 || next == 44) && at + 8 <= b.size()) {
    size_t bytes = next == 44 ? 8 : (size_t{b[at + 1]} + 1) * 8;
    next = b[at];
    at += bytes;
  }
  d->protocol = next;
  d->l4_offset = at;
  return true;
}

}  // namespace

std::optional<Dissection> DissectQuoted(const Dissection& error) {
  const Bytes& b = error.payload;
  Dissection d;
  bool read = error.source.family == Family::kV4 ? ReadIpv4(b, &d) : ReadIpv6(b, &d);
  const size_t at = d.l4_offset;
  if (!read || at + 8 > b.size()) return std::nullopt;
  size_t checksum_at = at + (d.protocol == 6 ? 16 : d.protocol == 17 ? 6 : 2);
  if (d.icmp()) {
    d.icmp_type = b[at];
    d.icmp_code = b[at + 1];
    if (d.echo_request()) d.source_port = Get16(b, at + 4);
    if (d.echo_reply()) d.destination_port = Get16(b, at + 4);
  } else {
    d.source_port = Get16(b, at);
    d.destination_port = Get16(b, at + 2);
  }
  if (d.protocol == 6 && at + 14 <= b.size()) d.tcp_flags = b[at + 13];
  if (checksum_at + 2 <= b.size()) d.l4_checksum = Get16(b, checksum_at);
  if (b.size() < d.ip_bytes || checksum_at + 2 > d.ip_bytes) return d;
  const size_t l4_bytes = d.ip_bytes - at;
  uint16_t start = d.protocol == 1 ? 0 : PseudoSum(d.source, d.destination, d.protocol, l4_bytes);
  uint16_t sum = NaiveSum(&b[at], l4_bytes, start);
  d.l4_error = sum == 0xffff ? 0 : sum;
  return d;
}

}  // namespace cfr::test
