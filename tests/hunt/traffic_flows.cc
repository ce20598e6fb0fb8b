// SPDX-License-Identifier: BSD-3-Clause
// UDP, TCP and echo: as stacks send them, as strangers forge them, and at the edges of their formats.
#include <algorithm>

#include "tests/hunt/reading.h"
#include "tests/hunt/traffic.h"

namespace cfr::hunt {

void Traffic::Write(Draft& d, const Tuple& t, size_t payload) {
  const IpFields f = Fields(t);
  const Ports ports = PortsOf(t);
  switch (t.protocol) {
    case Protocol::kUdp:
      d.Ip(f).Udp(ports.source, ports.destination).Text(payload).Close();
      if (f.source.family == Family::kV4 && random_.OneIn(32)) Write16(d.l4() + 6, 0);
      return;
    case Protocol::kTcp:
      return WriteTcp(d, t, f, payload);
    case Protocol::kEcho: {
      const bool out = shot_->side == Side::kAccess, v4 = t.family == Family::kV4;
      const auto type = static_cast<uint8_t>(out ? (v4 ? 8 : 128) : (v4 ? 0 : 129));
      const uint32_t identifier = out ? ports.source : ports.destination;
      d.Ip(f).Icmp(type, 0, identifier << 16 | (Number32() & 0x3fff)).Text(payload).Close();
    }
  }
}

void Traffic::Udp() {
  Tuple t = Pick(Protocol::kUdp, shot_->side == Side::kCore);
  Draft d = Begin(t.family);
  Write(d, t, Payload());
  shot_->ordinary = shot_->opens = true;
  Finish(d);
}

void Traffic::Echo() {
  Tuple t = Pick(Protocol::kEcho, shot_->side == Side::kCore);
  Draft d = Begin(t.family);
  Write(d, t, Payload());
  shot_->ordinary = shot_->opens = true;
  Finish(d);
}

void Traffic::Tcp() {
  Tuple t = Pick(Protocol::kTcp, shot_->side == Side::kCore);
  Draft d = Begin(t.family);
  secret_options_ = shot_->side == Side::kAccess;
  Write(d, t, Payload());
  secret_options_ = false;
  Finish(d);
}

// What a stack could send next, mostly; now and then a number beside it.
void Traffic::WriteTcp(Draft& d, const Tuple& t, const IpFields& f, size_t payload) {
  const Conversation& c = book_[Conversations::NumberOf(t)];
  const bool out = shot_->side == Side::kAccess;
  const Ports ports = PortsOf(t);
  TcpFields tcp{ports.source, ports.destination, 0, 0, kAck};
  tcp.sequence = out ? c.client_next : c.server_next != 0 ? c.server_next : Number32();
  tcp.acknowledgment = out ? c.server_next : c.client_next;
  const uint32_t dice = random_.Below(32);
  if (!c.known || dice == 0)
    tcp.flags = out ? kSyn : kSyn | kAck;
  else if (!out && c.stage == TcpStage::kOpen && dice < 24)
    tcp.flags = dice == 1 ? kSyn : kSyn | kAck;
  else if (dice < 3)
    tcp.flags = kFin | kAck;
  else if (dice < 5)
    tcp.flags = dice == 3 ? kRst : kRst | kAck;
  else if (dice < 8)
    tcp.flags = kPsh | kAck;
  else if (dice == 8)
    tcp.flags = kAck | kUrg | kEce;
  else if (dice == 9)
    tcp.sequence -= 1;
  if (tcp.flags == kSyn && (!c.known || c.reset || c.stage == TcpStage::kClosing || random_.OneIn(2)))
    tcp.sequence = Sequence32();
  if ((tcp.flags & kSyn) != 0 && dice == 20) tcp.flags |= kEce | kCwr;
  if ((tcp.flags & kRst) != 0) {
    if (!out) tcp.sequence = c.client_ack;
    if (random_.OneIn(2)) tcp.sequence += random_.OneIn(2) ? 1 : Sequence32();
  }
  if (random_.OneIn(64)) tcp.sequence = Sequence32();
  if ((tcp.flags & (kSyn | kRst)) != 0 && !random_.OneIn(8)) payload = 0;
  uint8_t options[40];
  size_t option_bytes = random_.OneIn(2) ? TcpOptions(options, (tcp.flags & kSyn) != 0) : 0;
  d.Ip(f).Tcp(tcp, options, option_bytes).Text(payload).Close();
  shot_->opens = out && (tcp.flags & (kSyn | kAck | kRst | kFin)) == kSyn;
  shot_->ordinary = c.known ? !(shot_->opens && (c.reset || c.stage == TcpStage::kClosing)) : shot_->opens;
}

// Well-formed ones, in whole words.
size_t Traffic::TcpOptions(uint8_t* o, bool syn) {
  size_t n = 0;
  auto put = [&](std::initializer_list<uint32_t> bytes) {
    for (uint32_t b : bytes) o[n++] = static_cast<uint8_t>(b);
  };
  if (syn) put({2, 4, 0x05, random_.OneIn(2) ? 0xb4u : 0x40u});
  if (syn && random_.OneIn(2)) put({4, 2, 1, 1});
  if (random_.OneIn(2)) {
    put({1, 1, 8, 10});
    Write32(o + n, Number32());
    Write32(o + n + 4, random_.OneIn(4) ? 0 : Number32());
    n += 8;
  }
  if (syn && random_.OneIn(2)) put({1, 3, 3, random_.Below(15)});
  if (!syn && random_.OneIn(4) && n <= 28) {
    put({1, 1, 5, 10});
    Write32(o + n, Number32());
    Write32(o + n + 4, Number32());
    n += 8;
  }
  if (secret_options_ && !syn && random_.OneIn(16) && n <= 32) {  // MPTCP's ADD_ADDR
    put({30, 8, 0x34, 1});
    n += PutSecret(o + n, Family::kV4);
  }
  return n;
}

// Nobody asked for it: scans, other remotes, other ports of the same remote.
void Traffic::Unsolicited() {
  Tuple t = Pick(random_.OneIn(2));
  Draft d = Begin(t.family);
  IpFields f = Fields(t);
  Ports ports = PortsOf(t);
  switch (random_.Below(5)) {
    case 0:
      f.source = RemoteAddress(t.family, static_cast<int>(random_.Below(kRemotes)));
      break;
    case 1:
      ports.source = static_cast<uint16_t>(ports.source + 1);
      break;
    case 2:
      f.destination = PoolAddress(t.family, random_.Below(512));
      break;
    case 3:
      ports.destination = static_cast<uint16_t>(random_.Between(1, 65535));
      break;
    default:
      f.destination = AnyAddress(t.family);
  }
  const auto flags =
      static_cast<uint8_t>(random_.Of({int{kSyn}, kSyn | kAck, int{kAck}, int{kRst}, kFin | kAck}));
  switch (random_.Below(4)) {
    case 0:
      d.Ip(f).Udp(ports.source, ports.destination).Text(Payload()).Close();
      break;
    case 1:
      f.protocol = 6;
      d.Ip(f).Tcp({ports.source, ports.destination, Number32(), Number32(), flags}).Text(Payload()).Close();
      break;
    default: {
      f.protocol = t.family == Family::kV4 ? 1 : 58;
      static constexpr uint8_t kTypes[] = {0, 8, 129, 128};
      d.Ip(f)
          .Icmp(kTypes[random_.Below(2) + (t.family == Family::kV6 ? 2 : 0)], 0,
                uint32_t{ports.destination} << 16)
          .Text(Payload())
          .Close();
    }
  }
  shot_->conversation = -1;
  Finish(d);
}

// Segments a stranger makes up about a flow whose tuple it guessed: no number fits but by chance.
void Traffic::Forged() {
  Tuple t = Pick(Protocol::kTcp, true);
  Draft d = Begin(t.family);
  const Ports ports = PortsOf(t);
  const auto flags = static_cast<uint8_t>(
      random_.Of({int{kRst}, kRst | kAck, kFin | kAck, int{kSyn}, kSyn | kAck, int{kAck}}));
  const Conversation& c = book_[Conversations::NumberOf(t)];
  uint32_t near = (shot_->side == Side::kAccess ? c.client_next : c.client_ack) + random_.Below(0x10000);
  uint32_t sequence = random_.OneIn(2) ? near : Sequence32();
  d.Ip(Fields(t))
      .Tcp({ports.source, ports.destination, sequence, Number32(), flags})
      .Text(random_.Below(2))
      .Close();
  Finish(d);
}

// Lengths and checksum of UDP.
void Traffic::Datagram() {
  Tuple t = Pick(Protocol::kUdp, shot_->side == Side::kCore);
  Draft d = Begin(t.family);
  size_t payload = random_.Below(64);
  Write(d, t, payload);
  uint8_t* udp = d.l4();
  auto length = static_cast<uint32_t>(8 + payload);
  switch (random_.Below(8)) {
    case 0:
      Write16(udp + 4, random_.Below(8));
      break;
    case 1:
      Write16(udp + 4, length + 1 + random_.Below(64));
      break;
    case 2:
      Write16(udp + 4, 8 + random_.Below(static_cast<uint32_t>(payload) + 1));
      break;
    case 3:
      Write16(udp + 4, random_.Below(65536));
      break;
    case 4:
      Write16(udp + 6, 0);
      break;
    case 5:
      Write16(udp + 6, 0xffff);
      break;
    case 6:
      Write16(udp + 2 * random_.Below(2), 0);
      break;  // port 0
    default:
      d.End(udp + random_.Below(8));
      d.Lengths().SumIp();
  }
  Finish(d);
}

// Flags, options, offsets and lengths of TCP.
void Traffic::Segment() {
  Tuple t = Pick(Protocol::kTcp, random_.OneIn(2));
  Draft d = Begin(t.family);
  const Ports ports = PortsOf(t);
  const Conversation& c = book_[Conversations::NumberOf(t)];
  auto flags = static_cast<uint8_t>(random_.OneIn(2) ? random_.Next() : random_.OneIn(2) ? kSyn : kAck);
  uint8_t options[40];
  size_t bytes = random_.Below(11) * 4;
  static constexpr uint8_t kKinds[] = {0, 1, 2, 3, 4, 5, 8, 19, 28, 29, 30, 34, 253, 254, 99};
  for (size_t i = 0; i < bytes; ++i) options[i] = static_cast<uint8_t>(random_.Next() & 0x7f);
  for (size_t i = 0; i + 1 < bytes;) {
    options[i] = random_.Of(kKinds);
    size_t length = options[i] < 2 ? 1 : random_.OneIn(8) ? random_.Below(3) : random_.Between(2, 12);
    if (options[i] > 1) options[i + 1] = static_cast<uint8_t>(length);
    if (options[i] == 30)
      options[std::min(i + 2, bytes - 1)] = static_cast<uint8_t>(random_.Below(16) << 4 | 4);
    i += std::max<size_t>(length, 1);
  }
  uint32_t sequence =
      random_.OneIn(2) ? (shot_->side == Side::kAccess ? c.client_next : c.client_ack) : Number32();
  d.Ip(Fields(t)).Tcp({ports.source, ports.destination, sequence, c.server_next, flags}, options, bytes);
  d.Text(random_.Below(32)).Close();
  uint8_t* tcp = d.l4();
  switch (random_.Below(8)) {
    case 0:
      tcp[12] = static_cast<uint8_t>(random_.Below(16) << 4 | (tcp[12] & 0xf));
      break;
    case 1:
      tcp[12] |= static_cast<uint8_t>(random_.Below(16));
      break;
    case 2:
      d.End(tcp + random_.Below(20));
      d.Lengths().SumIp();
      break;
    case 3:
      Write16(tcp + 2 * random_.Below(2), 0);
      break;
    default:
      break;
  }
  Finish(d);
}

void Traffic::WrongChecksum() {
  Tuple t = Pick(shot_->side == Side::kCore);
  Draft d = Begin(t.family);
  Write(d, t, Payload());
  uint8_t* sum = d.l4() + ChecksumOffset(t.number());
  switch (random_.Below(4)) {
    case 0:
      Write16(sum, static_cast<uint16_t>(Read16(sum) + 1));
      break;
    case 1:
      Write16(sum, random_.OneIn(2) ? 0 : 0xffff);
      break;
    case 2:
      Write16(sum, random_.Below(65536));
      break;
    default:
      shot_->l4_checksum_bad = true;
  }
  shot_->ordinary = false;
  Finish(d);
}

}  // namespace cfr::hunt
