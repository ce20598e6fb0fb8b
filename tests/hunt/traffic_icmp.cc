// SPDX-License-Identifier: BSD-3-Clause
// ICMP: every type, and errors that quote packets of every shape.
#include <algorithm>

#include "tests/hunt/traffic.h"

namespace cfr::hunt {

void Traffic::IcmpTypes() {
  Tuple t = Pick(random_.OneIn(2));
  shot_->conversation = -1;
  Draft d = Begin(t.family);
  IpFields f = Fields(t);
  f.protocol = t.family == Family::kV4 ? 1 : 58;
  static constexpr uint8_t kV4[] = {0, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 30, 40, 42, 43};
  static constexpr uint8_t kV6[] = {1,   2,   3,   4,   128, 129, 130, 131, 132, 138, 139,
                                    140, 141, 142, 143, 144, 145, 148, 151, 155, 160, 161};
  uint8_t type = t.family == Family::kV4 ? random_.Of(kV4) : random_.Of(kV6);
  if (random_.OneIn(8)) type = static_cast<uint8_t>(random_.Below(256));
  if (t.family == Family::kV6 && type >= 133 && type <= 137) type = 200;  // of the link: Discovery()
  d.Ip(f).Icmp(type, random_.OneIn(2) ? 0 : static_cast<uint8_t>(random_.Below(16)), Number32());
  const bool echo = type == 0 || type == 8 || type == 128 || type == 129;  // its payload is nobody's business
  for (uint32_t n = echo ? 0 : random_.Below(4); n > 0; --n) d.End(d.end() + PutSecret(d.end(), t.family));
  d.Text(random_.Below(32)).Close();
  Finish(d);
}

// The packet an error is about: it went the other way, so on the access side it is one the subscriber got.
Draft Traffic::Quoted(uint8_t* scratch, const Tuple& t) {
  const bool about_inbound = shot_->side == Side::kAccess;
  const Conversation& c = book_[Conversations::NumberOf(t)];
  IpFields f = Fields(t);
  f.source = about_inbound ? t.remote_address() : AliasOf(t);
  f.destination = about_inbound ? t.subscriber() : t.remote_address();
  f.ttl = static_cast<uint8_t>(random_.Below(64));
  const uint16_t local = about_inbound ? t.subscriber_port() : c.alias_port, remote = t.remote_port_number();
  uint8_t options[40] = {1, 1};
  size_t option_bytes = 0;
  if (t.family == Family::kV4 && random_.OneIn(8)) {
    option_bytes = 4 * size_t{random_.Between(1, 10)};
    for (size_t i = 3; i + 4 <= option_bytes; i += 4) PutSecret(options + i, Family::kV4);
    options[0] = 7;
    options[1] = static_cast<uint8_t>(option_bytes);
    options[2] = 4;
  }
  Draft q(scratch);
  q.Ip(f, options, option_bytes);
  if (t.family == Family::kV6 && random_.OneIn(8)) {
    uint8_t padding[7] = {0, 1, 4};
    uint8_t piece[7] = {0, 0, static_cast<uint8_t>(random_.OneIn(4) ? 8 : 0), 1, 2, 3, 4};
    if (random_.OneIn(2)) q.Extension(60, padding, 7);
    if (random_.OneIn(2)) q.Extension(44, piece, 7);
  }
  const uint16_t from = about_inbound ? remote : local, to = about_inbound ? local : remote;
  const bool v4 = t.family == Family::kV4;
  switch (t.protocol) {
    case Protocol::kUdp:
      q.Udp(from, to);
      break;
    case Protocol::kTcp: {
      uint8_t tcp_options[40];
      q.Tcp({from, to, Number32(), Number32(), 0x10}, tcp_options, TcpOptions(tcp_options, random_.OneIn(2)));
      break;
    }
    case Protocol::kEcho:
      q.Icmp(static_cast<uint8_t>(about_inbound ? (v4 ? 0 : 129) : (v4 ? 8 : 128)), 0, uint32_t{local} << 16);
  }
  q.Text(random_.Below(200)).Close();
  if (t.protocol == Protocol::kUdp && v4 && random_.OneIn(8)) Write16(q.l4() + 6, 0);
  if (random_.OneIn(8)) q.ip()[v4 ? 10 : 1] ^= 1;
  if (random_.OneIn(16)) q.ip()[random_.Below(8)] ^= static_cast<uint8_t>(1u << random_.Below(8));
  if (v4 && random_.OneIn(16)) Write16(q.ip() + 6, random_.Of({0x2000u, 0x0005u, 0x2003u}));
  return q;
}

// Objects of RFC 4884 behind a padded quote; RFC 5837's name the interface a packet came in by.
size_t Traffic::PutObjects(uint8_t* bytes) {
  Draft d(bytes);
  d.Put32(0x20000000);
  d.Put16(12).Put8(2).Put8(0x0c).Put32(0x00010000);
  d.End(d.end() + PutSecret(d.end(), Family::kV4));
  if (random_.OneIn(2)) d.Put16(8).Put8(1).Put8(1).Put32(Number32());
  Write16(d.start() + 2, static_cast<uint16_t>(~WordSum(d.start(), d.length())));
  return d.length();
}

void Traffic::Error() {
  Tuple t = Pick(true);
  uint8_t scratch[1024];
  Draft q = Quoted(scratch, t);
  size_t quote = q.length();
  const bool v4 = t.family == Family::kV4;
  if (random_.OneIn(2)) quote = static_cast<size_t>(q.l4() - scratch) + 8;
  if (random_.OneIn(8)) quote = random_.Below(static_cast<uint32_t>(quote) + 1);
  IpFields f = Fields(t);
  f.protocol = v4 ? 1 : 58;
  f.fragment = 0;
  if (random_.OneIn(16)) f.ttl = 1;
  if (random_.OneIn(4)) f.source = AnyAddress(t.family);  // a router on the way
  if (random_.OneIn(16)) f.destination = AnyAddress(t.family);
  static constexpr uint8_t kV4[] = {3, 3, 3, 11, 12, 4, 5}, kV6[] = {1, 2, 3, 4, 1, 2, 100};
  const uint8_t type = v4 ? random_.Of(kV4) : random_.Of(kV6);
  uint32_t rest = type == 2 || (v4 && type == 3) ? random_.Of({0u, 1400u, 67u, 1279u, 1280u, 9000u}) : 0;
  const auto code = static_cast<uint8_t>(random_.OneIn(4)  ? random_.Below(16)
                                         : v4 && rest != 0 ? 4
                                                           : random_.Below(2));
  Draft d = Begin(t.family);
  d.Ip(f).Icmp(type, code, rest).Bytes(scratch, quote);
  if (random_.OneIn(4)) {
    const size_t padded = std::max<size_t>((quote + 7) / 8 * 8, 128);
    std::memset(d.end(), 0, padded - quote);
    d.End(d.end() + padded - quote);
    if (!random_.OneIn(4)) d.l4()[v4 ? 5 : 4] = static_cast<uint8_t>(padded / (v4 ? 4 : 8));
    d.End(d.end() + PutObjects(d.end()));
  }
  if (random_.OneIn(16)) d.l4()[v4 ? 5 : 4] = static_cast<uint8_t>(random_.Below(256));
  d.Close();
  if (random_.OneIn(16)) d.l4()[2] ^= 1;
  if (random_.OneIn(8)) {  // an error about an error
    uint8_t inner[1024];
    const size_t bytes = std::min<size_t>(static_cast<size_t>(d.end() - d.ip()), 512);
    std::memcpy(inner, d.ip(), bytes);
    Draft outer = Begin(t.family);
    outer.Ip(f).Icmp(type, code, rest).Bytes(inner, bytes).Close();
    return Finish(outer);
  }
  Finish(d);
}

}  // namespace cfr::hunt
