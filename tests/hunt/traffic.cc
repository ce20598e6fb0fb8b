// SPDX-License-Identifier: BSD-3-Clause
#include "tests/hunt/traffic.h"

#include <algorithm>
#include <array>

#include "tests/support/relay.h"

namespace cfr::hunt {

struct Traffic::Row {
  const char* name;
  uint32_t weight;  // of a thousand
  void (Traffic::*make)();
};

namespace {

constexpr size_t kWaitingMax = 256;

}  // namespace

const Traffic::Row Traffic::kRows[] = {
    {"udp", 210, &Traffic::Udp},
    {"tcp", 250, &Traffic::Tcp},
    {"echo", 70, &Traffic::Echo},
    {"unsolicited", 40, &Traffic::Unsolicited},
    {"forged", 40, &Traffic::Forged},
    {"datagram", 20, &Traffic::Datagram},
    {"segment", 40, &Traffic::Segment},
    {"wrong checksum", 20, &Traffic::WrongChecksum},
    {"wrong link", 15, &Traffic::WrongLink},
    {"tagged", 15, &Traffic::Tagged},
    {"trailer", 20, &Traffic::Trailer},
    {"arp", 5, &Traffic::Arp},
    {"discovery", 5, &Traffic::Discovery},
    {"wrong header", 25, &Traffic::WrongHeader},
    {"options", 20, &Traffic::Options},
    {"addresses", 25, &Traffic::Addresses},
    {"protocols", 15, &Traffic::Protocols},
    {"chain", 25, &Traffic::Chain},
    {"damaged", 40, &Traffic::Damaged},
    {"icmp types", 10, &Traffic::IcmpTypes},
    {"error", 50, &Traffic::Error},
    {"fragments", 25, &Traffic::Fragments},
    {"lone fragment", 15, &Traffic::LoneFragment},
};

int Traffic::kinds() {
  return sizeof kRows / sizeof kRows[0];
}
const char* Traffic::NameOf(int kind) {
  return kRows[kind].name;
}

Traffic::Traffic(uint64_t seed, const Conversations& book, int hot) : random_(seed), book_(book) {
  for (int i = 0; i < hot; ++i) hot_.push_back(static_cast<int>(random_.Below(Conversations::kCount)));
}

void Traffic::Make(Side side, Shot* shot) {
  static const std::array<uint8_t, 1024> kByWeight = [] {
    uint32_t total = 0;
    for (const Row& row : kRows) total += row.weight;
    std::array<uint8_t, 1024> table{};
    uint32_t sum = 0, at = 0;
    for (int kind = 0; kind < kinds(); ++kind)
      for (sum += kRows[kind].weight; at < table.size() && at * total < sum * table.size(); ++at)
        table[at] = static_cast<uint8_t>(kind);
    return table;
  }();
  auto& waiting = waiting_[static_cast<int>(side)];
  if (waiting.empty() || !random_.OneIn(4)) return MakeKind(kByWeight[random_.Below(1024)], side, shot);
  const Waiting& w = waiting.front();
  *shot = Shot{shot->bytes, static_cast<uint16_t>(w.frame.size()), side, w.kind, w.conversation};
  std::memcpy(shot->bytes, w.frame.data(), w.frame.size());
  waiting.pop_front();
}

void Traffic::MakeKind(int kind, Side side, Shot* shot) {
  *shot = Shot{shot->bytes, 0, side, kind};
  shot_ = shot;
  (this->*kRows[kind].make)();
}

void Traffic::Queue(const uint8_t* bytes, size_t length, int conversation) {
  auto& waiting = waiting_[static_cast<int>(shot_->side)];
  if (waiting.size() < kWaitingMax) waiting.push_back({{bytes, bytes + length}, shot_->kind, conversation});
}

Tuple Traffic::Pick(bool known) {
  int number = 0;
  for (int tries = 0; tries < 4; ++tries) {
    uint32_t of_hot = random_.Below(static_cast<uint32_t>(hot_.size()));
    if (random_.OneIn(256)) hot_[of_hot] = static_cast<int>(random_.Below(Conversations::kCount));
    number = random_.OneIn(64) ? static_cast<int>(random_.Below(Conversations::kCount)) : hot_[of_hot];
    if (!known || book_[number].known) break;
  }
  Tuple t = Conversations::TupleOf(number);
  shot_->conversation = Conversations::NumberOf(t);
  return t;
}

Tuple Traffic::Pick(Protocol protocol, bool known) {
  for (int tries = 0; tries < 8; ++tries)
    if (Tuple t = Pick(known); t.protocol == protocol) return t;
  Tuple t = Pick(known);
  t.protocol = protocol;
  if (protocol == Protocol::kEcho) t.remote_port = 0;
  shot_->conversation = Conversations::NumberOf(t);
  return t;
}

Draft Traffic::Begin(Family family) {
  Draft d(shot_->bytes);
  uint8_t from[6];
  if (shot_->side == Side::kAccess)
    WriteAccessMac(static_cast<int>(random_.Below(kHosts)), from);
  else
    WriteCoreMac(from);
  d.Ethernet(test::Relay::kPortMac[static_cast<int>(shot_->side)].data(), from);
  return d.Put16(family == Family::kV4 ? 0x0800 : 0x86dd);
}

Address Traffic::AliasOf(const Tuple& t) const {
  const Conversation& c = book_[Conversations::NumberOf(t)];
  if (c.known) return c.alias;
  for (const Address& unit : units_)
    if (unit.family == t.family) return unit;
  return PoolAddress(t.family, static_cast<uint32_t>(t.host));
}

IpFields Traffic::Fields(const Tuple& t) {
  IpFields f;
  bool out = shot_->side == Side::kAccess;
  f.source = out ? t.subscriber() : t.remote_address();
  f.destination = out ? t.remote_address() : AliasOf(t);
  f.protocol = t.number();
  uint64_t dice = random_.Next();
  static constexpr uint8_t kTtls[] = {64, 64, 64, 128, 255, 32, 49, 3};
  f.ttl = kTtls[dice & 7];
  if ((dice >> 3 & 7) == 0) f.tos = static_cast<uint8_t>(dice >> 8);
  f.id = static_cast<uint16_t>((dice >> 16 & 0x7f7f) | 0x3f);  // of no train of fragments
  if ((dice >> 6 & 3) == 0) f.fragment = 0;
  f.label = static_cast<uint32_t>(dice >> 32) & 0x07f7f;
  return f;
}

Traffic::Ports Traffic::PortsOf(const Tuple& t) const {
  const Conversation& c = book_[Conversations::NumberOf(t)];
  uint16_t remote = t.remote_port_number();
  if (shot_->side == Side::kAccess) return {t.subscriber_port(), remote};
  return {remote, c.known ? c.alias_port : static_cast<uint16_t>(1024 + t.port)};
}

size_t Traffic::Payload() {
  uint32_t dice = random_.Below(64);
  if (dice < 40) return random_.Below(33);
  if (dice < 60) return random_.Below(200);
  if (dice < 63) return random_.Between(1000, mtu_ - 100u);
  return random_.Below(mtu_ - 100u);
}

Address Traffic::AnyAddress(Family family) {
  switch (random_.Below(6)) {
    case 0:
      return SubscriberAddress(family, static_cast<int>(random_.Below(kHosts)));
    case 1:
      return RemoteAddress(family, static_cast<int>(random_.Below(kRemotes)));
    case 2:
      return PoolAddress(family, random_.Below(256));
    case 3:
      if (!units_.empty())
        if (const Address& unit = units_[random_.Below(static_cast<uint32_t>(units_.size()))];
            unit.family == family)
          return unit;
      [[fallthrough]];
    default:
      return OtherAddress(family, random_.Below(kOthers));
  }
}

size_t Traffic::PutSecret(uint8_t* bytes, Family family) {
  const Address a = SubscriberAddress(family, static_cast<int>(random_.Below(kHosts)));
  const auto count = static_cast<size_t>(a.bits() / 8);
  std::memcpy(bytes, a.bytes.data(), count);
  return count;
}

}  // namespace cfr::hunt
