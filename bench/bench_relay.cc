// SPDX-License-Identifier: BSD-3-Clause
#include "bench/bench_relay.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "common/check.h"
#include "common/config.h"
#include "control/generation.h"
#include "dataplane/checksum.h"
#include "dataplane/snapshot_builder.h"

namespace cfr::bench {
namespace {

constexpr uint64_t kAffinityPairs = Row(Setting::kAffinityPairs).default_value;
constexpr uint32_t kPortsPerHost = 63, kRemotes = 1024;
constexpr uint8_t kStation[6] = {2, 0, 0, 0, 0, 9};
constexpr uint8_t kPortMac[kSides][6] = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}};
constexpr uint16_t kPayload = 18;  // an IPv4 frame of 60 bytes, 64 with FCS

constexpr char kConfiguration[] = R"(
[node]
name = "bench"
regions = ["XA-1"]
[port.access]
null = true
addresses = ["192.0.2.1/25", "2001:db8:ac::1/64"]
gateway_v4 = "192.0.2.2"
gateway_v6 = "2001:db8:ac::2"
[port.core]
null = true
addresses = ["192.0.2.129/25", "2001:db8:c0::1/64"]
gateway_v4 = "192.0.2.130"
gateway_v6 = "2001:db8:c0::2"
[limits]
new_flows_burst = 1000000
new_flows_per_second = 1000000
flows_per_subscriber_v4 = 1000000
flows_per_subscriber_v6 = 1000000
[[subscribers]]
prefix = "10.0.0.0/8"
region = "XA-1"
[[subscribers]]
prefix = "2001:db8:8000::/33"
region = "XA-1"
[[pool]]
name = "p4"
region = "XA-1"
prefixes = ["203.0.113.0/24"]
alias_units = 16
[[pool]]
name = "p6"
region = "XA-1"
prefixes = ["2001:db8:1::/64"]
alias_units = 16
)";

struct Built {
  std::shared_ptr<const Snapshot> snapshot;
  std::shared_ptr<const NextHops> hops;
};

Built Build(RandomSource& random) {
  ConfigResult result = ParseConfig(kConfiguration);
  CFR_CHECK(result.config.has_value(), "the configuration of the bench is not valid");
  auto assignments = Assign(
      *result.config, {}, [&](uint64_t bound) { return random.Below(bound); }, 0);
  CFR_CHECK(assignments.ok(), "no alias units");
  std::vector<Prefix> allowed;
  for (const PoolConfig& pool : result.config->pools) allowed.push_back(pool.prefixes.front());
  std::vector<uint64_t> salts(kUnitsMax);
  for (uint64_t& salt : salts) salt = random.Next64();
  SnapshotBuilder builder(allowed, salts);
  Built built;
  uint32_t position = 0;
  for (const Message& m : CompileGeneration(*result.config, *assignments, 1)) {
    AckStatus status =
        m.kind == MessageKind::kCommit ? builder.Commit(m, &built.snapshot, &position) : builder.Take(m, 0);
    CFR_CHECK(status == AckStatus::kOk, "the generation of the bench is refused");
  }
  std::vector<ResolvedNeighbour> stations;
  for (Side side : {Side::kAccess, Side::kCore})
    for (const auto& gateway : built.snapshot->gateway[static_cast<int>(side)])
      stations.push_back({side, *gateway, {2, 0, 0, 0, 0, 9}});
  built.hops = std::make_shared<NextHops>(*built.snapshot, stations, random.Next64());
  return built;
}

Owner OneWorker(RandomSource& random) {
  Owner::Key key;
  for (uint8_t& b : key) b = static_cast<uint8_t>(random.Next16());
  return Owner(key, 1);
}

SipKey DrawKey(RandomSource& random) {
  return {random.Next64(), random.Next64()};
}

V4 Host(uint32_t n, V4) {
  return {__builtin_bswap32(0x0a000000 + n)};
}
V6 Host(uint32_t n, V6) {
  return {__builtin_bswap64(0x20010db880000000 + (uint64_t{n} << 8)), __builtin_bswap64(0x10)};
}
V4 Remote(uint32_t n, V4) {
  return {__builtin_bswap32(0xc6120000 + n)};
}
V6 Remote(uint32_t n, V6) {
  return {__builtin_bswap64(0x20010db800050000), __builtin_bswap64(n)};
}

