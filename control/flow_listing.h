// SPDX-License-Identifier: BSD-3-Clause
// Collects rows of live flows from the workers, one listing and one worker at a time, without ever
// waiting. The only code in this process that holds a subscriber's address, and only for the asker.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "control/answer.h"
#include "control/api_server.h"
#include "control/node.h"

namespace cfr {

struct FlowFilter {
  uint32_t limit = 1;  // rows at most
  Prefix subscriber;
  bool any_subscriber = true;
  uint8_t protocol = 0;  // IANA number, 0: any
  std::string pool;      // empty: any
};

class FlowListing {
 public:
  // After this long the rows found so far are given, or kDeadline if there are none.
  static constexpr uint64_t kPatienceMs = 9'000;
  static_assert(kPatienceMs < ApiServer::kPatienceMs, "the asker is told what came of it");

  explicit FlowListing(Node& node) : node_(node) {}
  // Fails when the pool of the filter is unknown.
  void Start(const FlowFilter& filter, uint64_t now_ms, Answered answered);
  void Poll(uint64_t now_ms);

 private:
  struct Target {
    int worker;
    UnitIndex unit;  // kAllUnits: any
  };
  struct Request {
    FlowFilter filter;
    Answered answered;
    std::vector<Target> targets;  // still to be asked, the last one first
    Json rows = Json::array();
    uint64_t cursor = 0;  // in the table of the last target
    bool asked = false;
    uint64_t deadline_ms = 0;
  };
  std::vector<Target> TargetsOf(const std::string& pool);
  void Ask(Request& request);
  void Take(Request& request, const Message& m);
  void TakeRow(Request& request, const FlowRowBody& row);
  void Finish(Answer answer);

  Node& node_;
  std::deque<Request> requests_;  // at most one a client of the API
  uint32_t query_ = 0;
};

}  // namespace cfr
