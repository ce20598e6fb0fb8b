// SPDX-License-Identifier: BSD-3-Clause
// What the dataplane shows of itself: one sealed memfd, written by the dataplane only, mapped
// read-only by the control process. Each cell has one writer (worker i: worker[i]; main lcore: the
// rest), so a reader needs no lock and a control process that dies loses no count.
#pragma once

#include <atomic>
#include <cstdint>

#include "common/counters.h"
#include "common/limits.h"
#include "common/messages.h"
#include "common/settings.h"

namespace cfr {

struct PortStatus {
  char device[64];  // as configured, NUL-terminated
  char driver[32];  // DPDK driver name
  uint8_t mac[6];
  uint16_t queues;
  uint32_t mtu;
  std::atomic<uint32_t> link_up;
  CounterCell received, received_bytes, sent, sent_bytes, missed, errors;  // the driver's own totals
};

struct DataplanePage {
  uint32_t magic = kLinkMagic;
  uint16_t version = kLinkVersion;
  uint16_t workers;     // 1..kWorkersMax
  uint64_t boot;        // random per start: a new value is a new dataplane
  uint64_t started_ms;  // CLOCK_MONOTONIC
  uint32_t pid;
  // Must equal the reader's, else the builds differ.
  uint32_t counter_rows = kCounterCount, drop_rows = kDropReasonCount, setting_rows = kSettingCount;
  uint64_t start_settings[kSettingCount];  // the values in force; only kStart rows matter
  char build[64];                          // version and instruction set, for `cfrctl version`
  CounterCell generation;                  // committed generation
  CounterCell key_version;                 // newest epoch key
  CounterCell epoch_advances;              // keys taken since start
  CounterCell lease_deadline_ms;           // latest deadline received
  CounterCell neighbours[kSides];          // resolved next hops
  CounterCell commands, commands_refused;  // on the main ring
  CounterCell ring_corrupt;                // 1: the attached peer published an impossible index
  CounterCell main_rounds;                 // heartbeat of the main lcore
  PortStatus port[kSides];
  CounterPage main;  // packets the workers gave to the main lcore; "consumed" there: answered or learned
  CounterPage worker[kWorkersMax];
};

}  // namespace cfr
