// SPDX-License-Identifier: BSD-3-Clause
// The link layer: stations, tags, lengths, trailers, ARP and neighbour discovery.
#include <algorithm>

#include "tests/hunt/traffic.h"
#include "tests/support/relay.h"

namespace cfr::hunt {
namespace {

constexpr uint8_t kGroupMacs[][6] = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
                                     {0x01, 0x00, 0x5e, 0, 0, 1},
                                     {0x33, 0x33, 0, 0, 0, 1},
                                     {0x01, 0x80, 0xc2, 0, 0, 0x0e}};

}  // namespace

void Traffic::WrongLink() {
  Tuple t = Pick(true);
  Draft d = Begin(t.family);
  Write(d, t, Payload());
  uint8_t* frame = d.start();
  size_t length = d.length();
  switch (random_.Below(9)) {
    case 0:
      frame[random_.Below(6)] ^= static_cast<uint8_t>(1u << random_.Below(8));
      break;
    case 1:
      std::memcpy(frame, kGroupMacs[random_.Below(4)], 6);
      break;
    case 2:
      frame[6] |= 1;
      break;
    case 3:
      std::memset(frame + 6, 0, 6);
      break;
    case 4:
      length = random_.Below(static_cast<uint32_t>(length));
      break;
    case 5:
      length = random_.Below(34);
      break;
    case 6:
      length = std::min<size_t>(mtu_ + 15u + random_.Below(100), kFrameMax);
      break;
    case 7: {
      static constexpr uint16_t kTypes[] = {0x88cc, 0x0026, 0x8863, 0x8864, 0x8847,
                                            0x0000, 0xffff, 0x88f7, 0x0801};
      Write16(frame + 12, random_.Of(kTypes));
      break;
    }
    default:
      Write16(frame + 12, Read16(frame + 12) == 0x0800 ? 0x86dd : 0x0800);
  }
  if (length > d.length()) std::memset(frame + d.length(), 0x55, length - d.length());
  shot_->length = static_cast<uint16_t>(length);
  shot_->ordinary = false;
}

// None, one, two or more VLAN tags in front of an ordinary packet, perhaps past the end of the frame.
void Traffic::Tagged() {
  Tuple t = Pick(true);
  Draft d = Begin(t.family);
  Write(d, t, Payload());
  uint8_t tags[16];
  size_t bytes = 4 * size_t{random_.Between(1, 4)};
  for (size_t i = 0; i < bytes; i += 4) {
    Write16(tags + i, random_.OneIn(3) ? 0x88a8 : random_.OneIn(16) ? 0x9100 : 0x8100);
    Write16(tags + i + 2, random_.Of({0u, 0u, 7u, 100u, 200u, 4095u}) | random_.Below(8) << 13);
  }
  std::memmove(d.start() + 12 + bytes, d.start() + 12, d.length() - 12u);
  std::memcpy(d.start() + 12, tags, bytes);
  shot_->length = static_cast<uint16_t>(d.length() + bytes);
  if (random_.OneIn(8))
    shot_->length = static_cast<uint16_t>(12 + random_.Below(static_cast<uint32_t>(bytes) + 4));
  shot_->ordinary = false;
}

// Bytes behind the IP packet, full of secrets: old buffer content, padding.
void Traffic::Trailer() {
  Tuple t = Pick(shot_->side == Side::kCore);
  Draft d = Begin(t.family);
  Write(d, t, random_.Below(64));
  for (uint32_t n = random_.Between(1, 12); n > 0; --n) {
    d.End(d.end() + PutSecret(d.end(), t.family));
    if (random_.OneIn(4)) d.Put8(0);
  }
  Finish(d);
}

void Traffic::Arp() {
  Draft d = Begin(Family::kV4);
  Write16(d.start() + 12, 0x0806);
  const Address sender = AnyAddress(Family::kV4), target = AnyAddress(Family::kV4);
  d.Put16(1).Put16(0x0800).Put8(6).Put8(4).Put16(
      static_cast<uint16_t>(random_.Between(1, random_.OneIn(8) ? 25 : 2)));
  d.Bytes(d.start() + 6, 6).Bytes(sender.bytes.data(), 4).Text(6).Bytes(target.bytes.data(), 4);
  if (random_.OneIn(2)) std::memset(d.start(), 0xff, 6);
  if (random_.OneIn(4)) d.start()[14 + random_.Below(28)] ^= static_cast<uint8_t>(1u << random_.Below(8));
  if (random_.OneIn(8)) d.End(d.start() + 14 + random_.Below(28));
  if (random_.OneIn(8)) d.End(d.end() + PutSecret(d.end(), Family::kV4));
  Finish(d);
}

void Traffic::Discovery() {
  Draft d = Begin(Family::kV6);
  const Address source = AnyAddress(Family::kV6), target = AnyAddress(Family::kV6);
  IpFields f;
  f.source = source;
  f.destination = random_.OneIn(2) ? target : AnyAddress(Family::kV6);
  f.protocol = 58;
  f.ttl = random_.OneIn(8) ? 64 : 255;
  d.Ip(f).Icmp(static_cast<uint8_t>(random_.Between(133, 137)), random_.OneIn(16) ? 1 : 0, Number32());
  d.Bytes(target.bytes.data(), 16);
  for (uint32_t n = random_.Below(3); n > 0; --n) {
    d.Put8(static_cast<uint8_t>(random_.Between(1, 5)))
        .Put8(random_.OneIn(8) ? static_cast<uint8_t>(random_.Below(4)) : 1);
    d.Bytes(d.start() + 6, 6);
  }
  if (random_.OneIn(8)) d.End(d.l4() + random_.Below(24));
  d.Close();
  if (random_.OneIn(8)) d.l4()[2] ^= 1;
  if (random_.OneIn(2)) std::memcpy(d.start(), kGroupMacs[2], 6);
  Finish(d);
}

}  // namespace cfr::hunt
