// SPDX-License-Identifier: BSD-3-Clause
// Control's end of the link to a dataplane: attaches when there is one, numbers commands, keeps what is
// not acknowledged and sends it again, notices death. One thread; never blocks.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/attach.h"

namespace cfr {

class DataplaneLink {
 public:
  // Called once: OK and the committed generation, or why the run was refused. kUnavailable: the dataplane
  // went away before it answered, so whether it acted is not known.
  using Done = std::function<void(absl::Status, Generation)>;
  enum class Event { kNone, kAttached, kLost };

  explicit DataplaneLink(std::string socket_path) : socket_path_(std::move(socket_path)) {}

  // Attaches (at most every 100 ms), sends, resends, takes acknowledgments.
  Event Poll(uint64_t now_ms);
  // Queues commands that belong together; kEmpty `done` for those nobody waits for. Only while attached().
  void Submit(std::vector<Message> commands, Done done, uint64_t now_ms);

  bool attached() const { return attachment_ != nullptr; }
  const DataplanePage& page() const { return attachment_->page(); }
  int workers() const { return attachment_->workers(); }
  size_t unacknowledged() const { return waiting_.size(); }
  // Why the last attempt to attach failed.
  const absl::Status& why_detached() const { return why_detached_; }

  bool AskFlows(int worker, const FlowQueryBody& query);
  bool TakeFlowEvent(int worker, Message* message);
  // Flows a worker opened since it was last asked, oldest first; how many of at most `max`. The caller erases
  // them: they name subscribers.
  uint32_t TakeOpenings(int worker, Opened* opened, uint32_t max);

 private:
  struct Submission {
    uint32_t last_sequence;
    absl::Status status;
    Done done;
  };
  struct WorkerRings {
    RingProducer commands;
    RingConsumer events;
    OpenedConsumer openings;
  };
  Event Attach(uint64_t now_ms);
  Event Lose(const std::string& why);
  void TakeAcknowledgments(uint64_t now_ms);
  void Acknowledge(const AckBody& ack);
  void Send(uint64_t now_ms);

  const std::string socket_path_;
  std::unique_ptr<Attachment> attachment_;
  std::unique_ptr<RingProducer> commands_;
  std::unique_ptr<RingConsumer> events_;
  std::vector<WorkerRings> workers_;
  std::deque<Message> waiting_;  // unacknowledged, in order
  size_t sent_ = 0;              // of waiting_, already on the ring
  std::deque<Submission> submissions_;
  uint32_t next_sequence_ = 1;
  uint64_t next_attach_ms_ = 0, answered_ms_ = 0;
  absl::Status why_detached_ = absl::UnavailableError("not tried yet");
};

const char* Explain(AckStatus status);

}  // namespace cfr
