// SPDX-License-Identifier: BSD-3-Clause
// The IP layer: headers that lie, options, extension headers, addresses nobody should use, other protocols,
// and ordinary packets damaged at random.
#include <algorithm>

#include "tests/hunt/traffic.h"

namespace cfr::hunt {

void Traffic::WrongHeader() {
  Tuple t = Pick(true);
  Draft d = Begin(t.family);
  size_t payload = random_.Below(64);
  Write(d, t, payload);
  uint8_t* ip = d.ip();
  const auto bytes = static_cast<uint32_t>(d.end() - ip);
  const bool v4 = t.family == Family::kV4;
  uint8_t* stated = ip + (v4 ? 2 : 4);
  switch (random_.Below(8)) {
    case 0:
      ip[0] = static_cast<uint8_t>(random_.Below(16) << 4 | (ip[0] & 0xf));
      break;
    case 1:
      ip[0] = static_cast<uint8_t>(v4 ? 0x40 | random_.Below(16) : 0x60);
      break;
    case 2:
      Write16(stated, random_.Below(bytes));
      break;
    case 3:
      Write16(stated, bytes + random_.Between(1, 64));
      break;
    case 4:
      Write16(stated, random_.OneIn(2) ? 0 : 0xffff);
      break;
    case 5:
      ip[v4 ? 8 : 7] = static_cast<uint8_t>(random_.Below(3));
      break;  // TTL
    case 6:
      if (v4) ip[6] |= 0x80;  // the reserved flag
      break;
    default:
      break;
  }
  if (!random_.OneIn(4)) d.SumIp();
  if (v4 && random_.OneIn(4)) ip[10 + random_.Below(2)] ^= static_cast<uint8_t>(1u << random_.Below(8));
  shot_->ordinary = false;
  Finish(d);
}

// Every IPv4 option there is, with subscriber addresses as data; lengths that lead nowhere.
void Traffic::Options() {
  Tuple t = Pick(random_.OneIn(2));
  t.family = Family::kV4;
  shot_->conversation = -1;
  Draft d = Begin(t.family);
  uint8_t options[40];
  const size_t bytes = 4 * size_t{random_.Between(1, 10)};
  std::fill(options, options + bytes, static_cast<uint8_t>(random_.OneIn(2) ? 1 : 0));
  static constexpr uint8_t kKinds[] = {0, 1, 7, 68, 131, 137, 148, 130, 133, 136, 134, 82, 205, 25, 94, 222};
  for (size_t i = 0; i + 8 <= bytes && !random_.OneIn(4);) {
    options[i] = random_.Of(kKinds);
    options[i + 1] = random_.OneIn(8) ? static_cast<uint8_t>(random_.Below(41)) : 7;
    options[i + 2] = 8;
    i += 3 + PutSecret(options + i + 3, Family::kV4);
  }
  const Ports ports = PortsOf(t);
  IpFields f = Fields(t);
  f.protocol = 17;
  d.Ip(f, options, bytes).Udp(ports.source, ports.destination).Text(random_.Below(32)).Close();
  Finish(d);
}

// A whole packet between any two addresses.
void Traffic::Addresses() {
  Tuple t = Pick(random_.OneIn(2));
  shot_->conversation = -1;
  Draft d = Begin(t.family);
  IpFields f = Fields(t);
  const Ports ports = PortsOf(t);
  if (random_.OneIn(2)) f.source = AnyAddress(t.family);
  if (random_.OneIn(2)) f.destination = AnyAddress(t.family);
  if (random_.OneIn(16)) f.destination = f.source;
  if (random_.OneIn(2)) {
    f.protocol = 6;
    d.Ip(f).Tcp({ports.source, ports.destination, Number32(), Number32(),
                 static_cast<uint8_t>(random_.Of({2, 16, 18, 4}))});
  } else if (random_.OneIn(2)) {
    f.protocol = t.family == Family::kV4 ? 1 : 58;
    d.Ip(f).Icmp(t.family == Family::kV4 ? 8 : 128, 0, uint32_t{ports.source} << 16);
  } else {
    f.protocol = 17;
    d.Ip(f).Udp(ports.source, ports.destination);
  }
  d.Text(random_.Below(32)).Close();
  Finish(d);
}

// Any protocol number, and tunnels with a subscriber's packet inside.
void Traffic::Protocols() {
  Tuple t = Pick(random_.OneIn(2));
  shot_->conversation = -1;
  Draft d = Begin(t.family);
  IpFields f = Fields(t);
  static constexpr uint8_t kNumbers[] = {132, 33, 47, 50, 51,  136, 4,   41,  59, 253,
                                         254, 0,  2,  89, 103, 112, 115, 255, 1,  58};
  f.protocol = random_.OneIn(4) ? static_cast<uint8_t>(random_.Below(256)) : random_.Of(kNumbers);
  d.Ip(f).Opaque();
  d.Put16(t.subscriber_port()).Put16(443).Put32(0);
  const bool relayed = f.protocol == 6 || f.protocol == 17 || f.protocol == 1 || f.protocol == 58;
  for (uint32_t n = relayed ? 0 : random_.Below(6); n > 0; --n) d.End(d.end() + PutSecret(d.end(), t.family));
  d.Text(random_.Below(32)).Lengths().SumIp();
  Finish(d);
}

// IPv6 extension headers in any order and number, with anything inside; as IPv4 a header with such a
// protocol.
void Traffic::Chain() {
  Tuple t = Pick(random_.OneIn(2));
  t.family = Family::kV6;
  shot_->conversation = -1;
  Draft d = Begin(t.family);
  IpFields f = Fields(t);
  f.protocol = t.number();
  d.Ip(f);
  static constexpr uint8_t kKinds[] = {0, 60, 43, 44, 50, 51, 135, 139, 140, 253};
  const bool padded = random_.OneIn(2);  // nothing in it that would have to be dropped
  for (uint32_t n = random_.OneIn(16) ? random_.Between(5, 20) : random_.Between(1, 3); n > 0; --n) {
    const uint8_t kind = padded ? (random_.OneIn(2) ? 60 : 0) : random_.Of(kKinds);
    uint8_t body[64] = {};
    const size_t bytes = 7 + 8 * size_t{random_.Below(4)};
    body[0] = static_cast<uint8_t>(bytes / 8);
    size_t at = 1;
    if (!padded && random_.OneIn(2)) {
      body[at++] =
          random_.Of({uint8_t{0xc9}, uint8_t{0x05}, uint8_t{0x63}, uint8_t{0xc2}, uint8_t{0x8b}, uint8_t{1}});
      body[at++] = 16;
      if (bytes >= 19) at += PutSecret(body + at, Family::kV6);
    }
    if (at + 2 <= bytes) {
      body[at] = random_.OneIn(16) ? static_cast<uint8_t>(random_.Below(4)) : 1;
      body[at + 1] = static_cast<uint8_t>(random_.OneIn(16) ? random_.Below(16) : bytes - at - 2);
    }
    if (!padded && random_.OneIn(4)) body[bytes - 1] = 0x33;
    if (random_.OneIn(16)) body[0] = static_cast<uint8_t>(random_.Below(256));
    d.Extension(kind, body, bytes);
  }
  const Ports ports = PortsOf(t);
  switch (t.protocol) {
    case Protocol::kUdp:
      d.Udp(ports.source, ports.destination);
      break;
    case Protocol::kTcp:
      d.Tcp({ports.source, ports.destination, Number32(), 0, 2});
      break;
    case Protocol::kEcho:
      d.Icmp(shot_->side == Side::kAccess ? 128 : 129, 0,
             uint32_t{shot_->side == Side::kAccess ? ports.source : ports.destination} << 16);
  }
  d.Text(random_.Below(64)).Close();
  if (random_.OneIn(16)) d.End(d.ip() + 40 + random_.Below(static_cast<uint32_t>(d.end() - d.ip()) - 40));
  if (random_.OneIn(2)) d.Lengths();
  Finish(d);
}

// An ordinary packet with some bytes changed and perhaps its end cut off or shifted.
void Traffic::Damaged() {
  Tuple t = Pick(shot_->side == Side::kCore);
  Draft d = Begin(t.family);
  Write(d, t, random_.Below(64));
  const auto headers = std::min<uint32_t>(d.length(), 94);
  for (uint32_t n = random_.Between(1, 3); n > 0; --n) {
    uint8_t& byte = d.start()[random_.OneIn(8) ? random_.Below(14) : 14 + random_.Below(headers - 14)];
    const auto changed =
        static_cast<uint8_t>(random_.OneIn(2) ? byte ^ 1u << random_.Below(8) : random_.Next());
    if (changed != kCanaryFirst && changed != kCanarySecond) byte = changed;
  }
  if (random_.OneIn(4)) d.End(d.start() + random_.Below(d.length()));
  // Most damage is found by the header checksum; what lies behind it is of more interest.
  if (d.length() >= 54 && !random_.OneIn(4)) d.SumIp();
  shot_->ordinary = shot_->opens = false;
  shot_->conversation = -1;
  Finish(d);
}

}  // namespace cfr::hunt
