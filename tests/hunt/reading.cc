// SPDX-License-Identifier: BSD-3-Clause
#include "tests/hunt/reading.h"

#include <algorithm>

#include "tests/hunt/draft.h"

namespace cfr::hunt {
namespace {

constexpr int kChainMax = 16;

void ReadTransport(Reading* r) {
  size_t bytes = r->l4_bytes();
  bool echo =
      r->icmp() && bytes >= 8 && (r->l4[0] == 0 || r->l4[0] == 8 || r->l4[0] == 128 || r->l4[0] == 129);
  if ((r->protocol == 6 || r->protocol == 17) && bytes >= 4) {
    r->ports = true;
    r->source_port = Read16(r->l4);
    r->destination_port = Read16(r->l4 + 2);
  } else if (echo) {
    r->ports = true;
    r->reply = r->l4[0] == 0 || r->l4[0] == 129;
    (r->reply ? r->destination_port : r->source_port) = Read16(r->l4 + 4);
  }
  size_t header = r->protocol == 17 || r->icmp() ? 8 : 0;
  if (r->protocol == 6 && bytes >= 13) header = std::max<size_t>(20, size_t{r->l4[12]} / 16 * 4);
  r->l4_header = header <= bytes ? header : 0;
}

// From the fixed IPv6 header to the transport.
void WalkChain(Reading* r) {
  uint8_t kind = r->ip[6];
  const uint8_t* at = r->ip + 40;
  for (int n = 0; n < kChainMax && at + 8 <= r->end; ++n) {
    size_t header = 8 + size_t{at[1]} * 8;
    if (kind == 44) {
      uint16_t field = Read16(at + 2);
      r->fragment = (field & 0xfff9) != 0;
      r->later = (field & 0xfff8) != 0;
      r->fragment_id = Read32(at + 4);
      r->has_fragment_header = true;
      header = 8;
    } else if (kind == 51) {
      header = 8 + size_t{at[1]} * 4;
    } else if (kind != 0 && kind != 43 && kind != 60 && kind != 135 && kind != 139 && kind != 140) {
      break;
    }
    kind = at[0];
    at = std::min(at + header, r->end);
    if (r->later) break;
  }
  r->protocol = kind;
  r->l4 = at;
}

}  // namespace

bool Reading::icmp_error() const {
  if (!icmp() || l4_header == 0) return false;
  return family == Family::kV4 ? l4[0] == 3 || l4[0] == 4 || l4[0] == 5 || l4[0] == 11 || l4[0] == 12
                               : l4[0] < 128;
}

Reading ReadIp(const uint8_t* ip, size_t bytes, bool whole) {
  Reading r;
  if (bytes < 20) return r;
  r.family = ip[0] >> 4 == 4 ? Family::kV4 : Family::kV6;
  bool v4 = r.family == Family::kV4;
  if (!v4 && (ip[0] >> 4 != 6 || bytes < 40)) return r;
  size_t stated = v4 ? Read16(ip + 2) : size_t{40} + Read16(ip + 4);
  if (whole && (stated > bytes || stated < (v4 ? 20 : 40))) return r;
  r.ip = ip;
  r.end = ip + (whole ? stated : bytes);
  if (v4) {
    r.l4 = std::min(ip + size_t{ip[0] & 0xfu} * 4, r.end);
    r.protocol = ip[9];
    r.fragment = (Read16(ip + 6) & 0x3fff) != 0;
    r.later = (Read16(ip + 6) & 0x1fff) != 0;
    r.fragment_id = Read16(ip + 4);
  } else {
    WalkChain(&r);
  }
  if (!r.later) ReadTransport(&r);
  return r;
}

std::vector<uint16_t> ReadTags(std::span<const uint8_t> frame) {
  std::vector<uint16_t> ids;
  for (size_t at = 12; at + 6 <= frame.size(); at += 4) {
    const uint16_t type = Read16(frame.data() + at), id = Read16(frame.data() + at + 2) & 0x0fff;
    if (type != 0x8100 && type != 0x88a8) break;
    if (id != 0) ids.push_back(id);
  }
  return ids;
}

Reading ReadFrame(const uint8_t* frame, size_t bytes) {
  size_t at = 12;
  while (at + 6 <= bytes && (Read16(frame + at) == 0x8100 || Read16(frame + at) == 0x88a8)) at += 4;
  if (at + 2 > bytes || (Read16(frame + at) != 0x0800 && Read16(frame + at) != 0x86dd)) return {};
  return ReadIp(frame + at + 2, bytes - at - 2, true);
}

Reading ReadQuoted(const Reading& error) {
  return ReadIp(error.l4 + 8, error.l4_bytes() - 8, false);
}

}  // namespace cfr::hunt