template <class A>
TraceEntry<A> EntryOf(const Flow<A>& f, Direction direction) {
  if (direction == Direction::kOutbound) return {f.subscriber, f.remote, f.subscriber_port, f.remote_port};
  return {f.remote, f.alias, f.remote_port, f.alias_port};
}

// Spreads flow numbers over the remotes.
uint32_t Spread(uint32_t n) {
  return n * 2654435761u >> 7;
}

struct TcpData {
  TcpHeader header;
  uint8_t options[12];
};

constexpr uint8_t FlagsOf(Segment s) {
  if (s == Segment::kTcpSyn) return kTcpSyn;
  return s == Segment::kTcpSynAck ? kTcpSyn | kTcpAck : kTcpAck;
}

void PutTransport(uint8_t* l4, Segment segment, uint16_t bytes) {
  if (segment == Segment::kUdp) {
    auto* udp = reinterpret_cast<UdpHeader*>(l4);
    udp->length = Be16::From(bytes);
    udp->checksum = Be16::From(0x1234);  // never verified: a wrong one stays equally wrong
    return;
  }
  static constexpr uint8_t kOptions[12] = {1, 1, 8, 10, 0, 0, 0, 100, 0, 0, 0, 7};
  auto* tcp = reinterpret_cast<TcpData*>(l4);
  tcp->header.data_offset = sizeof(TcpData) / 4 << 4;
  tcp->header.flags = FlagsOf(segment);
  tcp->header.checksum = Be16::From(0x1234);
  std::memcpy(tcp->options, kOptions, sizeof kOptions);
}

// The parts of a frame that never change.
template <class A>
std::array<uint8_t, 128> Template(Direction direction, Segment segment) {
  std::array<uint8_t, 128> bytes{};
  auto* ethernet = reinterpret_cast<EthernetHeader*>(bytes.data());
  std::memcpy(ethernet->destination, kPortMac[static_cast<int>(ArrivalSide(direction))], 6);
  std::memcpy(ethernet->source, kStation, 6);
  constexpr bool kV4 = A::kFamily == Family::kV4;
  ethernet->ethertype = Be16::From(kV4 ? kEthertypeIpv4 : kEthertypeIpv6);
  const bool is_udp = segment == Segment::kUdp;
  const auto l4_bytes = static_cast<uint16_t>((is_udp ? sizeof(UdpHeader) : sizeof(TcpData)) + kPayload);
  const uint8_t protocol = is_udp ? kProtocolUdp : kProtocolTcp;
  size_t l4;
  if constexpr (kV4) {
    auto* ip = reinterpret_cast<Ipv4Header*>(bytes.data() + kEthernetBytes);
    ip->version_ihl = 0x45;
    ip->total_length = Be16::From(static_cast<uint16_t>(sizeof(Ipv4Header) + l4_bytes));
    ip->flags_offset = Be16::From(kIpv4DontFragment);
    ip->ttl = 64;
    ip->protocol = protocol;
    l4 = kEthernetBytes + sizeof(Ipv4Header);
  } else {
    auto* ip = reinterpret_cast<Ipv6Header*>(bytes.data() + kEthernetBytes);
    ip->version_class_label = Be32::From(0x60000000);
    ip->payload_length = Be16::From(l4_bytes);
    ip->next_header = protocol;
    ip->hop_limit = 64;
    l4 = kEthernetBytes + sizeof(Ipv6Header);
  }
  PutTransport(bytes.data() + l4, segment, l4_bytes);
  return bytes;
}

}  // namespace

Burst::Burst() : memory_(kStride * kBurst) {}

template <class A>
void Burst::Fill(const TraceEntry<A>* entries, Direction direction, Segment segment) {
  if (segment == Segment::kUdp)
    FillAs<A, UdpHeader>(entries, direction, segment);
  else
    FillAs<A, TcpData>(entries, direction, segment);
}
template void Burst::Fill(const TraceEntry<V4>*, Direction, Segment);
template void Burst::Fill(const TraceEntry<V6>*, Direction, Segment);

