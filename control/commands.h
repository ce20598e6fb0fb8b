// SPDX-License-Identifier: BSD-3-Clause
// Every command of the local API, by name. What cfrctl can do, a script can do with these.
#pragma once

#include "control/answer.h"
#include "control/flow_listing.h"
#include "control/node.h"

namespace cfr {

class Commands {
 public:
  Commands(Node& node, FlowListing& listing) : node_(node), listing_(listing) {}
  // Answers through `answered`, exactly once, perhaps later.
  void Obey(const std::string& command, const Json& args, bool read_only, Answered answered);

 private:
  struct Row;
  static const Row kRows[];

  Answer ConfigExport(const Json& args);
  Answer ConfigPlan(const Json& args);
  void ConfigApply(const Json& args, Answered answered);
  Answer PoolList(const Json& args);
  Answer PoolShow(const Json& args);
  void PoolAdd(const Json& args, Answered answered);
  void PoolDel(const Json& args, Answered answered);
  void PoolDrain(const Json& args, Answered answered);
  void PoolUndrain(const Json& args, Answered answered);
  Answer EpochShow(const Json& args);
  void EpochAdvance(const Json& args, Answered answered);
  void FlowList(const Json& args, Answered answered);
  Answer FlowStats(const Json& args);
  Answer WorkerList(const Json& args);
  Answer PortList(const Json& args);
  Answer CounterTotals(const Json& args);
  Answer Health(const Json& args);
  Answer Version(const Json& args);

  void SetPoolState(const Json& args, PrefixState state, Answered answered);
  void ChangeText(const std::string& text, Answered answered);

  Node& node_;
  FlowListing& listing_;
};

}  // namespace cfr
