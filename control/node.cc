// SPDX-License-Identifier: BSD-3-Clause
#include "control/node.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "control/generation.h"
#include "control/log.h"

namespace cfr {
namespace {

constexpr uint64_t kAgeingMs = 1000;

Message LeaseMessage(uint64_t deadline_ms, OpeningRule rule) {
  Message m = MakeMessage(MessageKind::kLease);
  m.lease.deadline_ms = deadline_ms;
  m.lease.unit = kAllUnits;
  m.lease.rule = static_cast<uint8_t>(rule);
  return m;
}

}  // namespace

Node::Node(State state, StateFile file, std::string dataplane_socket)
    : state_(std::move(state)), file_(std::move(file)), link_(std::move(dataplane_socket)) {}

void Node::Poll(uint64_t now_ms) {
  switch (link_.Poll(now_ms)) {
    case DataplaneLink::Event::kAttached:
      Attached(now_ms);
      break;
    case DataplaneLink::Event::kLost:
      Log(LogLevel::kWarning, "dataplane lost", {});
      break;
    case DataplaneLink::Event::kNone:
      break;
  }
  if (!link_.attached()) return;
  if (now_ms >= next_lease_ms_) RenewLease(now_ms);
  if (epochs_.RotationDue(now_ms)) link_.Submit({epochs_.Rotate(KnownKeyVersion(), now_ms)}, nullptr, now_ms);
  if (now_ms >= next_ageing_ms_) AgeAssignments(now_ms);
}

// A dataplane that holds our generation is left alone; any other gets it anew. One that is ahead of us (a
// change whose answer was lost) is overtaken.
void Node::Attached(uint64_t now_ms) {
  const DataplanePage& page = link_.page();
  Log(LogLevel::kInfo, "dataplane attached",
      {{"pid", absl::StrCat(page.pid)}, {"generation", absl::StrCat(page.generation.Get())}});
  if (epochs_.Attached(KnownKeyVersion(), now_ms)) AdvanceEpoch(now_ms, [](const Answer&) {});
  changing_ = false;
  if (state_.generation == 0 || page.generation.Get() != state_.generation) {
    auto assigned = Assign(state_.config, state_.assignments, KernelRandom(), now_ms, state_.merges);
    if (!assigned.ok())
      return Log(LogLevel::kError, "cannot assign", {{"why", std::string(assigned.status().message())}});
    State next = state_;
    next.assignments = *assigned;
    if (page.generation.Get() != 0 || next.generation == 0)
      next.generation = NextVersion(page.generation.Get());
    Commit(std::move(next), now_ms, [](const Answer&) {});
  }
  RenewLease(now_ms);
}

std::optional<Failure> Node::Busy() const {
  if (!link_.attached())
    return Failure{ExitCode::kFailed,
                   absl::StrCat("no dataplane is attached: ", std::string(link_.why_detached().message())),
                   "start cfr-dataplane; nothing was changed"};
  if (changing_)
    return Failure{ExitCode::kConflict, "another change is on its way to the dataplane", "try again"};
  return std::nullopt;
}

void Node::Change(const Config& next_config, uint64_t now_ms, Answered answered) {
  if (auto busy = Busy(); busy.has_value()) return answered(*busy);
  if (next_config == state_.config && state_.generation != 0)
    return answered(Json{{"changed", false}, {"generation", state_.generation}});
  absl::Status steps = CheckPrefixSteps(state_.prefixes, next_config);
  if (!steps.ok())
    return answered(Failure{ExitCode::kConflict, std::string(steps.message()),
                            "staged leads to active, active to draining; nothing was changed"});
  ChangeTo(next_config, StillMerged(next_config, state_.merges), now_ms, std::move(answered));
}

void Node::SetMerged(const std::string& pool, bool merged, uint64_t now_ms, Answered answered) {
  if (auto busy = Busy(); busy.has_value()) return answered(*busy);
  Merges next = state_.merges;
  if (merged)
    next.insert(pool);
  else
    next.erase(pool);
  next = StillMerged(state_.config, next);
  if (next == state_.merges) return answered(Json{{"changed", false}, {"generation", state_.generation}});
  ChangeTo(state_.config, next, now_ms, std::move(answered));
}

void Node::ChangeTo(const Config& config, const Merges& merges, uint64_t now_ms, Answered answered) {
  auto assigned = Assign(config, state_.assignments, KernelRandom(), now_ms, merges);
  if (!assigned.ok())
    return answered(
        Failure{ExitCode::kFailed, std::string(assigned.status().message()), "nothing was changed"});
  Commit({config, NextGeneration(), *assigned, merges, state_.prefixes}, now_ms, std::move(answered));
}

// Newer than what the dataplane holds, whoever gave it that.
Generation Node::NextGeneration() const {
  Generation held = link_.page().generation.Get();
  return NextVersion(held == 0 ? state_.generation : held);
}

void Node::Commit(State next, uint64_t now_ms, Answered answered) {
  changing_ = true;
  next.prefixes = FollowPrefixes(next.config, next.assignments, next.prefixes, now_ms);
  auto run = CompileGeneration(next.config, next.assignments, next.generation, next.merges);
  auto done = [this, next, now_ms, answered = std::move(answered)](absl::Status status, Generation) {
    changing_ = false;
    if (status.ok()) {
      state_ = next;
      RenewLease(now_ms);
      status = file_.Save(state_);
      if (!status.ok())
        status = absl::Status(status.code(),
                              absl::StrCat("in force, but not saved: ", std::string(status.message())));
    }
    Log(status.ok() ? LogLevel::kInfo : LogLevel::kError,
        status.ok() ? "generation committed" : "generation refused",
        {{"generation", absl::StrCat(next.generation)}, {"why", std::string(status.message())}});
    if (status.ok())
      answered(Json{{"changed", true}, {"generation", next.generation}});
    else
      answered(Failure{ExitCode::kFailed, std::string(status.message()),
                       "generation " + std::to_string(state_.generation) + " is in force"});
  };
  link_.Submit(std::move(run), std::move(done), now_ms);
}

uint32_t Node::KnownKeyVersion() const {
  return static_cast<uint32_t>(link_.page().key_version.Get());
}

void Node::AdvanceEpoch(uint64_t now_ms, Answered answered) {
  if (!link_.attached())
    return answered(Failure{ExitCode::kFailed, "no dataplane is attached", "start cfr-dataplane"});
  Message key = epochs_.Advance(KnownKeyVersion(), now_ms);
  uint32_t version = key.epoch_key.version;
  link_.Submit(
      {key},
      [version, answered = std::move(answered)](absl::Status status, Generation) {
        if (status.ok())
          answered(Json{{"changed", true}, {"key_version", version}});
        else
          answered(Failure{ExitCode::kFailed, std::string(status.message()), ""});
      },
      now_ms);
}

void Node::RenewLease(uint64_t now_ms) {
  if (!link_.attached() || (state_.generation == 0 && !changing_)) return;
  const uint64_t lease_ms = state_.config.settings[Setting::kLease] * 1000;
  next_lease_ms_ = now_ms + lease_ms / 3;
  link_.Submit({LeaseMessage(now_ms + lease_ms, opening_rule_)}, nullptr, now_ms);
}

void Node::SetOpeningRule(OpeningRule rule, uint64_t now_ms) {
  if (rule == opening_rule_) return;
  opening_rule_ = rule;
  RenewLease(now_ms);
}

uint64_t Node::UnitFlows(UnitIndex unit) const {
  uint64_t flows = 0;
  for (int w = 0; w < link_.workers(); ++w) flows += link_.page().worker[w].unit_flows[unit].Get();
  return flows;
}

uint64_t Node::PoolFlows(const std::string& pool) const {
  uint64_t flows = 0;
  if (!link_.attached()) return 0;
  for (const Assignment& a : state_.assignments)
    if (a.pool == pool) flows += UnitFlows(a.index);
  return flows;
}

// A unit that ran dry leaves the dataplane with the next generation.
void Node::AgeAssignments(uint64_t now_ms) {
  next_ageing_ms_ = now_ms + kAgeingMs;
  if (changing_ || state_.generation == 0) return;
  State next = state_;
  bool changed = Age(
      &next.assignments, [this](UnitIndex u) { return UnitFlows(u); }, now_ms, state_.config.settings);
  if (!changed) return;
  next.generation = NextGeneration();
  Commit(std::move(next), now_ms, [](const Answer&) {});
}

}  // namespace cfr
