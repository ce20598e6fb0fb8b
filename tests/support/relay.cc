// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/relay.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "control/generation.h"
#include "dataplane/parse.h"
#include "tests/support/neighbour_messages.h"

namespace cfr::test {
namespace {

constexpr uint32_t kEveryFlow = 1u << 30;  // a budget no wait exhausts

std::array<uint8_t, 32> Seed(uint8_t seed, uint8_t purpose) {
  std::array<uint8_t, 32> bytes{};
  bytes[0] = seed;
  bytes[1] = purpose;
  return bytes;
}

Owner MakeOwner(RandomSource& random, int workers) {
  Owner::Key key;
  for (uint8_t& b : key) b = static_cast<uint8_t>(random.Next16());
  return Owner(key, workers);
}

SipKey DrawKey(RandomSource& random) {
  uint64_t low = random.Next64();
  return {low, random.Next64()};
}

template <class A>
bool HoldsLive(const FlowTable<A>& flows, const CoreTuple& t, const std::optional<Endpoint>& subscriber) {
  FlowKey<A> key{LoadAddress<A>(t.alias.address.bytes.data()),
                 LoadAddress<A>(t.remote.address.bytes.data()),
                 Be16::From(t.alias.port).raw,
                 Be16::From(t.remote.port).raw,
                 t.protocol,
                 Direction::kInbound};
  FlowIndex i = flows.Find(key, flows.Hash(key));
  if (i == kNoFlow || flows[i].state == FlowState::kQuarantine) return false;
  const Endpoint holder{ToAddress(flows[i].subscriber), Be16{flows[i].subscriber_port}.host()};
  return !subscriber.has_value() || *subscriber == holder;
}

}  // namespace

Relay::Relay(const RelayOptions& options)
    : options_(options),
      now_ms_(options.start_ms),
      random_(Seed(options.seed, 0)),
      owner_(MakeOwner(random_, options.workers)),
      subscribers_(options.subscribers_max, DrawKey(random_)),
      shared_(owner_, subscribers_, leases_, options.affinity_pairs, random_),
      main_page_(std::make_unique<CounterPage>()),
      neighbours_(shared_.port, *this, *main_page_, random_.Next64()),
      inspector_(
          [this](const CoreTuple& t, const std::optional<Endpoint>& subscriber) {
            return std::any_of(pipelines_.begin(), pipelines_.end(), [&](const auto& p) {
              return t.alias.address.family == Family::kV4 ? HoldsLive(p->flows_v4(), t, subscriber)
                                                           : HoldsLive(p->flows_v6(), t, subscriber);
            });
          },
          kPortMac) {
  for (int s = 0; s < kSides; ++s) std::copy(kPortMac[s].begin(), kPortMac[s].end(), shared_.port[s].mac);
  const TableSizes sizes{options.flows_v4, options.flows_v6, options.datagrams, options.fragments_held};
  BufferSource& buffers = *this;
  for (int w = 0; w < options.workers; ++w) {
    worker_random_.push_back(std::make_unique<RandomSource>(Seed(options.seed, static_cast<uint8_t>(w + 1))));
    pages_.push_back(std::make_unique<CounterPage>());
    pipelines_.push_back(
        std::make_unique<Pipeline>(w, shared_, sizes, buffers, *worker_random_.back(), *pages_.back()));
  }
}

Relay::~Relay() = default;

void Relay::FixAtStart(const Config& config) {
  std::vector<Prefix> allowed = config.egress_allowed;
  if (allowed.empty())
    for (const PoolConfig& pool : config.pools)
      allowed.insert(allowed.end(), pool.prefixes.begin(), pool.prefixes.end());
  std::vector<uint64_t> salts(kUnitsMax);
  for (uint64_t& salt : salts) salt = random_.Next64();
  builder_.emplace(allowed, salts);
  for (int s = 0; s < kSides; ++s) {
    shared_.port[s].mtu = static_cast<uint16_t>(config.port[s].mtu);
    for (uint16_t vlan : config.port[s].vlan) shared_.port[s].vlan[shared_.port[s].vlan_count++] = vlan;
  }
}

AckStatus Relay::Apply(const Config& config, const Merges& merges) {
  if (!builder_.has_value()) FixAtStart(config);
  auto assignments = Assign(
      config, assignments_, [this](uint64_t bound) { return random_.Below(bound); }, now_ms_, merges);
  if (!assignments.ok()) {
    inspector_.Violation(std::string(assignments.status().message()));
    return AckStatus::kResources;
  }
  config_ = config;
  merges_ = merges;
  inspector_.SetConfig(config);
  return ApplyAssignments(*assignments);
}

AckStatus Relay::ApplyAssignments(std::vector<Assignment> assignments) {
  assignments_ = std::move(assignments);
  Generation generation = world_.snapshot == nullptr ? 1 : world_.snapshot->generation + 1;
  AckStatus status = Commit(CompileGeneration(config_, assignments_, generation, merges_));
  if (status != AckStatus::kOk) return status;
  neighbours_.Configure(world_.snapshot);
  neighbours_.Tick(now_ms_);
  RunMainLcore();
  return status;
}

AckStatus Relay::Commit(const std::vector<Message>& run) {
  Generation committed = world_.snapshot == nullptr ? 0 : world_.snapshot->generation;
  for (const Message& m : run) {
    uint32_t position = 0;
    AckStatus status = m.kind == MessageKind::kCommit ? builder_->Commit(m, &world_.snapshot, &position)
                                                      : builder_->Take(m, committed);
    if (status != AckStatus::kOk) return status;
  }
  return AckStatus::kOk;
}

void Relay::AdvanceEpoch() {
  GiveKey(true);
}

void Relay::RotateKey() {
  GiveKey(false);
}

void Relay::GiveKey(bool at_once) {
  world_.keys =
      EpochKeys::Joined(world_.keys.get(), {now_ms_, ++key_version_, DrawKey(random_)}, at_once, now_ms_);
}

void Relay::RenewLease(uint64_t seconds) {
  for (auto& deadline : leases_.deadline_ms) deadline.store(now_ms_ + seconds * 1000);
}

void Relay::SetOpeningRule(OpeningRule rule) {
  leases_.rule.store(rule);
}

Outcome Relay::Send(Side side, const Frame& frame, int worker, bool l4_checksum_bad) {
  return SendBurst(side, {frame}, worker, l4_checksum_bad).front();
}

Relay::Buffer* Relay::AddBuffer(Side side, const Frame& frame) {
  buffers_.push_back(std::make_unique<Buffer>());
  Buffer* b = buffers_.back().get();
  b->frame = b->arrived = frame;
  b->direction = side == Side::kAccess ? Direction::kOutbound : Direction::kInbound;
  b->outcome.side = Opposite(side);
  b->outcome.arrived = frame;
  b->outcome.number = ++arrivals_;
  return b;
}

std::vector<Outcome> Relay::SendBurst(Side side, const std::vector<Frame>& frames, int worker,
                                      bool l4_checksum_bad) {
  std::vector<Buffer*> burst;
  for (const Frame& frame : frames) {
    burst.push_back(AddBuffer(side, frame));
    burst.back()->l4_checksum_bad = l4_checksum_bad;
  }
  Run(worker, side == Side::kAccess ? Direction::kOutbound : Direction::kInbound, Origin::kPort, burst);
  RunMainLcore();
  NoteReleased();
  std::vector<Outcome> outcomes;
  for (Buffer* b : burst) outcomes.push_back(b->outcome);
  std::erase_if(buffers_, [](const auto& b) { return b->outcome.kind != Outcome::Kind::kHeld; });
  return outcomes;
}

void Relay::RunMainLcore() {
  main_lcore_runs_ = true;
  do {
    while (!consumed_.empty()) {
      Buffer* b = consumed_.front();
      consumed_.pop_front();
      Packet p;
      p.data = b->frame.data();
      p.length = static_cast<uint16_t>(b->frame.size());
      p.buffer = b;
      Parse(p, shared_.port[static_cast<int>(ArrivalSide(b->direction))], world_.settings());
      p.hop = b->hop;
      b->outcome.kind = Outcome::Kind::kHeld;
      ++held_[static_cast<int>(b->direction)];
      uint64_t dropped_before[kDropReasonCount];
      for (int r = 0; r < kDropReasonCount; ++r)
        dropped_before[r] = main_page_->Get(b->direction, static_cast<DropReason>(r));
      neighbours_.Take(b->direction, p, now_ms_);
      for (int r = 0; r < kDropReasonCount; ++r) {
        if (main_page_->Get(b->direction, static_cast<DropReason>(r)) == dropped_before[r]) continue;
        b->outcome.kind = Outcome::Kind::kDropped;
        b->outcome.reason = static_cast<DropReason>(r);
      }
    }
    world_.hops = neighbours_.Hops();
    neighbours_.ReturnReady();
    if (!questions_.empty()) {
      Made question = questions_.front();
      questions_.pop_front();
      AnswerAsStation(question.side, question.frame);
    }
  } while (!consumed_.empty() || !questions_.empty());
  main_lcore_runs_ = false;
  world_.hops = neighbours_.Hops();
  if (options_.inspected) CheckAccounting();
}

void Relay::Send(Side side, std::span<const uint8_t> bytes) {
  Frame frame(bytes.begin(), bytes.end());
  inspector_.MadeByRelay(side, frame);
  if (watch_) watch_(side, frame);
  // An announcement asks for its own sender; no station answers.
  bool arp_question = frame[12] == 8 && frame[13] == 6 && frame[21] == 1 &&
                      !std::equal(frame.begin() + 28, frame.begin() + 32, frame.begin() + 38);
  bool nd_question = frame[12] == 0x86 && frame[20] == 58 && frame[54] == 135;
  if (arp_question || nd_question)
    questions_.push_back({side, frame});
  else
    made_.push_back({side, Tagged(side, frame)});
}

void Relay::Return(Direction direction, void* buffer) {
  auto* b = static_cast<Buffer*>(buffer);
  --held_[static_cast<int>(direction)];
  b->hop.reset();
  Run(b->worker, direction, Origin::kHandoff, {b});
  released_.push_back(b->outcome);
}

void Relay::Release(void* buffer) {
  auto* b = static_cast<Buffer*>(buffer);
  --held_[static_cast<int>(b->direction)];
  b->outcome.kind = Outcome::Kind::kConsumed;
}

void Relay::Consume(int worker, Direction direction, const Packet& p, const Frame& arrived) {
  Buffer* b = AddBuffer(ArrivalSide(direction), arrived);
  b->l4_checksum_bad = p.l4_checksum_bad;
  Packet own = p;
  own.buffer = b;
  Finish(worker, direction, own, {});
  if (main_lcore_runs_) return;  // and takes it in its turn
  RunMainLcore();
  // Pieces, which nothing becomes of, are whoever called Process's.
  std::erase_if(buffers_, [](const auto& buffer) {
    return buffer->outcome.kind != Outcome::Kind::kHeld && buffer->outcome.kind != Outcome::Kind::kPending;
  });
}

// The fake neighbours: every address has a station that answers in kind (RFC 826, RFC 4861).
void Relay::AnswerAsStation(Side side, const Frame& question) {
  if (!stations_answer_) return;
  const MacAddress& to = kPortMac[static_cast<int>(side)];
  bool arp = question[12] == 8;
  Address target = arp ? Address::FromV4(&question[38]) : Address::FromV6(&question[62]);
  MacAddress mac = StationMac(side, target);
  if (!arp)
    return Arrive(side, Advertisement(target, Address::FromV6(&question[22]), mac).Stations(mac, to).Build());
  Arrive(side, Arp{Arp::kReply, mac, target, to, Address::FromV4(&question[28])}.Build(mac, to));
}

void Relay::Arrive(Side side, const Frame& frame) {
  Buffer* b = AddBuffer(side, Tagged(side, frame));
  Run(0, b->direction, Origin::kPort, {b});
}

void Relay::Wait(uint64_t ms) {
  while (ms > 0) {
    uint64_t step = std::min<uint64_t>(ms, 1000);
    ms -= step;
    Leap(step);
  }
}

void Relay::Leap(uint64_t ms) {
  now_ms_ += ms;
  for (auto& pipeline : pipelines_) pipeline->Expire(now_ms_, kEveryFlow, world_);
  TakeHeld();
  neighbours_.Tick(now_ms_);
  RunMainLcore();
  NoteReleased();
}

int Relay::Expire(int worker, int budget) {
  return pipelines_[static_cast<size_t>(worker)]->Expire(now_ms_, budget, world_);
}

std::vector<Relay::Made> Relay::TakeMade() {
  return std::exchange(made_, {});
}
std::vector<Outcome> Relay::TakeReleased() {
  return std::exchange(released_, {});
}

void Relay::CheckAccounting() {
  for (Direction d : {Direction::kOutbound, Direction::kInbound}) {
    for (size_t w = 0; w < pages_.size(); ++w)
      if (int64_t off = AccountingMismatch(*pages_[w], d); off != 0)
        inspector_.Violation(absl::StrCat("worker ", w, " ", Name(d), ": ", off, " packets unaccounted for"));
    int64_t off = AccountingMismatch(*main_page_, d) - held_[static_cast<int>(d)];
    if (off != 0)
      inspector_.Violation(absl::StrCat("main lcore ", Name(d), ": ", off, " packets unaccounted for"));
  }
}

uint64_t Relay::Total(Direction d, Counter c) const {
  uint64_t sum = main_page_->Get(d, c);
  for (const auto& page : pages_) sum += page->Get(d, c);
  return sum;
}
uint64_t Relay::Total(Direction d, DropReason r) const {
  uint64_t sum = main_page_->Get(d, r);
  for (const auto& page : pages_) sum += page->Get(d, r);
  return sum;
}
uint64_t Relay::LiveFlows(Family f) const {
  uint64_t sum = 0;
  for (const auto& page : pages_) sum += page->flows[static_cast<int>(f)].Get();
  return sum;
}
uint64_t Relay::Quarantined(Family f) const {
  uint64_t sum = 0;
  for (const auto& page : pages_) sum += page->quarantined[static_cast<int>(f)].Get();
  return sum;
}

}  // namespace cfr::test
