// SPDX-License-Identifier: BSD-3-Clause
#include "bench/privacy/cfr_policy.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "common/check.h"
#include "dataplane/alias_policy.h"
#include "dataplane/alias_port.h"
#include "dataplane/flow_table.h"
#include "dataplane/owner.h"
#include "dataplane/random_source.h"
#include "dataplane/snapshot.h"

namespace cfr::privacy {
namespace {

constexpr uint64_t kStartMs = 30 * 86'400'000ull;  // the relay has been running for a while
constexpr uint64_t kSweepMs = 60'000, kSweepTurns = 60;
constexpr uint16_t kRemotePort = 443;
constexpr uint8_t kDelegated = 56;  // what an IPv6 subscriber is given

uint32_t HeldMs() {
  return kFlowLifeMs + static_cast<uint32_t>(kDefaultSettings[Setting::kQuarantine] * 1000);
}

V4 SubscriberAddress(const Opening& o, V4) {
  return {Be32::From(0x64400000 + o.subscriber).raw};  // 100.64.0.0/10
}
V6 SubscriberAddress(const Opening& o, V6) {
  return {__builtin_bswap64(0x2001'0db8'8000'0000 + (uint64_t{o.subscriber} << 8)),
          __builtin_bswap64(uint64_t{o.host} + 1)};
}
V4 RemoteAddress(uint32_t server, V4) {
  return {Be32::From(0xc6120000 + server).raw};  // 198.18.0.0/15
}
V6 RemoteAddress(uint32_t server, V6) {
  return {__builtin_bswap64(0x2001'0db8'0005'0000), __builtin_bswap64(server)};
}
V4 UnitAddress(uint32_t unit, V4) {
  return {Be32::From(0xcb007100 + unit).raw};  // 203.0.113.0/24
}
V6 UnitAddress(uint32_t unit, V6) {
  return {__builtin_bswap64(0x2001'0db8'0001'0000), __builtin_bswap64(uint64_t{unit} + 0x1000)};
}

SipKey DrawKey(Random& random) {
  return {random.Next(), random.Next()};
}
FlowHash::Key DrawHashKey(Random& random) {
  FlowHash::Key key;
  for (uint64_t& word : key) word = random.Next();
  return key;
}
Owner DrawOwner(Random& random, int workers) {
  Owner::Key key;
  for (uint8_t& byte : key) byte = static_cast<uint8_t>(random.Next());
  return Owner(key, workers);
}
std::array<uint8_t, 32> DrawSeedBytes(Random& random) {
  std::array<uint8_t, 32> seed;
  for (uint8_t& byte : seed) byte = static_cast<uint8_t>(random.Next());
  return seed;
}

template <class A>
class Run {
 public:
  Run(const Trace& trace, const RelaySetup& setup)
      : trace_(trace),
        setup_(setup),
        random_(trace.scenario.seed, Hash({0xcf2})),
        snapshot_(MakeSnapshot()),
        rules_(snapshot_->settings),
        policy_(DrawKey(random_), snapshot_->settings[Setting::kAffinityPairs], DrawHashKey(random_)),
        owner_(DrawOwner(random_, setup.workers)),
        port_random_(DrawSeedBytes(random_)) {
    keys_.key[0] = {0, 1, DrawKey(random_)};
    const uint32_t capacity = MeasurePeakTuples(trace).all + 1;
    for (int w = 0; w < setup.workers; ++w) {
      workers_.push_back(std::make_unique<Worker>(w, capacity, *this));
      workers_.back()->flows.Start(kStartMs);
    }
  }

  Aliases Draw() {
    Aliases aliases;
    aliases.reserve(trace_.openings.size());
    uint64_t next_sweep_ms = kStartMs;
    for (const Opening& o : trace_.openings) {
      const uint64_t now_ms = kStartMs + o.time_ms;
      for (; next_sweep_ms <= now_ms; next_sweep_ms += kSweepMs)
        policy_.Sweep(next_sweep_ms, rules_, kSweepTurns);
      aliases.push_back(Open(o, now_ms));
    }
    return aliases;
  }

 private:
  struct Worker {
    Worker(int number, uint32_t capacity, Run& run)
        : flows(capacity, DrawHashKey(run.random_)),
          port(number, run.owner_, run.exclusive_, run.port_random_) {}
    FlowTable<A> flows;
    AliasPort port;
  };

  std::unique_ptr<Snapshot> MakeSnapshot() {
    auto snapshot = std::make_unique<Snapshot>();
    for (const auto& [setting, value] : setup_.profile) snapshot->settings.Set(setting, value);
    for (UnitIndex i = 0; i < setup_.units; ++i) {
      Unit& unit = snapshot->units[i];
      unit.address = ToAddress(UnitAddress(i, A{}));
      unit.state = PrefixState::kActive;
      unit.salt = random_.Next();
      snapshot->drawable[0][static_cast<int>(A::kFamily)].push_back(i);
    }
    return snapshot;
  }

  Alias Open(const Opening& o, uint64_t now_ms) {
    Flow<A> flow{};
    flow.subscriber = SubscriberAddress(o, A{});
    flow.subscriber_port = Be16::From(o.client_port).raw;
    flow.remote = RemoteAddress(o.server, A{});
    flow.remote_port = Be16::From(kRemotePort).raw;
    flow.protocol = o.tcp ? kProtocolTcp : kProtocolUdp;
    flow.state = FlowState::kUdp;
    const int number = owner_.WorkerOf(OutboundKey(flow));
    Worker& worker = *workers_[static_cast<size_t>(number)];
    Expire(worker, now_ms);
    // Two hosts of a line with one client port and remote: to the relay it is the same flow.
    const FlowIndex live = worker.flows.Find(OutboundKey(flow), worker.flows.Hash(OutboundKey(flow)));
    if (live != kNoFlow) return AliasOf(worker.flows[live], number);
    ChooseAlias(worker, now_ms, &flow);
    worker.flows.Open(flow, now_ms + kFlowLifeMs);
    return AliasOf(flow, number);
  }

  void ChooseAlias(Worker& worker, uint64_t now_ms, Flow<A>* flow) {
    const Address subscriber =
        Masked(ToAddress(flow->subscriber), A::kFamily == Family::kV4 ? 32 : kDelegated);
    const AliasOffer offer{keys_, snapshot_->drawable[0][static_cast<int>(A::kFamily)], snapshot_->units};
    AliasDraw draw = policy_.Begin(subscriber, ToAddress(flow->remote), now_ms, rules_, offer);
    for (;;) {
      flow->unit = draw.Next();
      CFR_CHECK(flow->unit != kAllUnits, "the simulated relay has run out of ports");
      flow->alias = UnitAddress(flow->unit, A{});
      if (worker.port.Draw(*snapshot_, worker.flows, now_ms, flow)) break;
    }
    policy_.Opened(draw, flow->unit);
  }

  static void Expire(Worker& worker, uint64_t now_ms) {
    FlowTable<A>& flows = worker.flows;
    for (FlowIndex i; (i = flows.TakeDue(now_ms)) != kNoFlow;) {
      if (flows[i].state == FlowState::kQuarantine) {
        flows.Release(i);
        continue;
      }
      flows.Close(i, static_cast<uint32_t>(now_ms));
      flows.Arm(i, now_ms + HeldMs() - kFlowLifeMs);
    }
  }

  static Alias AliasOf(const Flow<A>& flow, int worker) {
    return {flow.unit, Be16{flow.alias_port}.host(), static_cast<uint8_t>(worker)};
  }

  const Trace& trace_;
  const RelaySetup& setup_;
  Random random_;
  std::unique_ptr<Snapshot> snapshot_;
  AliasRules rules_;
  AliasPolicy policy_;
  EpochKeys keys_;
  Owner owner_;
  ExclusivePorts exclusive_;
  RandomSource port_random_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace

Policy Relay(std::string name, std::string title, const RelaySetup& setup) {
  return {std::move(name), std::move(title), [setup](const Trace& trace) {
            return setup.family == Family::kV4 ? Run<V4>(trace, setup).Draw() : Run<V6>(trace, setup).Draw();
          }};
}

PeakTuples MeasurePeakTuples(const Trace& trace) {
  PeakTuples peak{};
  const std::vector<Opening>& openings = trace.openings;
  // A timer may fire a second late, and quarantine then begins late.
  const uint32_t held_ms = HeldMs() + 2000;
  std::vector<uint32_t> towards;  // by server and protocol
  size_t oldest = 0;
  for (size_t i = 0; i < openings.size(); ++i) {
    auto tuples = [&](const Opening& o) -> uint32_t& {
      const size_t slot = size_t{o.server} * 2 + o.tcp;
      if (slot >= towards.size()) towards.resize(slot + 1);
      return towards[slot];
    };
    for (; openings[i].time_ms - openings[oldest].time_ms > held_ms; ++oldest) --tuples(openings[oldest]);
    peak.hottest_remote = std::max(peak.hottest_remote, ++tuples(openings[i]));
    peak.all = std::max(peak.all, static_cast<uint32_t>(i - oldest + 1));
  }
  return peak;
}

}  // namespace cfr::privacy
