// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/dissection.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace cfr::test {
namespace {

constexpr size_t kEthernet = 14;

uint16_t Get16(const Frame& f, size_t at) {
  return static_cast<uint16_t>(f[at] << 8 | f[at + 1]);
}
uint32_t Get32(const Frame& f, size_t at) {
  return uint32_t{Get16(f, at)} << 16 | Get16(f, at + 2);
}

std::vector<uint8_t> Slice(const Frame& f, size_t from, size_t to) {
  return {f.begin() + static_cast<std::ptrdiff_t>(from), f.begin() + static_cast<std::ptrdiff_t>(to)};
}

bool DissectIpv4(const Frame& f, Dissection* d) {
  if (f.size() < kEthernet + 20 || f[kEthernet] != 0x45) return false;
  d->ip_bytes = Get16(f, kEthernet + 2);
  if (d->ip_bytes < 20 || kEthernet + d->ip_bytes > f.size()) return false;
  d->traffic_class = f[kEthernet + 1];
  d->ipv4_id = Get16(f, kEthernet + 4);
  d->ipv4_fragment = Get16(f, kEthernet + 6);
  d->ttl = f[kEthernet + 8];
  d->protocol = f[kEthernet + 9];
  d->source = Address::FromV4(&f[kEthernet + 12]);
  d->destination = Address::FromV4(&f[kEthernet + 16]);
  d->fragment = (d->ipv4_fragment & 0x3fff) != 0;
  d->more_fragments = (d->ipv4_fragment & 0x2000) != 0;
  d->fragment_id = d->ipv4_id;
  d->fragment_first = (d->ipv4_fragment & 0x1fff) * size_t{8};
  d->fragment_offset = kEthernet + 20;
  d->fragment_end = d->fragment_first + d->ip_bytes - 20;
  d->ip_checksum_right = NaiveSum(&f[kEthernet], 20) == 0xffff;
  d->l4_offset = kEthernet + 20;
  return true;
}

// Hop-by-Hop and Destination Options, and a Fragment header, behind which a later fragment ends the walk.
bool SkipExtensions(const Frame& f, Dissection* d) {
  const size_t start = d->l4_offset, end = kEthernet + d->ip_bytes;
  size_t id_at = 0;
  while ((d->protocol == 0 || d->protocol == 60 || d->protocol == 44) && !d->later_fragment()) {
    const size_t at = d->l4_offset;
    const size_t bytes = d->protocol == 44 || end - at < 8 ? 8 : f[at + 1] * size_t{8} + 8;
    if (end - at < bytes) return false;
    if (d->protocol == 44) {
      d->fragment = Get16(f, at + 2) != 0;
      d->more_fragments = (f[at + 3] & 1) != 0;
      d->fragment_id = Get32(f, at + 4);
      d->fragment_first = Get16(f, at + 2) & 0xfff8;
      d->fragment_offset = at + 8;
      d->fragment_end = d->fragment_first + end - at - 8;
      id_at = at + 4 - start;
    }
    d->protocol = f[at];
    d->l4_offset += bytes;
  }
  d->extensions = Slice(f, start, d->l4_offset);
  if (id_at != 0) std::fill_n(d->extensions.begin() + static_cast<std::ptrdiff_t>(id_at), 4, uint8_t{0});
  return true;
}

bool DissectIpv6(const Frame& f, Dissection* d) {
  if (f.size() < kEthernet + 40 || f[kEthernet] >> 4 != 6) return false;
  d->ip_bytes = size_t{40} + Get16(f, kEthernet + 4);
  if (kEthernet + d->ip_bytes > f.size()) return false;
  uint32_t word = Get32(f, kEthernet);
  d->traffic_class = static_cast<uint8_t>(word >> 20);
  d->flow_label = word & 0xfffff;
  d->protocol = f[kEthernet + 6];
  d->ttl = f[kEthernet + 7];
  d->source = Address::FromV6(&f[kEthernet + 8]);
  d->destination = Address::FromV6(&f[kEthernet + 24]);
  d->l4_offset = kEthernet + 40;
  return SkipExtensions(f, d);
}

// Distance of the stated checksum from the right one; congruent values are equally right.
uint16_t ChecksumError(const Frame& f, const Dissection& d, size_t end) {
  bool v4_icmp = d.protocol == 1;
  uint16_t start = v4_icmp ? 0 : PseudoSum(d.source, d.destination, d.protocol, end - d.l4_offset);
  uint16_t sum = NaiveSum(&f[d.l4_offset], end - d.l4_offset, start);
  return sum == 0xffff ? 0 : sum;
}

bool DissectTransport(const Frame& f, Dissection* d) {
  size_t at = d->l4_offset, end = kEthernet + d->ip_bytes, bytes = end - at;
  if (d->later_fragment()) {
    d->payload_offset = at;
    d->payload = Slice(f, at, end);
    return true;
  }
  size_t header = d->protocol == 6 ? 20 : 8;
  if (bytes < header) return false;
  size_t checksum_at = d->protocol == 6 ? 16 : 6;
  if (d->protocol == 6) {
    header = size_t{f[at + 12]} / 16 * 4;
    if (header < 20 || header > bytes) return false;
    d->tcp_sequence = Get32(f, at + 4);
    d->tcp_acknowledgment = Get32(f, at + 8);
    d->tcp_flags = f[at + 13];
  }
  size_t rest_at = 4;
  if (d->protocol == 6 || d->protocol == 17) {
    d->source_port = Get16(f, at);
    d->destination_port = Get16(f, at + 2);
  } else if (d->icmp()) {
    checksum_at = 2;
    d->icmp_type = f[at];
    d->icmp_code = f[at + 1];
    d->icmp_word = Get32(f, at + 4);
    if (d->echo_request()) d->source_port = Get16(f, at + 4);
    if (d->echo_reply()) d->destination_port = Get16(f, at + 4);
    rest_at = d->echo_request() || d->echo_reply() ? 6 : 4;
  } else {
    return false;
  }
  d->l4_checksum = Get16(f, at + checksum_at);
  if (!d->fragment) d->l4_error = ChecksumError(f, *d, end);
  const size_t options_at = d->protocol == 6 ? at + 20 : at + header;
  d->header_rest = Slice(f, at + rest_at, options_at);
  d->tcp_options = Slice(f, options_at, at + header);
  if (checksum_at >= rest_at) {
    auto sum = d->header_rest.begin() + static_cast<std::ptrdiff_t>(checksum_at - rest_at);
    d->header_rest.erase(sum, sum + 2);
  }
  d->payload_offset = at + header;
  d->payload = Slice(f, d->payload_offset, end);
  return true;
}

std::string FlagText(uint8_t flags) {
  std::string text;
  for (int i = 0; i < 8; ++i)
    if ((flags >> i & 1) != 0) text += "FSRPAUEC"[i];
  return text.empty() ? "none" : text;
}

// The frame without its VLAN tags, which go to `tags`.
Frame Untagged(const Frame& frame, std::vector<uint8_t>* tags) {
  size_t end = 12;
  while (frame.size() >= end + 6 && (Get16(frame, end) == 0x8100 || Get16(frame, end) == 0x88a8)) end += 4;
  *tags = Slice(frame, 12, end);
  Frame untagged = Slice(frame, 0, 12);
  untagged.insert(untagged.end(), frame.begin() + static_cast<std::ptrdiff_t>(end), frame.end());
  return untagged;
}

}  // namespace

