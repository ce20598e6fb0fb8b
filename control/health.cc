// SPDX-License-Identifier: BSD-3-Clause
#include "control/health.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace cfr {
namespace {

class Checks {
 public:
  void Add(const char* name, bool ok, const std::string& text) {
    checks_.push_back({{"check", name}, {"ok", ok}, {"text", text}});
    healthy_ &= ok;
  }
  Json Result() && { return {{"healthy", healthy_}, {"checks", std::move(checks_)}}; }

 private:
  Json checks_ = Json::array();
  bool healthy_ = true;
};

// Subscribers whose region has only staged and draining pools, or pools merged into such, cannot open flows.
void CheckPools(const Config& config, const Merges& merges, Checks* checks) {
  std::vector<std::string> without;
  for (const SubscribersConfig& s : config.subscribers) {
    const Family family = s.prefix.address.family;
    const std::string region = ServingRegion(config, merges, s.region, family);
    auto serves = [&](const PoolConfig& p) {
      return OpensFlows(merges, p) && p.region == region && p.family() == family;
    };
    std::string place = absl::StrCat(s.region, " ", Name(family));
    bool told = std::find(without.begin(), without.end(), place) != without.end();
    if (!told && std::none_of(config.pools.begin(), config.pools.end(), serves)) without.push_back(place);
  }
  checks->Add("pools", without.empty(),
              without.empty() ? "every region has an active one"
                              : absl::StrCat("no active one for ", absl::StrJoin(without, ", ")));
}

void CheckDataplane(const DataplanePage& page, Generation wanted, uint64_t now_ms, Checks* checks) {
  const uint64_t generation = page.generation.Get(), deadline = page.lease_deadline_ms.Get();
  checks->Add("generation", generation != 0 && generation == wanted,
              absl::StrCat("control ", wanted, ", dataplane ", generation));
  checks->Add("epoch_key", page.key_version.Get() != 0, absl::StrCat("version ", page.key_version.Get()));
  checks->Add("lease", deadline > now_ms,
              deadline > now_ms ? absl::StrCat((deadline - now_ms) / 1000, " s left") : "lapsed");
  uint64_t stopped = 0;
  for (const CounterPage& worker : page.worker)
    stopped += worker.Get(Direction::kOutbound, DropReason::kEgressGuard);
  checks->Add("egress_guard", stopped == 0, absl::StrCat(stopped, " packets stopped"));
  const bool corrupt = page.ring_corrupt.Get() != 0;
  checks->Add("ring", !corrupt, corrupt ? "corrupt" : "sound");
}

void CheckRecords(const Records& records, Checks* checks) {
  if (records.mode() == RecordMode::kOff) return checks->Add("records", true, "off");
  const Records::Counts& counts = records.counts();
  std::string text = absl::StrCat(counts.written, " written, ", counts.lost, " lost");
  if (records.blocked()) absl::StrAppend(&text, "; blocked: ", records.why_blocked());
  checks->Add("records", !records.blocked(), text);
}

}  // namespace

Json HealthView(Node& node, const Heartbeats& heartbeats, const Records& records, uint64_t now_ms) {
  Checks checks;
  const bool attached = node.link().attached();
  checks.Add("dataplane", attached,
             attached ? "attached" : std::string(node.link().why_detached().message()));
  if (attached) {
    const std::vector<std::string> silent = heartbeats.Silent(now_ms);
    checks.Add(
        "heartbeat", silent.empty(),
        silent.empty() ? "every thread turns" : absl::StrCat(absl::StrJoin(silent, ", "), " stands still"));
    CheckDataplane(node.link().page(), node.generation(), now_ms, &checks);
  }
  CheckPools(node.config(), node.merges(), &checks);
  CheckRecords(records, &checks);
  return std::move(checks).Result();
}

}  // namespace cfr
