// SPDX-License-Identifier: BSD-3-Clause
#include "tests/hunt/hunt.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/check.h"

namespace cfr::hunt {
namespace {

constexpr size_t kMacBytes = 12;
constexpr const char* kOpenedAmiss = "a flow was opened by the core, or without lease or key";

Config BaseConfig() {
  static const Config config = [] {
    ConfigResult result = ParseConfig(kHuntConfiguration);
    CFR_CHECK(result.config.has_value(), "the configuration of the hunt is not valid");
    return *result.config;
  }();
  return config;
}

test::RelayOptions Prepare(Scene* scene, Config* config, const HuntOptions& hunt, uint64_t seed) {
  test::RelayOptions options;
  options.workers = hunt.workers;
  options.flows_v4 = options.flows_v6 = hunt.flows;
  options.seed = static_cast<uint8_t>(seed);
  options.datagrams = 8192;
  options.fragments_held = 1024;
  options.inspected = false;
  *config = BaseConfig();
  scene->prepare(*scene, *config, options);
  return options;
}

// What of a view never changes within a scene.
WorldView Links(const Config& config) {
  WorldView view;
  view.core_own = config.port[static_cast<int>(Side::kCore)].addresses;
  for (const PoolConfig& pool : config.pools)
    if (pool.answer_neighbours)
      view.answered.insert(view.answered.end(), pool.prefixes.begin(), pool.prefixes.end());
  for (size_t side = 0; side < kSides; ++side) {
    view.vlan[side] = config.port[side].vlan;
    view.mtu[side] = config.port[side].mtu;
  }
  return view;
}

}  // namespace

Hunt::Hunt(uint64_t seed, const Scene& scene, const HuntOptions& options, Findings& findings, Tally& tally)
    : scene_(scene),
      random_(seed),
      findings_(findings),
      tally_(tally),
      relay_(Prepare(&scene_, &base_, options, seed)),
      auditor_(findings),
      traffic_(random_.Next(), auditor_.conversations(), options.hot),
      links_(Links(base_)),
      latest_(std::make_shared<WorldView>(links_)),
      seen_(static_cast<size_t>(options.workers), latest_) {
  for (auto& queues : handoffs_) queues.resize(seen_.size());
  auditor_.AllowWaiting(scene_.waits);
  auditor_.AllowForgetting(scene_.forgets);
  auditor_.AllowSpills(scene_.spills);
  relay_.SetWatch([this](Side side, const test::Frame& frame) {
    ++tally_.made;
    links_.subscribers = relay_.config().subscribers;
    auditor_.Made(side, frame, links_);
  });
  relay_.SetGuest(this);
  relay_.FixAtStart(base_);
  uint32_t mtu = std::max(base_.port[0].mtu, base_.port[1].mtu);
  traffic_.SetMtu(static_cast<uint16_t>(mtu));
  if (scene_.starts_configured) Apply(base_);
  if (scene_.starts_with_key) relay_.AdvanceEpoch();
  if (scene_.starts_with_lease) RenewLease();
  Look();
  for (size_t w = 0; w < seen_.size(); ++w) seen_[w] = latest_;
}

Hunt::~Hunt() = default;

void Hunt::Run(uint64_t packets, uint64_t findings_max) {
  while (packets_ < packets && findings_.total() < findings_max) {
    const Side side = quiet_ == 0 && random_.OneIn(2) ? Side::kAccess : Side::kCore;
    Burst(side, static_cast<int>(random_.Below(static_cast<uint32_t>(workers()))), -1, kBurst);
    if (workers() > 1 && !random_.OneIn(8))
      for (int w = 0; w < workers(); ++w)
        TakeHandoffs(w, side == Side::kAccess ? Direction::kOutbound : Direction::kInbound);
    PassTime();
    if (random_.OneIn(64)) Play(static_cast<Act>(1u << random_.Below(kActs)));
    EndRound(false);
  }
  Quiesce();
  tally_.epoch_draws.compared += auditor_.epoch_draws().compared;
  tally_.epoch_draws.same += auditor_.epoch_draws().same;
  for (int r = 0; r < kDropReasonCount; ++r)
    for (Direction d : {Direction::kOutbound, Direction::kInbound})
      tally_.drops[static_cast<size_t>(r)] += relay_.Total(d, static_cast<DropReason>(r));
  ++tally_.scenes;
}

Hunt::Slot* Hunt::TakeSlot() {
  if (free_.empty()) {
    auto slot = std::make_unique<Slot>();
    free_.push_back(slot.get());
    slots_[slot.get()] = std::move(slot);
  }
  Slot* slot = free_.back();
  free_.pop_back();
  return slot;
}

void Hunt::Reseed(uint64_t dice) {
  random_ = Random(dice);
  traffic_.Reseed(random_.Next());
}

void Hunt::EndRound(bool all_workers) {
  Look();
  for (auto& seen : seen_)
    if (seen != latest_ && (all_workers || !random_.OneIn(16))) seen = latest_;
  relay_.CheckAccounting();
  for (; violations_seen_ < relay_.violations().size(); ++violations_seen_)
    findings_.Violation(relay_.violations()[violations_seen_]);
}

void Hunt::Burst(Side side, int worker, int kind, int count) {
  Slot* burst[kBurst];
  for (Slot*& slot : std::span(burst, static_cast<size_t>(count))) {
    slot = TakeSlot();
    slot->shot.bytes = slot->frame();
    if (kind < 0)
      traffic_.Make(side, &slot->shot);
    else
      traffic_.MakeKind(kind, side, &slot->shot);
    ++tally_.sent_of_kind[static_cast<size_t>(slot->shot.kind)];
    Tag(slot);
  }
  Arrive(worker, burst, count);
}

void Hunt::Send(Side side, int worker, Bytes frame) {
  Slot* slot = TakeSlot();
  std::copy(frame.begin(), frame.end(), slot->frame());
  slot->shot = Shot{slot->frame(), static_cast<uint16_t>(frame.size()), side};
  Arrive(worker, &slot, 1);
}

// Puts the tags of its attachment on a frame, mostly.
void Hunt::Tag(Slot* slot) {
  const std::vector<uint16_t>& ids = links_.vlan[static_cast<int>(slot->shot.side)];
  if (ids.empty() || slot->shot.length < kMacBytes) return;
  if (random_.OneIn(32)) {
    slot->shot.ordinary = false;
    return;
  }
  uint8_t* tags = slot->frame() + kMacBytes;
  const size_t bytes = ids.size() * kVlanTagBytes;
  std::memmove(tags + bytes, tags, slot->shot.length - kMacBytes);
  for (size_t i = 0; i < ids.size(); ++i) {
    Write16(tags + i * kVlanTagBytes, i + 1 < ids.size() ? 0x88a8 : 0x8100);
    Write16(tags + i * kVlanTagBytes + 2, ids[i] | random_.Below(8) << 13);
  }
  slot->shot.length = static_cast<uint16_t>(slot->shot.length + bytes);
}

// All of one side.
void Hunt::Arrive(int worker, Slot** slots, int count) {
  for (Slot* slot : std::span(slots, static_cast<size_t>(count))) {
    slot->start = kVlanRoomBytes;
    slot->length = slot->arrived_length = slot->shot.length;
    slot->resolution = {};
    std::memcpy(slot->arrived.data(), slot->frame(), slot->length);
  }
  packets_ += static_cast<uint64_t>(count);
  tally_.packets += static_cast<uint64_t>(count);
  const Direction direction =
      slots[0]->shot.side == Side::kAccess ? Direction::kOutbound : Direction::kInbound;
  const uint64_t opened = Opened();
  const bool may_open = MayOpen(direction);
  Run(worker, direction, Origin::kPort, slots, count);
  if (!may_open && Opened() != opened) findings_.Violation(kOpenedAmiss);
  TakeReleased();
}

void Hunt::Run(int worker, Direction direction, Origin origin, Slot** slots, int count) {
  Packet packets[kBurst];
  for (int i = 0; i < count; ++i) {
    packets[i].data = slots[i]->memory.data() + slots[i]->start;
    packets[i].length = slots[i]->length;
    packets[i].l4_checksum_bad = slots[i]->shot.l4_checksum_bad;
    packets[i].buffer = slots[i];
    if (origin == Origin::kHandoff) packets[i].Resume(slots[i]->resolution);
  }
  Process(worker, direction, origin, {packets, static_cast<size_t>(count)});
  TakeHeld(worker);
}

void Hunt::Process(int worker, Direction direction, Origin origin, std::span<Packet> packets) {
  // Held here: what is settled below may bring a new view, and the next burst of this pipeline.
  const std::shared_ptr<const WorldView> view = seen_[static_cast<size_t>(worker)];
  Pipeline& pipeline = relay_.pipeline(worker);
  TakeReleased();
  pipeline.Process(direction, origin, packets, view->world, relay_.now_ms());
  const std::vector<Packet> pieces(pipeline.pieces().begin(), pipeline.pieces().end());
  size_t next = 0;
  for (const Packet& p : packets) {
    if (p.verdict != Verdict::kConsume)
      Settle(worker, direction, p, std::span(pieces).subspan(next, p.pieces), *view);
    next += p.pieces;
  }
  // The main lcore looks when all of the burst has been decided; what it releases comes after that.
  for (const Packet& p : packets)
    if (p.verdict == Verdict::kConsume) Settle(worker, direction, p, {}, *view);
}

void Hunt::TakeHeld() {
  for (int w = 0; w < workers(); ++w) TakeHeld(w);
}

std::optional<uint16_t> Hunt::RoomOf(const Packet& p) const {
  auto found = slots_.find(p.buffer);
  if (found == slots_.end()) return std::nullopt;
  const auto& memory = found->second->memory;
  return static_cast<uint16_t>(memory.data() + memory.size() - p.data);
}

// Early fragments whose first one came, or did not in time.
void Hunt::TakeHeld(int worker) {
  Packet packets[kBurst];
  for (Direction d : {Direction::kOutbound, Direction::kInbound})
    while (unsigned count = relay_.pipeline(worker).TakeReleased(d, packets))
      Process(worker, d, Origin::kHold, {packets, count});
}

void Hunt::Settle(int worker, Direction direction, const Packet& p, std::span<const Packet> pieces,
                  const WorldView& view) {
  auto* slot = static_cast<Slot*>(p.buffer);
  const Bytes arrived = slot->arrived_bytes();
  CounterPage& page = relay_.page(worker);
  switch (p.verdict) {
    case Verdict::kForward:
      Sent(worker, direction, p, pieces, view);
      break;
    case Verdict::kHandOff:
      page.Count(direction, Counter::kHandoffOut);
      page.handoff_to[p.worker].Add(1);
      ++tally_.handed_off;
      slot->start = static_cast<uint16_t>(p.data - slot->memory.data());
      slot->length = p.length;
      slot->resolution = p.resolution();
      handoffs_[static_cast<int>(direction)][p.worker].push_back(slot);
      return;
    case Verdict::kAnswer:
      Answered(direction, p, view);
      break;
    case Verdict::kHold:
      ++tally_.held;
      return;
    case Verdict::kDrop:
      Dropped(direction, p.reason, *slot, view);
      break;
    default:
      if (direction == Direction::kOutbound) auditor_.Held(arrived);
      relay_.Consume(worker, direction, p, {arrived.begin(), arrived.end()});
  }
  free_.push_back(slot);
}

void Hunt::Sent(int worker, Direction direction, const Packet& p, std::span<const Packet> pieces,
                const WorldView& view) {
  auto* slot = static_cast<Slot*>(p.buffer);
  const PortFacts& port = relay_.port(DepartureSide(direction));
  CounterPage& page = relay_.page(worker);
  std::vector<Bytes> frames;
  auto take = [&](const Packet& part) {
    const auto bytes = static_cast<size_t>(part.length + port.vlan_count * kVlanTagBytes);
    frames.emplace_back(PutTags(part.data, port), bytes);
    page.Count(direction, Counter::kSent);
    page.Count(direction, Counter::kSentBytes, bytes);
  };
  take(p);
  for (const Packet& piece : pieces) take(piece);
  ++tally_.forwarded[static_cast<int>(direction)];
  ++tally_.forwarded_of_kind[static_cast<size_t>(slot->shot.kind)];
  tally_.bypassed += p.bypassed;
  tally_.cut += !pieces.empty();
  auditor_.Relayed(direction, slot->arrived_bytes(), frames, p.bypassed, view, relay_.now_ms());
  const Bytes arrived = slot->arrived_bytes();
  const Reading in = ReadFrame(arrived.data(), arrived.size());
  const bool unsummed = in.protocol == 17 && in.l4_header != 0 && in.l4[6] == 0 && in.l4[7] == 0;  // RFC 768
  if (p.l4_checksum_bad && !unsummed)
    findings_.Violation("what the network card marked as wrong is dropped", slot->arrived_bytes());
  for (const Packet& piece : pieces) relay_.Release(piece);
}

void Hunt::Answered(Direction direction, const Packet& p, const WorldView& view) {
  const auto* slot = static_cast<const Slot*>(p.buffer);
  ++tally_.answered;
  auditor_.Answered(direction, slot->arrived_bytes(), {p.data, p.length}, view);
  Dropped(direction, p.reason, *slot, view);
}

void Hunt::Dropped(Direction direction, DropReason reason, const Slot& slot, const WorldView& view) {
  const Shot& shot = slot.shot;
  const Bytes arrived = slot.arrived_bytes();
  if (direction == Direction::kOutbound) auditor_.Dropped(arrived, reason, relay_.now_ms());
  if (!shot.ordinary || shot.conversation < 0) return;
  const bool lives = auditor_.MustLive(shot.conversation, direction, arrived, view, relay_.now_ms());
  if (lives && scene_.live_flows_go_on)
    findings_.Violation(absl::StrCat("a packet of a live flow was dropped: ", Name(reason)), arrived);
  else if (shot.opens && direction == Direction::kOutbound && scene_.plentiful && Open() &&
           &view == latest_.get())
    findings_.Violation(absl::StrCat("the first packet of a flow was refused: ", Name(reason)), arrived);
}

void Hunt::TakeHandoffs(int worker, Direction direction) {
  const uint64_t opened = Opened();
  const bool may_open = MayOpen(direction);
  Handoffs& queue = handoffs_[static_cast<int>(direction)][static_cast<size_t>(worker)];
  while (!queue.empty()) {
    Slot* burst[kBurst];
    int count = 0;
    for (; count < kBurst && !queue.empty(); ++count) {
      burst[count] = queue.front();
      queue.pop_front();
    }
    Run(worker, direction, Origin::kHandoff, burst, count);
  }
  TakeReleased();
  if (!may_open && Opened() != opened) findings_.Violation(kOpenedAmiss);
}

// What one worker takes it may hand on to another, a fragment by way of its home to its owner.
void Hunt::TakeAllHandoffs() {
  auto waiting = [this] {
    return std::any_of(std::begin(handoffs_), std::end(handoffs_), [](const auto& queues) {
      return std::any_of(queues.begin(), queues.end(), [](const Handoffs& queue) { return !queue.empty(); });
    });
  };
  while (waiting())
    for (int w = 0; w < workers(); ++w)
      for (Direction d : {Direction::kOutbound, Direction::kInbound}) TakeHandoffs(w, d);
}

void Hunt::Wait(uint64_t ms) {
  TakeAllHandoffs();
  relay_.Wait(ms);
  TakeReleased();
}

// Flows are opened by subscribers alone, and not without lease and key. A frame from the core may be the
// answer a subscriber's packet waited for, whose flow is over by now.
bool Hunt::MayOpen(Direction direction) const {
  const bool subscribers = direction == Direction::kOutbound || scene_.waits;
  return subscribers && lease_back_ms_ == 0 && latest_->world.keys != nullptr;
}

// Packets that waited for a station went through the relay's own world, not a worker's.
void Hunt::TakeReleased() {
  Look();
  for (const test::Outcome& o : relay_.TakeReleased()) {
    const Direction direction = o.side == Side::kCore ? Direction::kOutbound : Direction::kInbound;
    const bool dropped = o.kind == test::Outcome::Kind::kDropped;
    if (dropped && direction == Direction::kOutbound) auditor_.Dropped(o.arrived, o.reason, relay_.now_ms());
    if (o.kind != test::Outcome::Kind::kSent) continue;
    ++tally_.forwarded[static_cast<int>(direction)];
    auditor_.Relayed(direction, o.arrived, {o.frame}, o.bypassed, *latest_, o.at_ms);
  }
  relay_.TakeMade();
}

uint64_t Hunt::Opened() const {
  uint64_t sum = 0;
  for (Counter c : {Counter::kOpenedTcp, Counter::kOpenedUdp, Counter::kOpenedIcmp})
    sum += relay_.Total(Direction::kOutbound, c);
  return sum;
}

// Nothing is left behind when all flows are over.
void Hunt::Quiesce() {
  relay_.SetStationsAnswer(true);
  for (auto& seen : seen_) seen = latest_;
  Wait(5000);
  if (relay_.snapshot() == nullptr) return;
  const Settings& settings = latest_->settings;
  relay_.Leap(settings[Setting::kTimerTcpEstablished] * 1000 + 2000);
  relay_.Leap(settings[Setting::kQuarantine] * 1000 + 2000);
  relay_.Wait(5000);
  TakeReleased();
  relay_.CheckAccounting();
  bool empty = relay_.SubscriberFlows() == 0;
  for (Family f : {Family::kV4, Family::kV6})
    empty = empty && relay_.LiveFlows(f) == 0 && relay_.Quarantined(f) == 0;
  for (int w = 0; w < relay_.workers(); ++w) {
    for (const CounterCell& flows : relay_.page(w).unit_flows) empty = empty && flows.Get() == 0;
    const FragmentTable& fragments = relay_.pipeline(w).fragments();
    empty = empty && fragments.held() == 0 && fragments.datagrams() == 0;
  }
  if (!empty) findings_.Violation("flows, quarantine, limits and fragments return to 0 when all is over");
}

}  // namespace cfr::hunt