std::optional<Dissection> Dissect(const Frame& tagged) {
  Dissection d;
  if (tagged.size() < kEthernet) return std::nullopt;
  const Frame frame = Untagged(tagged, &d.tags);
  std::copy_n(frame.begin(), 6, d.destination_mac.begin());
  std::copy_n(frame.begin() + 6, 6, d.source_mac.begin());
  d.ethertype = Get16(frame, 12);
  bool whole = d.ethertype == 0x0800   ? DissectIpv4(frame, &d)
               : d.ethertype == 0x86dd ? DissectIpv6(frame, &d)
                                       : false;
  if (!whole || !DissectTransport(frame, &d)) return std::nullopt;
  d.l4_offset += d.tags.size();
  if (d.fragment_offset != 0) d.fragment_offset += d.tags.size();
  d.payload_offset += d.tags.size();
  return d;
}

std::string FormatMac(const uint8_t* mac) {
  return absl::StrFormat("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

std::string Describe(const Frame& frame) {
  auto d = Dissect(frame);
  if (!d.has_value()) {
    std::string text = absl::StrCat(frame.size(), " bytes:");
    for (size_t i = 0; i < std::min<size_t>(frame.size(), 64); ++i)
      absl::StrAppendFormat(&text, " %02x", frame[i]);
    return text;
  }
  auto end = [](const Address& a, uint16_t port) {
    return a.family == Family::kV4 ? absl::StrCat(Format(a), ":", port)
                                   : absl::StrCat("[", Format(a), "]:", port);
  };
  std::string text =
      absl::StrCat(end(d->source, d->source_port), " > ", end(d->destination, d->destination_port));
  if (d->later_fragment())
    absl::StrAppend(&text, " later fragment of protocol ", d->protocol);
  else if (d->protocol == 6)
    absl::StrAppendFormat(&text, " tcp %s seq=%u ack=%u", FlagText(d->tcp_flags), d->tcp_sequence,
                          d->tcp_acknowledgment);
  else if (d->protocol == 17)
    absl::StrAppend(&text, " udp");
  else
    absl::StrAppend(&text, " icmp ", d->icmp_type, "/", d->icmp_code);
  for (size_t i = 0; i < d->tcp_options.size(); ++i)
    absl::StrAppendFormat(&text, "%s%02x", i == 0 ? " options " : "", d->tcp_options[i]);
  absl::StrAppendFormat(&text, " len=%u ttl=%u class=0x%02x", d->payload.size(), d->ttl, d->traffic_class);
  if (d->source.family == Family::kV4)
    absl::StrAppendFormat(&text, " id=0x%04x frag=0x%04x", d->ipv4_id, d->ipv4_fragment);
  else
    absl::StrAppendFormat(&text, " label=0x%05x", d->flow_label);
  if (d->fragment)
    absl::StrAppendFormat(&text, " part=%u-%u%s of %#x", d->fragment_first, d->fragment_end,
                          d->more_fragments ? " and more" : "", d->fragment_id);
  if (!d->ip_checksum_right) absl::StrAppend(&text, " IP CHECKSUM WRONG");
  if (d->l4_error != 0)
    absl::StrAppendFormat(&text, " l4 checksum 0x%04x off by 0x%04x", d->l4_checksum, d->l4_error);
  return absl::StrCat(text, " (", frame.size(), " bytes, ", FormatMac(d->source_mac.data()), " > ",
                      FormatMac(d->destination_mac.data()), ")");
}

}  // namespace cfr::test
