// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/relay_inspector.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/support/reassembly.h"
#include "tests/support/relay.h"
#include "tests/support/tcp_option_model.h"

namespace cfr::test {
namespace {

constexpr size_t kEthernet = 14, kFrameMin = 60;

std::vector<uint8_t> AddressBytes(const Address& a) {
  return {a.bytes.begin(), a.bytes.begin() + a.bits() / 8};
}

Endpoint SourceOf(const Dissection& d) {
  return {d.source, d.source_port};
}
Endpoint DestinationOf(const Dissection& d) {
  return {d.destination, d.destination_port};
}

}  // namespace

void RelayInspector::Expect(bool holds, const std::string& what) {
  if (!holds) violations_.push_back(absl::StrCat(what, "\n    ", packet_));
}

void RelayInspector::Remember(const std::vector<uint8_t>& secret) {
  if (std::find(secrets_.begin(), secrets_.end(), secret) == secrets_.end()) secrets_.push_back(secret);
}

void RelayInspector::SetConfig(const Config& config) {
  config_ = config;
  answered_at_.clear();
  for (const PoolConfig& pool : config.pools)
    pools_.insert(pools_.end(), pool.prefixes.begin(), pool.prefixes.end());
}

// A gateway on the access link, which may send ICMP errors, is nobody to hide.
bool RelayInspector::IsSubscriber(const Address& a) const {
  return std::any_of(config_.subscribers.begin(), config_.subscribers.end(),
                     [&](const SubscribersConfig& s) { return s.prefix.Contains(a); });
}

bool RelayInspector::InPool(const Address& a) const {
  return std::any_of(pools_.begin(), pools_.end(), [&](const Prefix& p) { return p.Contains(a); });
}

void RelayInspector::Relayed(Direction direction, const Frame& in, const std::vector<Frame>& outs,
                             bool bypassed, uint64_t now_ms) {
  now_ms_ = now_ms;
  packet_ = absl::StrCat(Name(direction), "\n      in  ", Describe(in));
  for (const Frame& out : outs) absl::StrAppend(&packet_, "\n      out ", Describe(out));
  auto in_d = Dissect(in);
  std::optional<Frame> out = outs.size() == 1 ? outs[0] : Join(outs);
  Expect(in_d.has_value() && out.has_value() && Dissect(*out).has_value(), "a relayed packet is readable");
  if (!in_d.has_value() || !out.has_value() || !Dissect(*out).has_value()) return;
  if (outs.size() > 1) CheckPieces(direction, outs, bypassed);
  CheckPacket(direction, in, *out, bypassed);
  const bool scrubbed = direction == Direction::kOutbound && !bypassed;
  auto out_d = Dissect(outs[0]);
  const bool atomic = (out_d->ipv4_fragment & 0x7fff) == 0x4000;
  const bool has_id = out_d->source.family == Family::kV4 ? !atomic : out_d->fragment_offset != 0;
  if (in_d->fragment) return CheckFragment(direction, in, outs, bypassed, now_ms);
  bool fresh = !scrubbed || !has_id || datagrams_.TakeId(*out_d, datagrams_.NextNumber(), now_ms);
  Expect(fresh, "no other datagram has had this id for 120 s");
}

// One packet, or the whole that its pieces make.
void RelayInspector::CheckPacket(Direction direction, const Frame& in_frame, const Frame& out_frame,
                                 bool bypassed) {
  auto in = Dissect(in_frame), out = Dissect(out_frame);
  const bool error = in->icmp_error() && !bypassed;
  // In-process the frame ends with its packet; on a port short frames are padded (dataplane/padding.h).
  const size_t end = kEthernet + out->tags.size() + (error ? out->ip_bytes : in->ip_bytes);
  const bool padded = end < kFrameMin && out_frame.size() == kFrameMin;
  Expect(out_frame.size() == end || padded, "the frame leaves with the length of its IP packet");
  Expect(std::all_of(out_frame.begin() + static_cast<ptrdiff_t>(std::min(end, out_frame.size())),
                     out_frame.end(), [](uint8_t byte) { return byte == 0; }),
         "padding is zero");
  if (!error) CheckSame(direction, *in, *out, bypassed);
  CheckHeader(direction, *in, *out, bypassed);
  CheckStations(direction, *out);
  if (bypassed) {
    Expect(SourceOf(*in) == SourceOf(*out) && DestinationOf(*in) == DestinationOf(*out),
           "a bypassed packet keeps its addresses");
    Expect(in->tcp_options == out->tcp_options, "a bypassed packet keeps its TCP options");
  } else if (direction == Direction::kOutbound) {
    if (IsSubscriber(in->source)) Remember(AddressBytes(in->source));
    Remember({in->source_mac.begin(), in->source_mac.end()});
    Expect(InPool(out->source), "the source is an alias of a pool");
    if (error)
      CheckIcmpError(direction, *in, *out);
    else if (!in->later_fragment())
      CheckOutboundFlow(*in, *out);
    CheckNoSubscriber(out_frame, error ? out_frame.size() : out->payload_offset);
  } else if (error) {
    CheckIcmpError(direction, *in, *out);
  } else if (!in->later_fragment()) {
    CheckInboundFlow(*in, *out);
  }
}

void RelayInspector::CheckFragment(Direction direction, const Frame& in, const std::vector<Frame>& outs,
                                   bool bypassed, uint64_t now_ms) {
  Datagrams::Seen seen = datagrams_.Add(direction, in, outs, bypassed, config_.settings, now_ms);
  for (const std::string& sentence : seen.wrong) Expect(false, sentence);
  if (!seen.whole.has_value()) return;
  auto whole_in = Dissect(seen.whole->in), whole_out = Dissect(seen.whole->out);
  CheckSame(direction, *whole_in, *whole_out, bypassed);
}

void RelayInspector::CheckPieces(Direction direction, const std::vector<Frame>& outs, bool bypassed) {
  const Side side = DepartureSide(direction);
  auto first = Dissect(outs[0]);
  for (const Frame& out : outs) {
    auto d = Dissect(out);
    Expect(d->ip_bytes <= config_.port[static_cast<int>(side)].mtu, "a piece fits its link");
    Expect(d->ip_checksum_right, "the IPv4 header checksum of a piece is right");
    Expect(d->ttl == first->ttl && d->traffic_class == first->traffic_class, "pieces have one header");
    if (direction == Direction::kOutbound && !bypassed) CheckNoSubscriber(out, d->payload_offset);
  }
}

void RelayInspector::CheckSame(Direction direction, const Dissection& in, const Dissection& out,
                               bool bypassed) {
  Expect(in.payload == out.payload, "the transport payload is byte-identical");
  Expect(in.header_rest == out.header_rest, "the transport header behind the ports is untouched");
  Expect(in.protocol == out.protocol && in.icmp_type == out.icmp_type && in.icmp_code == out.icmp_code,
         "the protocol stays");
  Expect(in.ipv4_fragment == out.ipv4_fragment && in.fragment_first == out.fragment_first &&
             in.more_fragments == out.more_fragments,
         "the fragment field stays");
  Expect(in.extensions == out.extensions, "IPv6 extension headers are forwarded unchanged");
  Expect(out.ip_checksum_right, "the IPv4 header checksum is right");
  if (!in.later_fragment()) CheckChecksum(in, out);
  if (bypassed) return;
  bool outbound = direction == Direction::kOutbound;
  Expect(outbound ? DestinationOf(in) == DestinationOf(out) : SourceOf(in) == SourceOf(out),
         "the remote's address and port stay");
}

void RelayInspector::CheckChecksum(const Dissection& in, const Dissection& out) {
  bool unsummed = in.protocol == 17 && in.l4_checksum == 0;
  if (unsummed)
    Expect(out.l4_checksum == 0, "a UDP checksum of 0 stays 0");
  else
    Expect(in.l4_error == out.l4_error, "the transport checksum is as right or as wrong as it came");
  if (!unsummed && in.protocol == 17) Expect(out.l4_checksum != 0, "a UDP checksum never becomes 0");
}

void RelayInspector::CheckHeader(Direction direction, const Dissection& in, const Dissection& out,
                                 bool bypassed) {
  bool scrubbed = direction == Direction::kOutbound && !bypassed;
  const Settings& settings = config_.settings;
  uint64_t ttl = in.ttl - 1u;
  if (scrubbed) ttl = std::min(ttl, settings[Setting::kTtlCap]);
  Expect(out.ttl == ttl, absl::StrCat("TTL or hop limit is ", ttl));
  Expect((in.traffic_class & 3) == (out.traffic_class & 3), "ECN is untouched");
  bool dscp_cleared = scrubbed && settings[Setting::kScrubDscp] != 0;
  Expect(out.traffic_class >> 2 == (dscp_cleared ? 0 : in.traffic_class >> 2), "DSCP");
  bool id_replaced = scrubbed && settings[Setting::kScrubIpv4Id] != 0;
  bool atomic = (in.ipv4_fragment & 0x7fff) == 0x4000;
  if (in.source.family == Family::kV4 && id_replaced && atomic)
    Expect(out.ipv4_id == 0, "an atomic datagram has id 0");
  if (!scrubbed || (atomic && !id_replaced)) Expect(out.fragment_id == in.fragment_id, "the id stays");
  if (in.source.family == Family::kV4) return;
  if (scrubbed && settings[Setting::kScrubFlowLabel] != 0)
    Expect(out.flow_label != 0, "the flow label is not 0");
  else
    Expect(out.flow_label == in.flow_label, "the flow label stays");
}

void RelayInspector::CheckStations(Direction direction, const Dissection& out) {
  Side side = DepartureSide(direction);
  const PortConfig& port = config_.port[static_cast<int>(side)];
  Expect(out.tags == TagsOf(port), "the frame carries the tags of the port it leaves by");
  Expect(out.source_mac == port_mac_[static_cast<int>(side)], "the source MAC is the port's");
  Address hop = out.destination;
  bool on_link = std::any_of(port.addresses.begin(), port.addresses.end(),
                             [&](const Prefix& own) { return own.Contains(out.destination); });
  if (!on_link) hop = port.gateway[static_cast<int>(out.destination.family)].value_or(hop);
  Expect(out.destination_mac == StationMac(side, hop), "the destination MAC is the next hop's");
}

void RelayInspector::CheckOutboundFlow(const Dissection& in, const Dissection& out) {
  Endpoint alias = SourceOf(out), subscriber = SourceOf(in);
  CoreTuple tuple{in.protocol, alias, DestinationOf(in)};
  const bool offset =
      config_.settings.Choice<TcpTimestamps>(Setting::kTcpTimestamps) == TcpTimestamps::kOffset;
  const Alias now{alias, out.flow_label, offset, std::nullopt, now_ms_};
  auto [entry, fresh] = aliases_.try_emplace({in.protocol, subscriber, DestinationOf(in)}, now);
  if (fresh || entry->second.endpoint != alias) CheckExclusive(tuple);
  if (!fresh && entry->second.endpoint != alias) {
    Expect(!is_live_({in.protocol, entry->second.endpoint, DestinationOf(in)}, subscriber),
           "the alias of a live flow never changes");
    entry->second = now;
    fresh = true;
  }
  // A connection that begins after as long a silence as a tuple rests may be another flow with the same
  // alias.
  constexpr uint8_t kSynAndAck = 0x12, kSyn = 0x02;
  const uint64_t rest_ms = config_.settings[Setting::kQuarantine] * 1000;
  const bool may_begin = (in.tcp_flags & kSynAndAck) == kSyn && now_ms_ - entry->second.seen_ms >= rest_ms;
  if (may_begin) entry->second = now;
  entry->second.seen_ms = now_ms_;
  CheckTimestamps(&entry->second, in, out);
  bool labelled = config_.settings[Setting::kScrubFlowLabel] != 0;
  if (labelled) Expect(entry->second.flow_label == out.flow_label, "one flow label per flow");
  uint16_t port = alias.port;
  bool in_range =
      port >= config_.settings[Setting::kPortFirst] && port <= config_.settings[Setting::kPortLast];
  Expect(!fresh || in_range, "the alias port is in its range");
  auto [owner, first] = subscribers_of_.try_emplace(tuple, subscriber);
  if (!first) owner->second = subscriber;
}

// Of a flow that opens: in an exclusive pool no live one of the protocol has its alias port, whatever the
// remote.
void RelayInspector::CheckExclusive(const CoreTuple& tuple) {
  auto exclusive = [&](const PoolConfig& pool) {
    return pool.port_mode == PortMode::kExclusive && pool.prefixes.front().Contains(tuple.alias.address);
  };
  if (std::none_of(config_.pools.begin(), config_.pools.end(), exclusive)) return;
  auto other = subscribers_of_.lower_bound({tuple.protocol, tuple.alias, Endpoint{}});
  for (; other != subscribers_of_.end() && other->first.protocol == tuple.protocol &&
         other->first.alias == tuple.alias;
       ++other)
    Expect(other->first == tuple || !is_live_(other->first, std::nullopt),
           "an exclusive alias port serves one flow at a time");
}

void RelayInspector::CheckInboundFlow(const Dissection& in, const Dissection& out) {
  auto found = subscribers_of_.find({in.protocol, DestinationOf(in), SourceOf(in)});
  Expect(found != subscribers_of_.end(), "an inbound packet belongs to a flow a subscriber opened");
  if (found == subscribers_of_.end()) return;
  Expect(found->second == DestinationOf(out), "the reply reaches the subscriber that opened the flow");
  auto alias = aliases_.find({in.protocol, found->second, SourceOf(in)});
  if (alias != aliases_.end()) CheckEcho(&alias->second, in, out);
}

// A subscriber that never sent a timestamp may still get the echo of one; that tells the offset, too.
void RelayInspector::CheckEcho(Alias* alias, const Dissection& in, const Dissection& out) {
  constexpr uint8_t kAck = 0x10;
  auto before = TimestampsOf(in.tcp_options), after = TimestampsOf(out.tcp_options);
  const bool echoes = (in.tcp_flags & kAck) != 0 && before.has_value() && before->echo != 0;
  if (echoes && after.has_value() && alias->offset_wanted && !alias->timestamp_offset.has_value())
    alias->timestamp_offset = before->echo - after->echo;
  CheckOptions(Direction::kInbound, alias->timestamp_offset.value_or(0), in, out);
}

// One offset per flow, from its first timestamp on; none for a flow that keeps its timestamps.
void RelayInspector::CheckTimestamps(Alias* alias, const Dissection& in, const Dissection& out) {
  auto before = TimestampsOf(in.tcp_options), after = TimestampsOf(out.tcp_options);
  if (before.has_value() && after.has_value()) {
    const uint32_t offset = after->value - before->value;
    Expect(alias->timestamp_offset.value_or(offset) == offset,
           "the offset of a flow's timestamps never changes");
    Expect((offset != 0) == alias->offset_wanted,
           "timestamps are moved if the setting said so when the flow opened");
    alias->timestamp_offset = offset;
  }
  CheckOptions(Direction::kOutbound, alias->timestamp_offset.value_or(0), in, out);
}

void RelayInspector::CheckOptions(Direction direction, uint32_t offset, const Dissection& in,
                                  const Dissection& out) {
  Expect(out.tcp_options == ExpectedOptions(in.tcp_options, direction, in.source.family, in.tcp_flags, offset,
                                            config_.settings),
         "TCP options are those of the scrub settings");
}

void RelayInspector::CheckNoSubscriber(const Frame& frame, size_t end) {
  auto last = frame.begin() + static_cast<std::ptrdiff_t>(end);
  for (const auto& secret : secrets_)
    Expect(std::search(frame.begin(), last, secret.begin(), secret.end()) == last,
           "no subscriber address or MAC stands in a frame on the core side");
}

std::vector<uint8_t> TagsOf(const PortConfig& port) {
  std::vector<uint8_t> tags;
  for (size_t i = 0; i < port.vlan.size(); ++i) {
    bool outer = i + 1 < port.vlan.size();
    tags.insert(tags.end(),
                {static_cast<uint8_t>(outer ? 0x88 : 0x81), static_cast<uint8_t>(outer ? 0xa8 : 0),
                 static_cast<uint8_t>(port.vlan[i] >> 8), static_cast<uint8_t>(port.vlan[i])});
  }
  return tags;
}

MacAddress StationMac(Side side, const Address& a) {
  uint8_t last = a.bytes[static_cast<size_t>(a.bits() / 8 - 1)];
  return {2, 0, static_cast<uint8_t>(side), static_cast<uint8_t>(a.family), 0xfe, last};
}

}  // namespace cfr::test
