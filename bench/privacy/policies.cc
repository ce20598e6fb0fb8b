// SPDX-License-Identifier: BSD-3-Clause
#include "bench/privacy/policies.h"

#include <absl/strings/str_format.h>

#include <algorithm>
#include <utility>

namespace cfr::privacy {
namespace {

constexpr uint32_t kPortFirst = 1024, kPortLast = 65535;
constexpr uint32_t kDayMs = 86'400'000;

uint16_t AnyPort(Random& random) {
  return static_cast<uint16_t>(random.Between(kPortFirst, kPortLast));
}

// A policy from `one(trace, opening, random) -> Alias`, called in order of time.
template <class One>
Policy PerFlow(std::string name, std::string title, One one) {
  uint64_t stream = 0;
  for (char c : name) stream = Hash({stream, static_cast<uint64_t>(c)});
  return {std::move(name), std::move(title), [one, stream](const Trace& trace) {
            Random random(trace.scenario.seed, stream);
            One state = one;
            Aliases aliases;
            aliases.reserve(trace.openings.size());
            for (const Opening& o : trace.openings) aliases.push_back(state(trace, o, random));
            return aliases;
          }};
}

uint32_t PairedUnit(const Trace& trace, const Opening& o) {
  return static_cast<uint32_t>(Hash({trace.scenario.seed, o.subscriber, 0x9a}) % BaselineUnits(trace));
}

// Port blocks as deployed: kept while in use, another one after an hour of silence.
struct PortBlocks {
  static constexpr uint32_t kBlock = 512, kBlocks = (kPortLast + 1 - kPortFirst) / kBlock;
  static constexpr uint32_t kIdleMs = 3'600'000;
  struct Held {
    uint32_t block, last_ms;
    bool any = false;
  };
  std::vector<Held> held;

  Alias operator()(const Trace& trace, const Opening& o, Random& random) {
    held.resize(trace.population.subscribers.size());
    Held& h = held[o.subscriber];
    if (!h.any || o.time_ms - h.last_ms > kIdleMs) h.block = random.Below(kBlocks);
    h.any = true;
    h.last_ms = o.time_ms;
    return {PairedUnit(trace, o),
            static_cast<uint16_t>(kPortFirst + h.block * kBlock + random.Below(kBlock))};
  }
};

// RFC 7422: unit and port range follow from the subscriber's place in its prefix.
Alias Deterministic(const Trace&, const Opening& o, Random& random) {
  constexpr uint32_t kRange = (kPortLast + 1 - kPortFirst) / kSubscribersPerUnit;
  const uint32_t place = o.subscriber % kSubscribersPerUnit;
  return {o.subscriber / kSubscribersPerUnit,
          static_cast<uint16_t>(kPortFirst + place * kRange + random.Below(kRange))};
}

// netfilter's pool: an unkeyed hash of both addresses.
uint32_t HashedUnit(const Trace& trace, const Opening& o) {
  return static_cast<uint32_t>(Hash({o.subscriber, o.server, 0x4f}) % BaselineUnits(trace));
}

struct FreshAddress {
  uint32_t next = 0;
  Alias operator()(const Trace&, const Opening& o, Random&) { return {next++, o.client_port}; }
};

// 0: units without number, an address of one's own.
uint32_t KeyedUnit(const Trace& trace, const Opening& o, uint32_t epoch_s, uint32_t units, Scope scope) {
  const uint64_t seed = trace.scenario.seed, length_ms = uint64_t{epoch_s} * 1000;
  const uint64_t phase = Hash({seed, o.subscriber, 0xfa5e}) % length_ms;
  const uint64_t within = scope == Scope::kServer ? o.server : scope == Scope::kGroup ? o.group : 0;
  const uint64_t drawn = Hash({seed, o.subscriber, (o.time_ms + phase) / length_ms, within, 0xca});
  return static_cast<uint32_t>(units == 0 ? drawn >> 32 : drawn % units);
}

}  // namespace

uint32_t BaselineUnits(const Trace& trace) {
  return std::max(1u, trace.scenario.subscribers / kSubscribersPerUnit);
}

Policy Ideal() {
  return PerFlow("ideal", "any unit, any port per flow (ideal)",
                 [](const Trace& trace, const Opening&, Random& random) -> Alias {
                   return {random.Below(BaselineUnits(trace)), AnyPort(random)};
                 });
}

Policy KeyedDraw(uint32_t epoch_s, uint32_t units, Scope scope) {
  static constexpr const char* kScopes[] = {"", "_group", "_server"};
  static constexpr const char* kTitles[] = {"", " and CFS group", " and remote address"};
  const char* suffix = kScopes[static_cast<int>(scope)];
  return PerFlow(absl::StrFormat("draw_%um_%u%s", epoch_s / 60, units, suffix),
                 units == 0 ? absl::StrFormat("IPv6, an own address each, for %u min", epoch_s / 60)
                            : absl::StrFormat("keyed draw per subscriber%s, %u min, %u unit%s",
                                              kTitles[static_cast<int>(scope)], epoch_s / 60, units,
                                              units == 1 ? "" : "s"),
                 [=](const Trace& trace, const Opening& o, Random& random) -> Alias {
                   return {KeyedUnit(trace, o, epoch_s, units, scope), AnyPort(random)};
                 });
}

std::vector<Policy> Baselines() {
  std::vector<Policy> all;
  all.push_back(PerFlow("none", "no NAT, NPTv6, temporary addresses",
                        [](const Trace&, const Opening& o, Random&) -> Alias {
                          return {o.subscriber, o.client_port};
                        }));
  all.push_back(PerFlow("temporary", "temporary addresses, /64 unseen",
                        [](const Trace&, const Opening& o, Random&) -> Alias {
                          return {static_cast<uint32_t>(Hash({o.host, o.time_ms / kDayMs})), o.client_port};
                        }));
  all.push_back(PerFlow("deterministic", "deterministic NAT (RFC 7422)", Deterministic));
  all.push_back(PerFlow("port_blocks", "CGN, port blocks of 512", PortBlocks{}));
  all.push_back(PerFlow("cgn_kept_port", "CGN, paired, port kept",
                        [](const Trace& trace, const Opening& o, Random&) -> Alias {
                          return {PairedUnit(trace, o), o.client_port};
                        }));
  all.push_back(PerFlow("cgn", "CGN, paired, random port",
                        [](const Trace& trace, const Opening& o, Random& random) -> Alias {
                          return {PairedUnit(trace, o), AnyPort(random)};
                        }));
  all.push_back(PerFlow("nft_kept_port", "netfilter pool, port kept",
                        [](const Trace& trace, const Opening& o, Random&) -> Alias {
                          return {HashedUnit(trace, o), o.client_port};
                        }));
  all.push_back(PerFlow("nft", "netfilter pool, random port",
                        [](const Trace& trace, const Opening& o, Random& random) -> Alias {
                          return {HashedUnit(trace, o), AnyPort(random)};
                        }));
  all.push_back(PerFlow("fresh_address", "IPv6, a fresh address per flow, port kept", FreshAddress{}));
  all.push_back(PerFlow("port_slice", "ideal, but a port slice per subscriber hash",
                        [](const Trace& trace, const Opening& o, Random& random) -> Alias {
                          const uint32_t slice = Hash({trace.scenario.seed, o.subscriber, 0x51}) % 16;
                          return {random.Below(BaselineUnits(trace)),
                                  static_cast<uint16_t>(slice << 12 | random.Below(1u << 12))};
                        }));
  return all;
}

}  // namespace cfr::privacy
