// SPDX-License-Identifier: BSD-3-Clause
#include "control/dataplane_link.h"

#include <openssl/crypto.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace cfr {
namespace {

constexpr uint64_t kAttachEveryMs = 100, kResendMs = 200;

}  // namespace

const char* Explain(AckStatus status) {
  switch (status) {
    case AckStatus::kOk:
      return "accepted";
    case AckStatus::kOutOfOrder:
      return "out of order";
    case AckStatus::kMalformed:
      return "a value out of range";
    case AckStatus::kNotInRun:
      return "outside a configuration run";
    case AckStatus::kTooMany:
      return "more objects than the dataplane holds";
    case AckStatus::kOutsideAllowed:
      return "a pool or alias unit outside dataplane.egress_allowed, as read when the dataplane started";
    case AckStatus::kConflict:
      return "prefixes that overlap";
    case AckStatus::kDigest:
      return "an incomplete run";
    case AckStatus::kStale:
      return "not newer than what is in force";
    case AckStatus::kResources:
      return "not enough memory";
  }
  return "an unknown reason";
}

DataplaneLink::Event DataplaneLink::Poll(uint64_t now_ms) {
  if (attachment_ == nullptr) return now_ms < next_attach_ms_ ? Event::kNone : Attach(now_ms);
  TakeAcknowledgments(now_ms);
  if (!attachment_->alive()) return Lose("the dataplane closed the link");
  Send(now_ms);
  return Event::kNone;
}

DataplaneLink::Event DataplaneLink::Attach(uint64_t now_ms) {
  next_attach_ms_ = now_ms + kAttachEveryMs;
  auto attachment = Attachment::Connect(socket_path_);
  if (!attachment.ok()) {
    why_detached_ = attachment.status();
    return Event::kNone;
  }
  attachment_ = std::move(*attachment);
  commands_ = std::make_unique<RingProducer>(&attachment_->main_rings().commands);
  events_ = std::make_unique<RingConsumer>(&attachment_->main_rings().events);
  for (int w = 0; w < attachment_->workers(); ++w)
    workers_.push_back({RingProducer(&attachment_->worker_rings(w).commands),
                        RingConsumer(&attachment_->worker_rings(w).events),
                        OpenedConsumer(&attachment_->openings(w))});
  next_sequence_ = 1;
  answered_ms_ = now_ms;
  return Event::kAttached;
}

DataplaneLink::Event DataplaneLink::Lose(const std::string& why) {
  why_detached_ = absl::UnavailableError(why);
  attachment_.reset();
  commands_.reset();
  events_.reset();
  workers_.clear();
  for (Message& m : waiting_) OPENSSL_cleanse(&m, sizeof m);
  waiting_.clear();
  sent_ = 0;
  auto lost = std::exchange(submissions_, {});
  for (Submission& s : lost)
    if (s.done) s.done(why_detached_, 0);
  return Event::kLost;
}

void DataplaneLink::Submit(std::vector<Message> commands, Done done, uint64_t now_ms) {
  if (waiting_.empty()) answered_ms_ = now_ms;
  for (Message& m : commands) {
    m.sequence = next_sequence_++;
    waiting_.push_back(m);
    OPENSSL_cleanse(&m, sizeof m);
  }
  submissions_.push_back({next_sequence_ - 1, absl::OkStatus(), std::move(done)});
  Send(now_ms);
}

// What was not answered for a while goes out again, from the first; the dataplane tells repeats by number.
void DataplaneLink::Send(uint64_t now_ms) {
  if (!waiting_.empty() && sent_ > 0 && now_ms - answered_ms_ >= kResendMs) {
    sent_ = 0;
    answered_ms_ = now_ms;
  }
  while (sent_ < waiting_.size() && commands_->Push(waiting_[sent_]) == RingResult::kOk) ++sent_;
}

void DataplaneLink::TakeAcknowledgments(uint64_t now_ms) {
  Message m;
  while (attachment_ != nullptr && events_->Pop(&m) == RingResult::kOk) {
    answered_ms_ = now_ms;
    if (m.kind == MessageKind::kAck) Acknowledge(m.ack);
  }
}

void DataplaneLink::Acknowledge(const AckBody& ack) {
  if (ack.status == AckStatus::kOutOfOrder) {
    sent_ = 0;
    return;
  }
  // An answer to a repeat of something already acknowledged.
  if (waiting_.empty() || ack.sequence != waiting_.front().sequence) return;
  OPENSSL_cleanse(&waiting_.front(), sizeof(Message));
  waiting_.pop_front();
  if (sent_ > 0) --sent_;
  Submission& submission = submissions_.front();
  if (ack.status != AckStatus::kOk && submission.status.ok())
    submission.status =
        absl::FailedPreconditionError(absl::StrCat("the dataplane refused it: ", Explain(ack.status)));
  if (ack.sequence != submission.last_sequence) return;
  Submission finished = std::move(submission);
  submissions_.pop_front();
  if (finished.done) finished.done(finished.status, ack.generation);
}

bool DataplaneLink::AskFlows(int worker, const FlowQueryBody& query) {
  Message m = MakeMessage(MessageKind::kFlowQuery);
  m.flow_query = query;
  return workers_[static_cast<size_t>(worker)].commands.Push(m) == RingResult::kOk;
}

uint32_t DataplaneLink::TakeOpenings(int worker, Opened* opened, uint32_t max) {
  uint32_t count;
  workers_[static_cast<size_t>(worker)].openings.PopBurst(opened, max, &count);
  return count;
}

bool DataplaneLink::TakeFlowEvent(int worker, Message* message) {
  return workers_[static_cast<size_t>(worker)].events.Pop(message) == RingResult::kOk;
}

}  // namespace cfr
