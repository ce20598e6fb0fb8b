// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/relay.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "control/generation.h"
#include "dataplane/parse.h"

namespace cfr::test {
namespace {

constexpr size_t kBufferBytes = 9216;      // room of a packet buffer
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
bool HoldsLive(const FlowTable<A>& flows, const CoreTuple& t) {
  FlowKey<A> key{LoadAddress<A>(t.alias.address.bytes.data()), LoadAddress<A>(t.remote.address.bytes.data()),
                 Be16::From(t.alias.port).raw, Be16::From(t.remote.port).raw, t.protocol, Direction::kInbound};
  FlowIndex i = flows.Find(key, flows.Hash(key));
  return i != kNoFlow && flows[i].state != FlowState::kQuarantine;
}

}  // namespace

Relay::Relay(const RelayOptions& options)
    : options_(options), random_(Seed(options.seed, 0)), owner_(MakeOwner(random_, options.workers)),
      subscribers_(options.subscribers_max, DrawKey(random_)),
      shared_(owner_, subscribers_, leases_, DrawKey(random_), DrawKey(random_)),
      main_page_(std::make_unique<CounterPage>()),
      neighbours_(shared_.port, *this, *main_page_, random_.Next64()),
      inspector_([this](const CoreTuple& t) {
        return std::any_of(pipelines_.begin(), pipelines_.end(), [&](const auto& p) {
          return t.alias.address.family == Family::kV4 ? HoldsLive(p->flows_v4(), t) : HoldsLive(p->flows_v6(), t);
        });
      }) {
  for (int s = 0; s < kSides; ++s) std::copy(kPortMac[s].begin(), kPortMac[s].end(), shared_.port[s].mac);
  for (int w = 0; w < options.workers; ++w) {
    worker_random_.push_back(std::make_unique<RandomSource>(Seed(options.seed, static_cast<uint8_t>(w + 1))));
    pages_.push_back(std::make_unique<CounterPage>());
    pipelines_.push_back(std::make_unique<Pipeline>(w, shared_, options.flows_v4, options.flows_v6,
                                                    *worker_random_.back(), *pages_.back()));
  }
}

Relay::~Relay() = default;

// What the dataplane reads once, when it starts.
void Relay::FixAtStart(const Config& config) {
  std::vector<Prefix> allowed = config.egress_allowed;
  if (allowed.empty())
    for (const PoolConfig& pool : config.pools)
      allowed.insert(allowed.end(), pool.prefixes.begin(), pool.prefixes.end());
  std::vector<uint64_t> salts(kUnitsMax);
  for (uint64_t& salt : salts) salt = random_.Next64();
  builder_.emplace(allowed, salts);
  for (int s = 0; s < kSides; ++s) shared_.port[s].mtu = static_cast<uint16_t>(config.port[s].mtu);
}

AckStatus Relay::Apply(const Config& config) {
  if (!builder_.has_value()) FixAtStart(config);
  auto assignments = Assign(config, assignments_, [this](uint64_t bound) { return random_.Below(bound); });
  if (!assignments.ok()) {
    inspector_.Violation(std::string(assignments.status().message()));
    return AckStatus::kResources;
  }
  config_ = config;
  inspector_.SetConfig(config);
  return ApplyAssignments(*assignments);
}

AckStatus Relay::ApplyAssignments(std::vector<Assignment> assignments) {
  assignments_ = std::move(assignments);
  Generation generation = world_.snapshot == nullptr ? 1 : world_.snapshot->generation + 1;
  AckStatus status = Commit(CompileGeneration(config_, assignments_, generation));
  if (status != AckStatus::kOk) return status;
  neighbours_.Configure(world_.snapshot, now_ms_);
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
  auto keys = std::make_shared<EpochKeys>();
  if (world_.keys != nullptr) keys->key[1] = world_.keys->key[0];
  keys->key[0] = {now_ms_, ++key_version_, DrawKey(random_)};
  world_.keys = std::move(keys);
}

void Relay::RenewLease(uint64_t seconds) {
  for (auto& deadline : leases_.deadline_ms) deadline.store(now_ms_ + seconds * 1000);
}

Outcome Relay::Send(Side side, const Frame& frame, int worker, bool l4_checksum_bad) {
  return SendBurst(side, {frame}, worker, l4_checksum_bad).front();
}

std::vector<Outcome> Relay::SendBurst(Side side, const std::vector<Frame>& frames, int worker,
                                      bool l4_checksum_bad) {
  Direction direction = side == Side::kAccess ? Direction::kOutbound : Direction::kInbound;
  std::vector<Buffer*> burst;
  for (const Frame& frame : frames) {
    buffers_.push_back(std::make_unique<Buffer>());
    Buffer* b = buffers_.back().get();
    b->frame = b->arrived = frame;
    b->direction = direction;
    b->l4_checksum_bad = l4_checksum_bad;
    burst.push_back(b);
  }
  Run(worker, direction, Origin::kPort, burst);
  RunMainLcore();
  std::vector<Outcome> outcomes;
  for (Buffer* b : burst) outcomes.push_back(b->outcome);
  std::erase_if(buffers_, [](const auto& b) { return b->outcome.kind != Outcome::Kind::kHeld; });
  return outcomes;
}

void Relay::Run(int worker, Direction direction, Origin origin, const std::vector<Buffer*>& burst) {
  std::vector<Packet> packets(burst.size());
  std::vector<size_t> lengths(burst.size());
  for (size_t i = 0; i < burst.size(); ++i) {
    lengths[i] = burst[i]->frame.size();
    burst[i]->frame.resize(kBufferBytes);
    packets[i].data = burst[i]->frame.data();
    packets[i].length = static_cast<uint16_t>(lengths[i]);
    packets[i].room = kBufferBytes;
    packets[i].l4_checksum_bad = burst[i]->l4_checksum_bad;
    packets[i].buffer = burst[i];
  }
  pipelines_[static_cast<size_t>(worker)]->Process(direction, origin, packets, world_, now_ms_);
  for (size_t i = 0; i < burst.size(); ++i) {
    bool leaves = packets[i].verdict == Verdict::kForward || packets[i].verdict == Verdict::kAnswer;
    burst[i]->frame.resize(leaves ? packets[i].length : lengths[i]);
    Finish(worker, direction, packets[i], burst[i]);
  }
  while (!handoffs_.empty()) {
    auto [to, buffer] = handoffs_.front();
    handoffs_.pop_front();
    Run(to, buffer->direction, Origin::kHandoff, {buffer});
  }
  CheckAccounting();
}

// What the shell around the pipeline does with a verdict, and what it counts.
void Relay::Finish(int worker, Direction direction, const Packet& p, Buffer* b) {
  CounterPage& page = *pages_[static_cast<size_t>(worker)];
  b->worker = worker;
  b->outcome.worker = worker;
  switch (p.verdict) {
    case Verdict::kForward:
      page.Count(direction, Counter::kSent);
      page.Count(direction, Counter::kSentBytes, p.length);
      b->outcome.kind = Outcome::Kind::kSent;
      b->outcome.side = DepartureSide(direction);
      b->outcome.frame = b->frame;
      b->outcome.bypassed = p.bypassed;
      inspector_.Relayed(direction, b->arrived, b->frame, p.bypassed);
      return;
    case Verdict::kAnswer:
      b->outcome.kind = Outcome::Kind::kDropped;
      b->outcome.reason = p.reason;
      made_.push_back({ArrivalSide(direction), b->frame});
      inspector_.Answered(ArrivalSide(direction), b->arrived, b->frame, now_ms_);
      return;
    case Verdict::kHandOff:
      page.Count(direction, Counter::kHandoffOut);
      page.handoff_to[p.worker].Add(1);
      b->outcome.handed_off = true;
      handoffs_.push_back({p.worker, b});
      return;
    case Verdict::kConsume:
      page.Count(direction, Counter::kConsumed);
      b->hop = p.hop;
      b->outcome.kind = Outcome::Kind::kConsumed;
      consumed_.push_back(b);
      return;
    case Verdict::kDrop:
      b->outcome.kind = Outcome::Kind::kDropped;
      b->outcome.reason = p.reason;
      return;
    case Verdict::kIcmpError:
    case Verdict::kUndecided: inspector_.Violation("the pipeline left a packet undecided: " + Describe(b->frame));
  }
}

void Relay::RunMainLcore() {
  do {
    while (!consumed_.empty()) {
      Buffer* b = consumed_.front();
      consumed_.pop_front();
      Packet p;
      p.data = b->frame.data();
      p.length = static_cast<uint16_t>(b->frame.size());
      p.buffer = b;
      Parse(p, shared_.port[static_cast<int>(ArrivalSide(b->direction))]);
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
  world_.hops = neighbours_.Hops();
  CheckAccounting();
}

void Relay::Send(Side side, std::span<const uint8_t> bytes) {
  Frame frame(bytes.begin(), bytes.end());
  inspector_.MadeByRelay(side, frame);
  bool arp_question = frame[12] == 8 && frame[13] == 6 && frame[21] == 1;
  bool nd_question = frame[12] == 0x86 && frame[20] == 58 && frame[54] == 135;
  if (arp_question || nd_question) questions_.push_back({side, frame});
  else made_.push_back({side, frame});
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

// The fake neighbours: every address has a station that answers in kind (RFC 826, RFC 4861).
void Relay::AnswerAsStation(Side side, const Frame& question) {
  if (!stations_answer_) return;
  const MacAddress& to = kPortMac[static_cast<int>(side)];
  bool arp = question[12] == 8;
  Address target = arp ? Address::FromV4(&question[38]) : Address::FromV6(&question[62]);
  MacAddress mac = StationMac(side, target);
  if (!arp) {
    std::vector<uint8_t> body(target.bytes.begin(), target.bytes.end());
    body.insert(body.end(), {2, 1});
    body.insert(body.end(), mac.begin(), mac.end());
    return Arrive(side, PacketBuilder().Stations(mac, to).From(target).To(Address::FromV6(&question[22]))
                            .Icmp(136, 0, 0x60000000).Payload(body).Ttl(255).Build());
  }
  Frame answer = question;
  std::copy(to.begin(), to.end(), answer.begin());
  std::copy(mac.begin(), mac.end(), answer.begin() + 6);
  answer[21] = 2;
  std::copy(mac.begin(), mac.end(), answer.begin() + 22);
  std::copy_n(question.begin() + 38, 4, answer.begin() + 28);
  std::copy(to.begin(), to.end(), answer.begin() + 32);
  std::copy_n(question.begin() + 28, 4, answer.begin() + 38);
  Arrive(side, answer);
}

void Relay::Arrive(Side side, const Frame& frame) {
  buffers_.push_back(std::make_unique<Buffer>());
  Buffer* b = buffers_.back().get();
  b->frame = b->arrived = frame;
  b->direction = side == Side::kAccess ? Direction::kOutbound : Direction::kInbound;
  Run(0, b->direction, Origin::kPort, {b});
}

void Relay::Wait(uint64_t ms) {
  while (ms > 0) {
    uint64_t step = std::min<uint64_t>(ms, 1000);
    ms -= step;
    now_ms_ += step;
    for (auto& pipeline : pipelines_) pipeline->Expire(now_ms_, kEveryFlow, world_);
    neighbours_.Tick(now_ms_);
    RunMainLcore();
  }
}

std::vector<Relay::Made> Relay::TakeMade() { return std::exchange(made_, {}); }
std::vector<Outcome> Relay::TakeReleased() { return std::exchange(released_, {}); }

void Relay::CheckAccounting() {
  for (Direction d : {Direction::kOutbound, Direction::kInbound}) {
    for (size_t w = 0; w < pages_.size(); ++w)
      if (int64_t off = AccountingMismatch(*pages_[w], d); off != 0)
        inspector_.Violation(absl::StrCat("worker ", w, " ", Name(d), ": ", off, " packets unaccounted for"));
    int64_t off = AccountingMismatch(*main_page_, d) - held_[static_cast<int>(d)];
    if (off != 0) inspector_.Violation(absl::StrCat("main lcore ", Name(d), ": ", off, " packets unaccounted for"));
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
