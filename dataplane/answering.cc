// SPDX-License-Identifier: BSD-3-Clause
// What a worker says itself: about packets it dropped, in the place of the packet, and how much echo to
// the relay it lets through to the main lcore. All of it within the rates of AnswerLimit.
#include "dataplane/answer.h"
#include "dataplane/egress_guard.h"
#include "dataplane/pipeline.h"

namespace cfr {

// `p` was dropped and counted for p.reason. The answer takes its buffer and leaves where it came from.
void Pipeline::TellSender(Direction direction, Packet& p, const World& world) {
  if (world.snapshot == nullptr) return;
  const Snapshot& snapshot = *world.snapshot;
  const std::optional<Answer> answer = AnswerTo(direction, p, snapshot, shared_.port);
  if (!answer.has_value()) return;
  const Direction back = Opposite(direction);
  if (!shared_.answers.Take(worker_, answer->receiver, snapshot.settings, now_ms_))
    return page_.Count(back, Counter::kIcmpSuppressed);
  const uint16_t length = WriteAnswer(p, *answer, p.data, buffers_.RoomOf(p));
  if (length == 0) return page_.Count(back, Counter::kIcmpSuppressed);
  if (back == Direction::kOutbound && !EgressGuard::PassesOwn(p.data, length, snapshot)) {
    page_.Count(back, Counter::kHandoffIn);  // as one frame more, which dies at the guard
    return page_.Count(back, DropReason::kEgressGuard);
  }
  p.length = length;
  p.verdict = Verdict::kAnswer;
  page_.Count(back, Counter::kMade);
}

// An echo request to the relay: above the rate it is dropped here and costs the main lcore nothing.
void Pipeline::RationEcho(Direction direction, Packet& p, const Snapshot& snapshot) {
  Address sender = p.SourceAddress();
  if (const SubscriberSpace* space = snapshot.subscribers.Find(sender)) sender = Masked(sender, space->per);
  if (shared_.answers.Take(worker_, sender, snapshot.settings, now_ms_)) return;
  page_.Count(Opposite(direction), Counter::kIcmpSuppressed);
  Drop(direction, p, DropReason::kOwnAddress);
}

}  // namespace cfr
