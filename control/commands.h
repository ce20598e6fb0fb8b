// SPDX-License-Identifier: BSD-3-Clause
// Does what the commands of the API ask (command_table.h). What cfrctl can do, a script can do with these.
#pragma once

#include "control/answer.h"
#include "control/api_server.h"
#include "control/crowd.h"
#include "control/flow_listing.h"
#include "control/heartbeats.h"
#include "control/node.h"
#include "control/records.h"

namespace cfr {

class Commands {
 public:
  Commands(Node& node, FlowListing& listing, const Heartbeats& heartbeats, const Crowd& crowd,
           const Records& records)
      : node_(node), listing_(listing), heartbeats_(heartbeats), crowd_(crowd), records_(records) {}
  // Answers through `answered`, exactly once, perhaps later. What needs Access::kFull is logged with the
  // peer and how it ended.
  void Obey(const ApiRequest& request, Answered answered);

 private:
  struct Row;
  static const Row kRows[];
  void Dispatch(const ApiRequest& request, Answered answered);

  Answer ConfigExport(const Json& args);
  Answer ConfigPlan(const Json& args);
  void ConfigApply(const Json& args, Answered answered);
  Answer PoolList(const Json& args);
  Answer PoolShow(const Json& args);
  void PoolAdd(const Json& args, Answered answered);
  void PoolDel(const Json& args, Answered answered);
  void PoolDrain(const Json& args, Answered answered);
  void PoolUndrain(const Json& args, Answered answered);
  void PoolMerge(const Json& args, Answered answered);
  void PoolUnmerge(const Json& args, Answered answered);
  void SetMerged(const std::string& pool, bool merged, Answered answered);
  Answer GeofeedExport(const Json& args);
  Answer PrivacyShow(const Json& args);
  Answer EpochShow(const Json& args);
  void EpochAdvance(const Json& args, Answered answered);
  void FlowList(const Json& args, Answered answered);
  Answer FlowStats(const Json& args);
  Answer WorkerList(const Json& args);
  Answer PortList(const Json& args);
  Answer CounterTotals(const Json& args);
  Answer Health(const Json& args);
  Answer Version(const Json& args);

  void SetPoolState(const std::string& pool, PrefixState from, PrefixState to, Answered answered);
  void ChangeAsText(const Config& next, Answered answered);

  Node& node_;
  FlowListing& listing_;
  const Heartbeats& heartbeats_;
  const Crowd& crowd_;
  const Records& records_;
  uint64_t now_ms_ = 0;  // of the request in hand
};

}  // namespace cfr