template <class A, class L4>
void Burst::FillAs(const TraceEntry<A>* entries, Direction direction, Segment segment) {
  static const auto kTemplates = [] {
    std::array<std::array<std::array<uint8_t, 128>, kSegments>, kDirections> made;
    for (int d = 0; d < kDirections; ++d)
      for (int s = 0; s < kSegments; ++s)
        made[static_cast<size_t>(d)][static_cast<size_t>(s)] =
            Template<A>(static_cast<Direction>(d), static_cast<Segment>(s));
    return made;
  }();
  constexpr bool kV4 = A::kFamily == Family::kV4;
  constexpr size_t kIp = kV4 ? sizeof(Ipv4Header) : sizeof(Ipv6Header);
  constexpr size_t kHeaders = kEthernetBytes + kIp + sizeof(L4);
  const auto& bytes = kTemplates[static_cast<size_t>(direction)][static_cast<size_t>(segment)];
  const uint16_t base = kV4 ? Sum(bytes.data() + kEthernetBytes, kIp) : uint16_t{0};
  for (int i = 0; i < kBurst; ++i) {
    uint8_t* frame = memory_.data() + static_cast<size_t>(i) * kStride + 128;
    const TraceEntry<A>& e = entries[i];
    std::memcpy(frame, bytes.data(), kHeaders);
    Packet& p = packets_[static_cast<size_t>(i)];
    p = Packet{};
    p.data = frame;
    p.length = kHeaders + kPayload;
    if constexpr (kV4) {
      Ipv4Header& ip = p.ip4();
      ip.source.raw = e.source.word;
      ip.destination.raw = e.destination.word;
      ip.checksum.raw = static_cast<uint16_t>(~Fold(uint64_t{base} + e.source.word + e.destination.word));
    } else {
      std::memcpy(p.ip6().source, &e.source, 16);
      std::memcpy(p.ip6().destination, &e.destination, 16);
    }
    auto* ports =
        reinterpret_cast<UdpHeader*>(frame + kEthernetBytes + kIp);  // TCP's stand at the same place
    ports->source_port.raw = e.source_port;
    ports->destination_port.raw = e.destination_port;
  }
}

BenchRelay::BenchRelay(uint32_t flows, std::vector<Family> families, uint32_t spare, Segment data)
    : flows_(flows),
      data_(data),
      next_flow_(flows),
      random_(std::array<uint8_t, 32>{1}),
      owner_(OneWorker(random_)),
      subscribers_((flows + spare) / kPortsPerHost * 2 + 64, DrawKey(random_)),
      shared_(owner_, subscribers_, leases_, kAffinityPairs, random_),
      page_(std::make_unique<CounterPage>()),
      order_(flows) {
  // In random order: a sequential one would lay neighbouring flows side by side.
  std::iota(order_.begin(), order_.end(), 0u);
  std::shuffle(order_.begin(), order_.end(), draw_);
  for (int s = 0; s < kSides; ++s) std::memcpy(shared_.port[s].mac, kPortMac[s], 6);
  Built built = Build(random_);
  world_.snapshot = built.snapshot;
  world_.hops = built.hops;
  auto keys = std::make_shared<EpochKeys>();
  keys->key[0] = {0, 1, DrawKey(random_)};
  world_.keys = keys;
  for (auto& deadline : leases_.deadline_ms) deadline.store(~uint64_t{0});
  auto capacity = [&](Family f) {
    return std::find(families.begin(), families.end(), f) == families.end() ? 1 : flows + spare;
  };
  const Settings& settings = world_.snapshot->settings;
  const TableSizes sizes{capacity(Family::kV4), capacity(Family::kV6),
                         static_cast<uint32_t>(settings[Setting::kFragmentDatagrams]),
                         static_cast<uint32_t>(settings[Setting::kFragmentsHeld])};
  BufferSource& buffers = *this;
  pipeline_ = std::make_unique<Pipeline>(0, shared_, sizes, buffers, random_, *page_);
  for (Family f : families) f == Family::kV4 ? OpenAll<V4>() : OpenAll<V6>();
}

