// SPDX-License-Identifier: BSD-3-Clause
// The small functions a packet or a new flow pays for, against a library's where there is one.
// Method and pitfalls: README.md.
#include <benchmark/benchmark.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <rte_ip.h>
#include <rte_thash.h>
#include <rte_udp.h>

#include <array>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "bench/pair.h"
#include "bench/runner.h"
#include "common/check.h"
#include "common/siphash.h"
#include "dataplane/alias_policy.h"
#include "dataplane/alias_port.h"
#include "dataplane/checksum.h"
#include "dataplane/headers.h"
#include "dataplane/owner.h"

namespace cfr::bench {
namespace {

constexpr size_t kInputs = 256, kItemsPerWindow = 2048;
constexpr uint64_t kNowMs = 1'000'000'000;

std::mt19937_64& Draw() {
  static std::mt19937_64 draw{1};
  return draw;
}

// Runs both on every input, over and over; what they return must agree.
template <class Input, class Ours, class Rival>
void Compare(benchmark::State& state, const std::vector<Input>& inputs, Ours ours, Rival rival) {
  for (const Input& input : inputs)
    if (ours(input) != rival(input)) return state.SkipWithError("the two disagree");
  auto window = [&](auto& function) {
    for (size_t done = 0; done < kItemsPerWindow; done += inputs.size())
      for (const Input& input : inputs) benchmark::DoNotOptimize(function(input));
  };
  Pair pair;
  for (auto _ : state)
    pair.Run(
        kItemsPerWindow, [&] { window(ours); }, [&] { window(rival); });
  pair.Report(state);
}

// A packet's tuple as ours and as rte_softrss_be want it: words in host order, made ready in advance.
template <class A>
struct Tuple {
  A source, destination;
  uint16_t source_port, destination_port;
  static constexpr uint32_t kWords = 2 * sizeof(A) / 4 + 1;
  uint32_t words[kWords];
  Tuple() {
    for (uint32_t& word : words) word = static_cast<uint32_t>(Draw()());
    std::array<uint32_t, kWords> wire;
    for (uint32_t i = 0; i < kWords; ++i) wire[i] = __builtin_bswap32(words[i]);
    std::memcpy(&source, &wire[0], sizeof source);
    std::memcpy(&destination, &wire[sizeof(A) / 4], sizeof destination);
    std::memcpy(&source_port, &wire[kWords - 1], 2);
    std::memcpy(&destination_port, reinterpret_cast<const uint8_t*>(&wire[kWords - 1]) + 2, 2);
  }
};

// The owner hash against DPDK's Toeplitz in software; its GFNI one needs AVX-512.
template <class A>
void OwnerHash(benchmark::State& state) {
  alignas(4) Owner::Key key, converted;
  for (uint8_t& b : key) b = static_cast<uint8_t>(Draw()());
  rte_convert_rss_key(reinterpret_cast<const uint32_t*>(key.data()),
                      reinterpret_cast<uint32_t*>(converted.data()), Owner::kKeyBytes);
  Owner owner(key, 4);
  Compare(
      state, std::vector<Tuple<A>>(kInputs),
      [&](const Tuple<A>& t) {
        return owner.Hash(t.source, t.destination, t.source_port, t.destination_port);
      },
      [&](const Tuple<A>& t) {
        return rte_softrss_be(const_cast<uint32_t*>(t.words), Tuple<A>::kWords, converted.data());
      });
}

struct MacContext {
  EVP_MAC* mac = EVP_MAC_fetch(nullptr, "SIPHASH", nullptr);
  EVP_MAC_CTX* context = EVP_MAC_CTX_new(mac);
  ~MacContext() {
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
  }
};

// The 32-byte message of an alias draw, one context for all messages.
void Sip(benchmark::State& state) {
  using Words = std::array<uint64_t, 4>;
  const SipKey key{Draw()(), Draw()()};
  MacContext mac;
  unsigned size = 8;
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_SIZE, &size),
                             OSSL_PARAM_construct_end()};
  std::vector<Words> inputs(kInputs);
  for (Words& words : inputs) words = {Draw()(), Draw()(), Draw()(), Draw()()};
  Compare(
      state, inputs,
      [&](const Words& w) { return SipHash(key).Add(w[0]).Add(w[1]).Add(w[2]).Add(w[3]).Finish(); },
      [&](const Words& w) {
        uint64_t hash = 0;
        size_t written;
        EVP_MAC_init(mac.context, reinterpret_cast<const uint8_t*>(&key), sizeof key, parameters);
        EVP_MAC_update(mac.context, reinterpret_cast<const uint8_t*>(w.data()), sizeof w);
        EVP_MAC_final(mac.context, reinterpret_cast<uint8_t*>(&hash), &written, sizeof hash);
        return hash;
      });
}

