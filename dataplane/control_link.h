// SPDX-License-Identifier: BSD-3-Clause
// Main lcore: obeys the control process, which may be dead, wrong or hostile. Each command is copied
// once, checked, acted on or refused with a reason, and acknowledged. The worst a command can do is to
// stop service: what may become an alias is bounded by the egress prefixes fixed at start, and nothing
// here can make an untranslated packet leave.
#pragma once

#include <memory>

#include "common/attach.h"
#include "dataplane/snapshot.h"
#include "dataplane/snapshot_builder.h"

namespace cfr {

class ControlLink {
 public:
  // `world`: the draft the main lcore publishes when Poll says so.
  ControlLink(AttachServer& server, SnapshotBuilder builder, Leases& leases, World& world);

  // Accepts a peer, obeys at most `budget` commands. True: `world` changed and has to be published; if
  // it was a new attachment, the former region may be unmapped (TakeFormer) once that is done.
  bool Poll(int budget, uint64_t now_ms);

 private:
  AckBody Obey(const Message& m, uint64_t now_ms);
  AckStatus TakeKey(const EpochKeyBody& body, uint64_t now_ms);
  void EraseOutlivedKeys(uint64_t now_ms);
  AckStatus TakeLease(const LeaseBody& body, uint64_t now_ms);
  uint64_t LeaseMs() const;
  void Lease(UnitIndex unit, uint64_t deadline_ms);

  AttachServer& server_;
  DataplanePage& page_;
  SnapshotBuilder builder_;
  Leases& leases_;
  World& world_;
  std::unique_ptr<RingConsumer> commands_;
  std::unique_ptr<RingProducer> events_;
  uint32_t last_sequence_ = 0;
  AckBody last_ack_{};
  bool changed_ = false;
};

}  // namespace cfr
