// SPDX-License-Identifier: BSD-3-Clause
// An Ethernet device of DPDK, whatever its kind; the only file that sets one up. One receive and one
// transmit queue per worker, so that no queue is shared. RSS under the owner key where the card has it.
#pragma once

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "absl/status/statusor.h"
#include "common/config.h"
#include "common/dataplane_page.h"
#include "dataplane/owner.h"
#include "dataplane/snapshot.h"

namespace cfr {

class Port {
 public:
  // `id`: DPDK's number, in the order the devices were given to EAL. Starts the device.
  static absl::StatusOr<Port> Start(uint16_t id, const PortConfig& config, const Owner& owner,
                                    rte_mempool* pool);

  // Packets taken from or queued on worker `queue`'s own queues.
  uint16_t Receive(int queue, rte_mbuf** buffers, uint16_t max) const {
    return queue < receive_queues_ ? rte_eth_rx_burst(id_, static_cast<uint16_t>(queue), buffers, max) : 0;
  }
  uint16_t Transmit(int queue, rte_mbuf** buffers, uint16_t count) const {
    return rte_eth_tx_burst(id_, static_cast<uint16_t>(queue), buffers, count);
  }

  // Packets come from a file: each of them once.
  bool reads_file() const { return reads_file_; }
  uint16_t id() const { return id_; }
  const PortFacts& facts() const { return facts_; }
  // Writes name, driver and the driver's totals; main lcore.
  void Report(const PortConfig& config, PortStatus* status) const;
  void Stop() const;

 private:
  uint16_t id_ = 0;
  int receive_queues_ = 0;
  bool reads_file_ = false;
  PortFacts facts_;
};

}  // namespace cfr