// Source address and port of a UDP packet replaced: both checksums from the deltas a flow keeps, against
// both summed anew. state.range(0): bytes of UDP payload.
void Checksums(benchmark::State& state) {
  struct Input {
    std::vector<uint8_t> packet;
    uint16_t address_delta, tuple_delta, header_before, udp_before;
  };
  std::vector<Input> inputs(16);
  for (Input& input : inputs) {
    const auto udp_bytes = static_cast<uint16_t>(sizeof(rte_udp_hdr) + static_cast<size_t>(state.range(0)));
    input.packet.resize(sizeof(rte_ipv4_hdr) + udp_bytes);
    for (uint8_t& b : input.packet) b = static_cast<uint8_t>(Draw()());
    auto* ip = reinterpret_cast<rte_ipv4_hdr*>(input.packet.data());
    auto* udp = reinterpret_cast<rte_udp_hdr*>(ip + 1);
    ip->version_ihl = 0x45;
    ip->next_proto_id = kProtocolUdp;
    ip->total_length = Be16::From(static_cast<uint16_t>(input.packet.size())).raw;
    udp->dgram_len = Be16::From(udp_bytes).raw;
    ip->hdr_checksum = udp->dgram_cksum = 0;
    input.header_before = rte_ipv4_cksum(ip);
    input.udp_before = rte_ipv4_udptcp_cksum(ip, udp);
    const uint32_t address_before = ip->src_addr;
    const uint16_t port_before = udp->src_port;
    ip->src_addr = static_cast<uint32_t>(Draw()());
    udp->src_port = static_cast<uint16_t>(Draw()());
    input.address_delta = Delta(&address_before, &ip->src_addr, sizeof address_before);
    input.tuple_delta = Combined(input.address_delta, Delta(port_before, udp->src_port));
  }
  Compare(
      state, inputs,
      [](const Input& i) {
        return uint32_t{Updated(i.header_before, i.address_delta)} << 16 |
               Updated(i.udp_before, i.tuple_delta);
      },
      [](const Input& i) {
        const auto* ip = reinterpret_cast<const rte_ipv4_hdr*>(i.packet.data());
        return uint32_t{rte_ipv4_cksum(ip)} << 16 | rte_ipv4_udptcp_cksum(ip, ip + 1);
      });
}

// Epoch number, seed and the first unit out of state.range(0), as for a new flow.
void AliasDraw(benchmark::State& state) {
  const SipKey phase_key{Draw()(), Draw()()}, epoch_key{Draw()(), Draw()()};
  std::vector<Unit> units(kUnitsMax);
  for (Unit& unit : units) unit.salt = Draw()();
  std::vector<UnitIndex> drawable(static_cast<size_t>(state.range(0)));
  std::iota(drawable.begin(), drawable.end(), UnitIndex{0});
  uint32_t host = 0;
  Stopwatch watch(256);
  for (auto _ : state) {
    const V4 word{__builtin_bswap32(0x0a000000 + host++ % 65536)};
    const Address subscriber = ToAddress(word);
    const uint64_t phase_ms = EpochPhase(phase_key, subscriber, 3'600'000);
    const uint64_t epoch = EpochAt(kNowMs, phase_ms, 3'600'000).number;
    Drawn drawn = DrawNext(DrawSeed(epoch_key, subscriber, epoch), Drawn{}, drawable, units);
    benchmark::DoNotOptimize(drawn);
    watch.Add(1);
  }
  watch.Report(state, "draw");
}

// A port towards a remote where state.range(0) percent of the ports of the one alias unit are used, for
// one of state.range(1) workers.
void PortDraw(benchmark::State& state) {
  RandomSource random(std::array<uint8_t, 32>{1});
  Owner::Key key;
  for (uint8_t& b : key) b = static_cast<uint8_t>(Draw()());
  Owner owner(key, static_cast<int>(state.range(1)));
  ExclusivePorts exclusive;
  AliasPort ports(0, owner, exclusive, random);
  const Snapshot snapshot;
  auto flows = std::make_unique<FlowTable<V4>>(1 << 16, FlowHash::Key{1, 2, 3, 4, 5, 6, 7, 8});
  Flow<V4> flow{};
  flow.protocol = kProtocolTcp;
  flow.state = FlowState::kTcpEstablished;
  std::vector<uint32_t> order(snapshot.settings[Setting::kPortLast] - snapshot.settings[Setting::kPortFirst] +
                              1);
  std::iota(order.begin(), order.end(), static_cast<uint32_t>(snapshot.settings[Setting::kPortFirst]));
  std::shuffle(order.begin(), order.end(), Draw());
  order.resize(order.size() * static_cast<size_t>(state.range(0)) / 100);
  for (uint32_t port : order) {
    flow.subscriber_port = flow.alias_port = Be16::From(static_cast<uint16_t>(port)).raw;
    flows->Open(flow, kNowMs);
  }
  bool drawn = true;
  Stopwatch watch(64);
  for (auto _ : state) {
    drawn &= ports.Draw(snapshot, *flows, kNowMs, &flow);
    benchmark::DoNotOptimize(flow);
    watch.Add(1);
  }
  watch.Report(state, "draw");
  if (!drawn) state.SkipWithError("no port was found");
}

}  // namespace

BENCHMARK(OwnerHash<V4>)->Name("owner_hash/rte_softrss_be/ipv4");
BENCHMARK(OwnerHash<V6>)->Name("owner_hash/rte_softrss_be/ipv6");
BENCHMARK(Sip)->Name("siphash/openssl");
BENCHMARK(Checksums)->Name("checksum_delta/rte_cksum")->ArgName("payload")->Arg(18)->Arg(1400);
BENCHMARK(AliasDraw)->Name("alias_draw")->ArgName("units")->RangeMultiplier(2)->Range(1, kUnitsPerPoolMax);
BENCHMARK(PortDraw)
    ->Name("port_draw")
    ->ArgNames({"used_percent", "workers"})
    ->ArgsProduct({{0, 80, 99}, {1, 4}});

}  // namespace cfr::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  return cfr::bench::RunBenchmarks();
}
