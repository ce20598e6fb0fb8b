// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/relay_inspector.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/support/relay.h"

namespace cfr::test {
namespace {

constexpr size_t kEthernet = 14;

std::vector<uint8_t> AddressBytes(const Address& a) {
  return {a.bytes.begin(), a.bytes.begin() + a.bits() / 8};
}

Endpoint SourceOf(const Dissection& d) { return {d.source, d.source_port}; }
Endpoint DestinationOf(const Dissection& d) { return {d.destination, d.destination_port}; }

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
  for (const PoolConfig& pool : config.pools) pools_.insert(pools_.end(), pool.prefixes.begin(), pool.prefixes.end());
}

bool RelayInspector::InPool(const Address& a) const {
  return std::any_of(pools_.begin(), pools_.end(), [&](const Prefix& p) { return p.Contains(a); });
}

void RelayInspector::Relayed(Direction direction, const Frame& in_frame, const Frame& out_frame, bool bypassed) {
  packet_ = absl::StrCat(Name(direction), "\n      in  ", Describe(in_frame), "\n      out ", Describe(out_frame));
  auto in = Dissect(in_frame), out = Dissect(out_frame);
  Expect(in.has_value() && out.has_value(), "a relayed packet is readable");
  if (!in.has_value() || !out.has_value()) return;
  const bool error = in->icmp_error() && !bypassed;
  Expect(out_frame.size() == kEthernet + (error ? out->ip_bytes : in->ip_bytes),
         "the frame leaves with the length of its IP packet");
  if (!error) CheckSame(direction, *in, *out, bypassed);
  CheckHeader(direction, *in, *out, bypassed);
  CheckStations(direction, *out);
  if (bypassed) {
    Expect(SourceOf(*in) == SourceOf(*out) && DestinationOf(*in) == DestinationOf(*out),
           "a bypassed packet keeps its addresses");
  } else if (direction == Direction::kOutbound) {
    Remember(AddressBytes(in->source));
    Remember({in->source_mac.begin(), in->source_mac.end()});
    if (error) CheckIcmpError(direction, *in, *out);
    else CheckOutboundFlow(*in, *out);
    CheckNoSubscriber(out_frame, error ? out_frame.size() : out->payload_offset);
  } else if (error) {
    CheckIcmpError(direction, *in, *out);
  } else {
    CheckInboundFlow(*in, *out);
  }
}

void RelayInspector::CheckSame(Direction direction, const Dissection& in, const Dissection& out, bool bypassed) {
  Expect(in.payload == out.payload, "the transport payload is byte-identical");
  Expect(in.header_rest == out.header_rest, "the transport header behind the ports is untouched");
  Expect(in.protocol == out.protocol && in.icmp_type == out.icmp_type && in.icmp_code == out.icmp_code,
         "the protocol stays");
  Expect(in.ipv4_fragment == out.ipv4_fragment, "the fragment field stays");
  Expect(out.ip_checksum_right, "the IPv4 header checksum is right");
  bool unsummed = in.protocol == 17 && in.source.family == Family::kV4 && in.l4_checksum == 0;
  if (unsummed) Expect(out.l4_checksum == 0, "a UDP checksum of 0 stays 0");
  else Expect(in.l4_error == out.l4_error, "the transport checksum is as right or as wrong as it came");
  if (!unsummed && in.protocol == 17) Expect(out.l4_checksum != 0, "a UDP checksum never becomes 0");
  if (bypassed) return;
  bool outbound = direction == Direction::kOutbound;
  Expect(outbound ? DestinationOf(in) == DestinationOf(out) : SourceOf(in) == SourceOf(out),
         "the remote's address and port stay");
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
  bool atomic = (in.ipv4_fragment & 0x4000) != 0;
  if (in.source.family == Family::kV4 && id_replaced && atomic) Expect(out.ipv4_id == 0, "an atomic datagram has id 0");
  if (!id_replaced) Expect(out.ipv4_id == in.ipv4_id, "the IPv4 id stays");
  if (in.source.family == Family::kV4) return;
  if (scrubbed && settings[Setting::kScrubFlowLabel] != 0) Expect(out.flow_label != 0, "the flow label is not 0");
  else Expect(out.flow_label == in.flow_label, "the flow label stays");
}

void RelayInspector::CheckStations(Direction direction, const Dissection& out) {
  Side side = DepartureSide(direction);
  const PortConfig& port = config_.port[static_cast<int>(side)];
  Expect(out.source_mac == Relay::kPortMac[static_cast<int>(side)], "the source MAC is the port's");
  Address hop = out.destination;
  bool on_link = std::any_of(port.addresses.begin(), port.addresses.end(),
                             [&](const Prefix& own) { return own.Contains(out.destination); });
  if (!on_link) hop = port.gateway[static_cast<int>(out.destination.family)].value_or(hop);
  Expect(out.destination_mac == StationMac(side, hop), "the destination MAC is the next hop's");
}

void RelayInspector::CheckOutboundFlow(const Dissection& in, const Dissection& out) {
  Expect(InPool(out.source), "the source is an alias of a pool");
  Endpoint alias = SourceOf(out), subscriber = SourceOf(in);
  CoreTuple tuple{in.protocol, alias, DestinationOf(in)};
  auto [entry, fresh] = aliases_.try_emplace({in.protocol, subscriber, DestinationOf(in)}, Alias{alias, out.flow_label});
  if (!fresh && entry->second.endpoint != alias) {
    Expect(!is_live_({in.protocol, entry->second.endpoint, DestinationOf(in)}), "the alias of a live flow never changes");
    entry->second = {alias, out.flow_label};
  }
  bool labelled = config_.settings[Setting::kScrubFlowLabel] != 0;
  if (labelled) Expect(entry->second.flow_label == out.flow_label, "one flow label per flow");
  uint16_t port = alias.port;
  Expect(port >= config_.settings[Setting::kPortFirst] && port <= config_.settings[Setting::kPortLast],
         "the alias port is in its range");
  auto [owner, first] = subscribers_of_.try_emplace(tuple, subscriber);
  if (!first) owner->second = subscriber;
}

void RelayInspector::CheckInboundFlow(const Dissection& in, const Dissection& out) {
  auto found = subscribers_of_.find({in.protocol, DestinationOf(in), SourceOf(in)});
  Expect(found != subscribers_of_.end(), "an inbound packet belongs to a flow a subscriber opened");
  if (found != subscribers_of_.end())
    Expect(found->second == DestinationOf(out), "the reply reaches the subscriber that opened the flow");
}

void RelayInspector::CheckNoSubscriber(const Frame& frame, size_t end) {
  auto last = frame.begin() + static_cast<std::ptrdiff_t>(end);
  for (const auto& secret : secrets_)
    Expect(std::search(frame.begin(), last, secret.begin(), secret.end()) == last,
           "no subscriber address or MAC stands in a frame on the core side");
}

MacAddress StationMac(Side side, const Address& a) {
  uint8_t last = a.bytes[static_cast<size_t>(a.bits() / 8 - 1)];
  return {2, 0, static_cast<uint8_t>(side), static_cast<uint8_t>(a.family), 0xfe, last};
}

}  // namespace cfr::test
