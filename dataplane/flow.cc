// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/flow.h"

namespace cfr {

Timeouts::Timeouts(const Settings& settings) {
  auto set = [&](FlowState state, Setting seconds) {
    ms[static_cast<int>(state)] = static_cast<uint32_t>(settings[seconds] * 1000);
  };
  set(FlowState::kUdpOneway, Setting::kTimerUdpOneway);
  set(FlowState::kUdp, Setting::kTimerUdp);
  set(FlowState::kUdpWellknown, Setting::kTimerUdpWellknown);
  set(FlowState::kIcmpQuery, Setting::kTimerIcmpQuery);
  set(FlowState::kTcpInit, Setting::kTimerTcpOpen);
  set(FlowState::kTcpHalf, Setting::kTimerTcpOpen);
  set(FlowState::kTcpEstablished, Setting::kTimerTcpEstablished);
  set(FlowState::kTcpClientFin, Setting::kTimerTcpEstablished);
  set(FlowState::kTcpServerFin, Setting::kTimerTcpEstablished);
  set(FlowState::kTcpBothFin, Setting::kTimerTcpClose);
  set(FlowState::kTcpTrans, Setting::kTimerTcpReset);
  set(FlowState::kQuarantine, Setting::kQuarantine);
}

}  // namespace cfr
