// SPDX-License-Identifier: BSD-3-Clause
#include "tests/fuzz/fuzz_relay.h"

#include <algorithm>

#include "tests/support/relay.h"

namespace cfr::fuzz {
namespace {

using hunt::Draft;
using hunt::IpFields;
using hunt::Reading;
using hunt::Tuple;

constexpr size_t kBytesMax = 2000, kEthernet = 14;
constexpr int kHost = 3, kRemote = 1;

hunt::HuntOptions Small() {
  hunt::HuntOptions options;
  options.hot = FuzzRelay::kConversations;
  options.flows = 256;
  return options;
}

void PutStations(std::vector<uint8_t>* frame, bool outbound) {
  const auto& port = test::Relay::kPortMac[static_cast<int>(outbound ? Side::kAccess : Side::kCore)];
  std::copy(port.begin(), port.end(), frame->begin());
  if (outbound)
    hunt::WriteAccessMac(kHost, frame->data() + 6);
  else
    hunt::WriteCoreMac(frame->data() + 6);
  const bool v6 = frame->size() > kEthernet && (*frame)[kEthernet] >> 4 == 6;
  hunt::Write16(frame->data() + 12, v6 ? 0x86dd : 0x0800);
}

// Payload may say what it likes, also a subscriber's address; then its bytes are no sign of a leak.
void TakeSecretsOut(uint8_t* first, uint8_t* last) {
  for (uint8_t* p = first; p + 1 < last; ++p)
    if (p[0] == hunt::kCanaryFirst && p[1] == hunt::kCanarySecond) p[0] = 0;
}

void TakeSecretsOut(std::vector<uint8_t>* frame) {
  const Reading r = hunt::ReadFrame(frame->data(), frame->size());
  if (r.ip == nullptr) return;
  auto writable = [&](const uint8_t* p) { return frame->data() + (p - frame->data()); };
  // And the byte behind the address, which may end a pair.
  const uint8_t* behind = r.destination_bytes() + (r.family == Family::kV4 ? 5 : 17);
  TakeSecretsOut(writable(r.destination_bytes()), writable(std::min(behind, r.end)));
  if (!r.icmp_error() || r.l4_bytes() < 28) return TakeSecretsOut(writable(r.l4) - 2, writable(r.end));
  const Reading quoted = hunt::ReadQuoted(r);
  if (quoted.ip == nullptr) return;
  constexpr ptrdiff_t kQuoteMax = 128;
  TakeSecretsOut(writable(quoted.l4), writable(std::min(quoted.end, quoted.ip + kQuoteMax)));
}

void SumIp(std::vector<uint8_t>* frame) {
  if (frame->size() < kEthernet + 20 || (*frame)[kEthernet] >> 4 != 4) return;
  uint8_t* ip = frame->data() + kEthernet;
  const size_t header = std::min(size_t{ip[0] & 0xfu} * 4, frame->size() - kEthernet);
  hunt::Write16(ip + 10, 0);
  hunt::Write16(ip + 10, static_cast<uint16_t>(~hunt::WordSum(ip, header)));
}

void SumTransport(std::vector<uint8_t>* frame) {
  const Reading r = hunt::ReadFrame(frame->data(), frame->size());
  const size_t at = hunt::ChecksumOffset(r.protocol);
  if (r.ip == nullptr || r.later || at == 0 || r.l4_bytes() < at + 2) return;
  uint8_t* l4 = frame->data() + (r.l4 - frame->data());
  hunt::Write16(l4 + at, 0);
  const uint64_t pseudo = hunt::PseudoHeaderSum(r.ip, r.family, r.protocol, r.l4_bytes());
  hunt::Write16(l4 + at, static_cast<uint16_t>(~hunt::WordSum(r.l4, r.l4_bytes(), pseudo)));
}

}  // namespace

FuzzRelay::FuzzRelay() : hunt_(1, hunt::PlainScene(), Small(), findings_, tally_) {
  for (int i = 0; i < kConversations; ++i) Open(i);
}

Tuple FuzzRelay::TupleOf(int conversation) {
  static constexpr hunt::Protocol kProtocols[kConversations] = {hunt::Protocol::kUdp, hunt::Protocol::kTcp,
                                                                hunt::Protocol::kEcho, hunt::Protocol::kUdp};
  const Family family = conversation == 3 ? Family::kV6 : Family::kV4;
  return {family, kProtocols[conversation], kHost, 0, kRemote, 0};
}

IpFields FuzzRelay::Addresses(const Tuple& t, bool outbound) const {
  const hunt::Conversation& c = hunt_.conversations()[hunt::Conversations::NumberOf(t)];
  IpFields f;
  f.source = outbound ? t.subscriber() : t.remote_address();
  f.destination = outbound ? t.remote_address() : c.known ? c.alias : hunt::PoolAddress(t.family, 4);
  f.protocol = t.number();
  return f;
}

uint16_t FuzzRelay::AliasPort(const Tuple& t) const {
  return hunt_.conversations()[hunt::Conversations::NumberOf(t)].alias_port;
}

FuzzRelay::Frame FuzzRelay::Whole(const Tuple& t, bool outbound) const {
  Frame frame(512);
  PutStations(&frame, outbound);
  Draft d(frame.data());
  d.End(d.start() + 12);
  d.Put16(t.family == Family::kV4 ? 0x0800 : 0x86dd).Ip(Addresses(t, outbound));
  const uint16_t local = outbound ? t.subscriber_port() : AliasPort(t), remote = t.remote_port_number();
  const uint16_t from = outbound ? local : remote, to = outbound ? remote : local;
  switch (t.protocol) {
    case hunt::Protocol::kUdp:
      d.Udp(from, to);
      break;
    case hunt::Protocol::kTcp:
      d.Tcp({from, to, 1000, 0, static_cast<uint8_t>(outbound ? 0x02 : 0x12)});
      break;
    case hunt::Protocol::kEcho:
      d.Icmp(outbound ? 8 : 0, 0, uint32_t{local} << 16);
  }
  d.Text(16).Close();
  frame.resize(d.length());
  return frame;
}

void FuzzRelay::Open(int conversation) {
  const Tuple t = TupleOf(conversation % kConversations);
  for (bool outbound : {true, false}) Deliver(outbound, Whole(t, outbound));
}

void FuzzRelay::Aim(Frame* frame, const Tuple& t, bool outbound) const {
  const Frame whole = Whole(t, outbound);
  const Reading r = hunt::ReadFrame(whole.data(), whole.size());
  const bool v4 = t.family == Family::kV4;
  const auto l4 = static_cast<size_t>(r.l4 - whole.data());
  if (frame->size() < l4 + 8) return;
  std::copy_n(whole.begin(), kEthernet, frame->begin());
  (*frame)[kEthernet] = static_cast<uint8_t>(((*frame)[kEthernet] & 0xf) | (v4 ? 0x40 : 0x60));
  std::copy_n(r.source_bytes(), v4 ? 8 : 32, frame->begin() + (r.source_bytes() - whole.data()));
  const size_t ports = t.protocol == hunt::Protocol::kEcho ? 4 : 0;
  std::copy_n(r.l4 + ports, 4, frame->begin() + static_cast<ptrdiff_t>(l4 + ports));
}

void FuzzRelay::Send(uint8_t choices, hunt::Bytes bytes) {
  const bool outbound = (choices & 1) != 0;
  Frame frame(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(std::min(bytes.size(), kBytesMax)));
  if ((choices & 2) != 0 && frame.size() >= kEthernet) PutStations(&frame, outbound);
  if ((choices & 16) != 0) Aim(&frame, TupleOf(choices >> 5 & 3), outbound);
  TakeSecretsOut(&frame);
  if ((choices & 4) != 0) SumIp(&frame);
  if ((choices & 8) != 0) SumTransport(&frame);
  Deliver(outbound, frame);
}

void FuzzRelay::Send(const Piece& piece) {
  const Tuple t = TupleOf(piece.conversation);
  uint8_t datagram[65536 + 4096] = {};
  Draft whole(datagram);
  whole.Ip(Addresses(t, piece.outbound));
  const Frame head = Whole(t, piece.outbound);
  const Reading r = hunt::ReadFrame(head.data(), head.size());
  whole.Bytes(r.l4, r.l4_header);
  Frame frame(kBytesMax + 128);
  PutStations(&frame, piece.outbound);
  IpFields f = Addresses(t, piece.outbound);
  const uint32_t id =
      static_cast<uint32_t>(piece.datagram + 1) * 64 + static_cast<uint32_t>(piece.conversation);
  f.id = static_cast<uint16_t>(id);
  f.fragment = static_cast<uint16_t>((piece.offset_units & 0x1fff) | (piece.more ? 0x2000 : 0));
  Draft d(frame.data());
  d.End(d.start() + 12);
  d.Put16(t.family == Family::kV4 ? 0x0800 : 0x86dd).Ip(f);
  if (t.family == Family::kV6) {
    uint8_t body[7] = {};
    hunt::Write16(body + 1, (piece.offset_units & 0x1fff) * 8 | (piece.more ? 1 : 0));
    hunt::Write32(body + 3, id);
    d.Extension(44, body, sizeof body);
  }
  const size_t at = size_t{piece.offset_units & 0x1fff} * 8;
  d.Opaque().Bytes(whole.l4() + at, std::min<size_t>(piece.bytes, 1400)).Lengths().SumIp();
  frame.resize(d.length());
  Deliver(piece.outbound, frame);
}

void FuzzRelay::Deliver(bool outbound, const Frame& frame) {
  hunt_.Send(outbound ? Side::kAccess : Side::kCore, 0, frame);
  hunt_.EndRound(true);
  FUZZ_EXPECT(findings_.total() == 0, "the auditor finds nothing");
}

void FuzzRelay::Wait(uint64_t ms) {
  hunt_.Wait(ms);
  hunt_.EndRound(true);
}

void FuzzRelay::Finish() {
  hunt_.Quiesce();
  FUZZ_EXPECT(findings_.total() == 0, "the auditor finds nothing");
}

}  // namespace cfr::fuzz