BenchRelay::~BenchRelay() = default;

template <class A>
TraceEntry<A> BenchRelay::Outbound(uint32_t flow) const {
  auto port = static_cast<uint16_t>(2000 + flow % kPortsPerHost);
  return {Host(flow / kPortsPerHost, A{}), Remote(Spread(flow) % kRemotes, A{}), Be16::From(port).raw,
          Be16::From(443).raw};
}

template <class A>
void BenchRelay::OpenAll() {
  Burst burst;
  TraceEntry<A> entries[kBurst];
  for (uint32_t done = 0; done < flows_; done += kBurst) {
    for (uint32_t i = 0; i < kBurst; ++i) entries[i] = Outbound<A>(order_[(done + i) % flows_]);
    burst.Fill(entries, Direction::kOutbound, data_ == Segment::kUdp ? Segment::kUdp : Segment::kTcpSyn);
    Process(Direction::kOutbound, burst);
  }
  if (data_ == Segment::kTcpData) Handshake<A>();
  CFR_CHECK(page_->flows[static_cast<int>(A::kFamily)].Get() == flows_, "not every flow of the bench opened");
}
template void BenchRelay::OpenAll<V4>();
template void BenchRelay::OpenAll<V6>();

void BenchRelay::Wait(uint64_t ms) {
  for (const uint64_t end_ms = now_ms_ + ms; now_ms_ < end_ms;) {
    now_ms_ = std::min(end_ms, now_ms_ + 1000);
    while (pipeline_->Expire(now_ms_, kExpiriesPerRound, world_) == kExpiriesPerRound) {
    }
  }
}

// The rest of it, for every flow.
template <class A>
void BenchRelay::Handshake() {
  const FlowTable<A>& table = Table<A>();
  Burst burst;
  TraceEntry<A> in[kBurst], out[kBurst];
  for (uint32_t done = 0; done < flows_; done += kBurst) {
    for (uint32_t i = 0; i < kBurst; ++i) {
      in[i] = EntryOf(table[(done + i) % flows_], Direction::kInbound);
      out[i] = EntryOf(table[(done + i) % flows_], Direction::kOutbound);
    }
    burst.Fill(in, Direction::kInbound, Segment::kTcpSynAck);
    Process(Direction::kInbound, burst);
    burst.Fill(out, Direction::kOutbound, Segment::kTcpData);
    Process(Direction::kOutbound, burst);
  }
  for (uint32_t i = 0; i < flows_; ++i)
    CFR_CHECK(table[i].state == FlowState::kTcpEstablished,
              "not every connection of the bench is established");
}

template <class A>
const FlowTable<A>& BenchRelay::Table() const {
  if constexpr (A::kFamily == Family::kV4)
    return pipeline_->flows_v4();
  else
    return pipeline_->flows_v6();
}
template const FlowTable<V4>& BenchRelay::Table() const;
template const FlowTable<V6>& BenchRelay::Table() const;

template <class A>
std::vector<TraceEntry<A>> BenchRelay::Trace(Direction direction, size_t packets) {
  std::vector<TraceEntry<A>> trace(packets);
  for (TraceEntry<A>& e : trace) e = EntryOf(Table<A>()[static_cast<FlowIndex>(draw_() % flows_)], direction);
  return trace;
}
template std::vector<TraceEntry<V4>> BenchRelay::Trace(Direction, size_t);
template std::vector<TraceEntry<V6>> BenchRelay::Trace(Direction, size_t);

template <class A>
std::vector<TraceEntry<A>> BenchRelay::NewFlows(size_t packets) {
  std::vector<TraceEntry<A>> trace(packets);
  for (TraceEntry<A>& e : trace) e = Outbound<A>(next_flow_++);
  std::shuffle(trace.begin(), trace.end(), draw_);
  return trace;
}
template std::vector<TraceEntry<V4>> BenchRelay::NewFlows(size_t);
template std::vector<TraceEntry<V6>> BenchRelay::NewFlows(size_t);

}  // namespace cfr::bench
