// SPDX-License-Identifier: BSD-3-Clause
// Collects rows of live flows from the workers, one listing and one worker at a time, without ever
// waiting. The only code in this process that holds a subscriber's address, and only for the asker.
#pragma once

#include <deque>
#include <string>

#include "control/answer.h"
#include "control/node.h"

namespace cfr {

struct FlowFilter {
  uint32_t limit = 100;  // 1..10000 rows
  Prefix subscriber;
  bool any_subscriber = true;
  uint8_t protocol = 0;  // IANA number, 0: any
  std::string pool;      // empty: any
};

class FlowListing {
 public:
  explicit FlowListing(Node& node) : node_(node) {}
  void Start(const FlowFilter& filter, uint64_t now_ms, Answered answered);
  void Poll(uint64_t now_ms);

 private:
  struct Request {
    FlowFilter filter;
    Answered answered;
    Json rows = Json::array();
    int worker = 0;
    uint64_t cursor = 0;
    bool asked = false;
    uint64_t deadline_ms = 0;
  };
  void Ask(Request& request);
  void Take(Request& request, const Message& m);
  void TakeRow(Request& request, const FlowRowBody& row);
  void Finish(Answer answer);

  Node& node_;
  std::deque<Request> requests_;
  uint32_t query_ = 0;
};

}  // namespace cfr
