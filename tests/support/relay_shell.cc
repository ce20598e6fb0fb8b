// SPDX-License-Identifier: BSD-3-Clause
// What a worker does around its pipeline: verdicts, handoffs, early fragments, buffers, tags.
#include "dataplane/vlan.h"
#include "tests/support/reassembly.h"
#include "tests/support/relay.h"

namespace cfr::test {
namespace {

constexpr size_t kBufferBytes = 2048;  // room of a packet buffer, if its frame needs no more

}  // namespace

void Relay::Run(int worker, Direction direction, Origin origin, const std::vector<Buffer*>& burst) {
  std::vector<Packet> packets(burst.size());
  for (size_t i = 0; i < burst.size(); ++i) {
    burst[i]->frame.reserve(kBufferBytes);
    packets[i].data = burst[i]->frame.data();
    packets[i].length = static_cast<uint16_t>(burst[i]->frame.size());
    packets[i].l4_checksum_bad = burst[i]->l4_checksum_bad;
    packets[i].buffer = burst[i];
    if (origin == Origin::kHandoff) packets[i].Resume(burst[i]->resolution);
  }
  Process(worker, direction, origin, packets);
  TakeHeld();
  while (!handoffs_.empty()) {
    auto [to, buffer] = handoffs_.front();
    handoffs_.pop_front();
    Run(to, buffer->direction, Origin::kHandoff, {buffer});
  }
  if (options_.inspected) CheckAccounting();
}

void Relay::Process(int worker, Direction direction, Origin origin, std::span<Packet> packets) {
  Pipeline& pipeline = *pipelines_[static_cast<size_t>(worker)];
  pipeline.Process(direction, origin, packets, world_, now_ms_);
  const std::vector<Packet> pieces(pipeline.pieces().begin(), pipeline.pieces().end());
  size_t next = 0;
  for (const Packet& p : packets) {
    Finish(worker, direction, p, std::span(pieces).subspan(next, p.pieces));
    next += p.pieces;
  }
}

// Early fragments whose wait is over.
void Relay::TakeHeld() {
  if (guest_ != nullptr) return guest_->TakeHeld();
  Packet packets[kBurstMax];
  for (int w = 0; w < workers(); ++w)
    for (Direction d : {Direction::kOutbound, Direction::kInbound})
      while (unsigned count = pipelines_[static_cast<size_t>(w)]->TakeReleased(d, packets)) {
        Process(w, d, Origin::kHold, {packets, count});
        for (unsigned i = 0; i < count; ++i) waited_.push_back(static_cast<Buffer*>(packets[i].buffer));
      }
}

// What became of them; one may wait for its station now.
void Relay::NoteReleased() {
  for (Buffer* b : std::exchange(waited_, {}))
    if (b->outcome.kind != Outcome::Kind::kHeld) released_.push_back(b->outcome);
}

bool Relay::Allocate(Packet* p) {
  if (!buffers_left_) return false;
  constexpr size_t kRoom = 16384;
  Buffer* b = AddBuffer(Side::kAccess, Frame(kRoom));
  p->buffer = b;
  p->data = b->frame.data() + kVlanRoomBytes;
  return true;
}
uint16_t Relay::RoomOf(const Packet& p) const {
  if (guest_ != nullptr)
    if (auto room = guest_->RoomOf(p)) return *room;
  Frame& frame = static_cast<Buffer*>(p.buffer)->frame;
  const auto before = static_cast<size_t>(p.data - frame.data());
  frame.resize(frame.capacity());  // moves nothing
  return static_cast<uint16_t>(frame.size() - before);
}
void Relay::Release(const Packet& p) {
  std::erase_if(buffers_, [&](const auto& b) { return b.get() == p.buffer; });
}

// What the shell around the pipeline does with a verdict, and what it counts.
void Relay::Finish(int worker, Direction direction, const Packet& p, std::span<const Packet> pieces) {
  auto* b = static_cast<Buffer*>(p.buffer);
  CounterPage& page = *pages_[static_cast<size_t>(worker)];
  b->worker = worker;
  b->outcome.worker = worker;
  b->resolution = p.resolution();
  switch (p.verdict) {
    case Verdict::kForward:
      return Sent(worker, direction, p, pieces);
    case Verdict::kAnswer:
      return Answered(direction, p);
    case Verdict::kHandOff:
      page.Count(direction, Counter::kHandoffOut);
      page.handoff_to[p.worker].Add(1);
      ++b->outcome.handoffs;
      b->frame = Frame(p.data, p.data + p.length);
      handoffs_.push_back({p.worker, b});
      return;
    case Verdict::kConsume:
      page.Count(direction, Counter::kConsumed);
      b->hop = p.hop;
      b->outcome.kind = Outcome::Kind::kConsumed;
      b->frame = Frame(p.data, p.data + p.length);
      consumed_.push_back(b);
      return;
    case Verdict::kHold:
      b->outcome.kind = Outcome::Kind::kHeld;
      return;
    case Verdict::kDrop:
      b->outcome.kind = Outcome::Kind::kDropped;
      b->outcome.reason = p.reason;
      return;
    case Verdict::kIcmpError:
    case Verdict::kUndecided:
      inspector_.Violation("the pipeline left a packet undecided: " + Describe(b->frame));
  }
}

void Relay::Sent(int worker, Direction direction, const Packet& p, std::span<const Packet> pieces) {
  const Side side = DepartureSide(direction);
  CounterPage& page = *pages_[static_cast<size_t>(worker)];
  std::vector<Frame> frames = {Tagged(side, Frame(p.data, p.data + p.length))};
  for (const Packet& piece : pieces)
    frames.push_back(Tagged(side, Frame(piece.data, piece.data + piece.length)));
  for (const Frame& frame : frames) {
    page.Count(direction, Counter::kSent);
    page.Count(direction, Counter::kSentBytes, frame.size());
  }
  auto* b = static_cast<Buffer*>(p.buffer);
  b->outcome.kind = Outcome::Kind::kSent;
  b->outcome.at_ms = now_ms_;
  b->outcome.frame = frames.size() == 1 ? frames[0] : Join(frames).value_or(Frame{});
  b->outcome.pieces = frames.size();
  b->outcome.bypassed = p.bypassed;
  if (options_.inspected) inspector_.Relayed(direction, b->arrived, frames, p.bypassed, now_ms_);
}

void Relay::Answered(Direction direction, const Packet& p) {
  const Side side = ArrivalSide(direction);
  auto* b = static_cast<Buffer*>(p.buffer);
  b->outcome.kind = Outcome::Kind::kDropped;
  b->outcome.reason = p.reason;
  const Frame frame = Tagged(side, Frame(p.data, p.data + p.length));
  if (options_.inspected) inspector_.Answered(side, b->arrived, frame, now_ms_);
  if (watch_) watch_(side, frame);
  made_.push_back({side, frame});
}

// A frame of ours as the port sends it.
Frame Relay::Tagged(Side side, const Frame& frame) const {
  Frame room(kVlanRoomBytes);
  room.insert(room.end(), frame.begin(), frame.end());
  const uint8_t* start = PutTags(room.data() + kVlanRoomBytes, shared_.port[static_cast<int>(side)]);
  return {room.begin() + (start - room.data()), room.end()};
}

}  // namespace cfr::test
