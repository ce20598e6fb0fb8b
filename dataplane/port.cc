// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/port.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "dataplane/vlan.h"

namespace cfr {
namespace {

constexpr uint16_t kDescriptors = 1024;

absl::Status Failed(const PortConfig& config, const char* step, int error) {
  return absl::InternalError(absl::StrCat("port ", config.device, ": ", step, ": ", rte_strerror(-error)));
}

// Steering by hardware is the owner function or nothing: same key, same indirection.
void RequestRss(const rte_eth_dev_info& info, const Owner& owner, rte_eth_conf* conf, Owner::Key* key) {
  constexpr uint64_t kWanted = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV4_UDP |
                               RTE_ETH_RSS_NONFRAG_IPV6_TCP | RTE_ETH_RSS_NONFRAG_IPV6_UDP;
  if (owner.workers() == 1 || (info.flow_type_rss_offloads & kWanted) == 0 ||
      info.hash_key_size > key->size())
    return;
  *key = owner.key();
  conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
  conf->rx_adv_conf.rss_conf.rss_key = key->data();
  conf->rx_adv_conf.rss_conf.rss_key_len = info.hash_key_size;
  conf->rx_adv_conf.rss_conf.rss_hf = info.flow_type_rss_offloads & kWanted;
}

void SetIndirection(uint16_t id, const rte_eth_dev_info& info, const Owner& owner) {
  if (owner.workers() == 1 || info.reta_size == 0) return;
  std::vector<rte_eth_rss_reta_entry64> table((info.reta_size + 63) / 64);
  for (int i = 0; i < info.reta_size; ++i) {
    table[static_cast<size_t>(i / 64)].mask |= uint64_t{1} << i % 64;
    table[static_cast<size_t>(i / 64)].reta[i % 64] =
        static_cast<uint16_t>(owner.WorkerOf(static_cast<uint32_t>(i)));
  }
  rte_eth_dev_rss_reta_update(id, table.data(), info.reta_size);
}

}  // namespace

absl::StatusOr<Port> Port::Start(uint16_t id, const PortConfig& config, const Owner& owner,
                                 rte_mempool* pool) {
  rte_eth_dev_info info{};
  if (int error = rte_eth_dev_info_get(id, &info); error != 0) return Failed(config, "no such device", error);
  int workers = owner.workers();
  if (info.max_tx_queues < workers)
    return absl::FailedPreconditionError(
        absl::StrCat("port ", config.device, ": ", info.max_tx_queues, " transmit queues for ", workers,
                     " workers; set dataplane.workers = ", info.max_tx_queues));
  Port port;
  port.id_ = id;
  port.reads_file_ = config.kind == PortConfig::Kind::kPcap;
  port.receive_queues_ = std::min<int>(workers, info.max_rx_queues);

  rte_eth_conf conf{};
  Owner::Key rss_key;
  RequestRss(info, owner, &conf, &rss_key);
  conf.rxmode.offloads = info.rx_offload_capa & (RTE_ETH_RX_OFFLOAD_UDP_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM);
  auto rx = static_cast<uint16_t>(port.receive_queues_), tx = static_cast<uint16_t>(workers);
  if (int error = rte_eth_dev_configure(id, rx, tx, &conf); error != 0)
    return Failed(config, "configure", error);
  // Virtual devices have no MTU of their own; theirs is checked packet by packet.
  auto link_mtu = static_cast<uint16_t>(config.mtu + config.vlan.size() * kVlanTagBytes);
  int error = rte_eth_dev_set_mtu(id, link_mtu);
  if (error != 0 && config.kind == PortConfig::Kind::kPci) return Failed(config, "mtu", error);
  uint16_t rx_descriptors = kDescriptors, tx_descriptors = kDescriptors;
  rte_eth_dev_adjust_nb_rx_tx_desc(id, &rx_descriptors, &tx_descriptors);
  unsigned socket = static_cast<unsigned>(std::max(0, rte_eth_dev_socket_id(id)));
  for (uint16_t q = 0; q < rx; ++q)
    if (error = rte_eth_rx_queue_setup(id, q, rx_descriptors, socket, nullptr, pool); error != 0)
      return Failed(config, "receive queue", error);
  for (uint16_t q = 0; q < tx; ++q)
    if (error = rte_eth_tx_queue_setup(id, q, tx_descriptors, socket, nullptr); error != 0)
      return Failed(config, "transmit queue", error);
  if (error = rte_eth_dev_start(id); error != 0) return Failed(config, "start", error);
  SetIndirection(id, info, owner);

  rte_ether_addr mac{};
  if (error = rte_eth_macaddr_get(id, &mac); error != 0) return Failed(config, "MAC address", error);
  std::memcpy(port.facts_.mac, mac.addr_bytes, 6);
  port.facts_.mtu = static_cast<uint16_t>(config.mtu);
  for (uint16_t vlan : config.vlan) port.facts_.vlan[port.facts_.vlan_count++] = vlan;
  return port;
}

void Port::Report(const PortConfig& config, PortStatus* status) const {
  rte_eth_dev_info info{};
  rte_eth_stats stats{};
  rte_eth_link link{};
  rte_eth_dev_info_get(id_, &info);
  rte_eth_stats_get(id_, &stats);
  rte_eth_link_get_nowait(id_, &link);
  std::string device = config.kind == PortConfig::Kind::kPcap ? config.rx_pcap : config.device;
  if (status->driver[0] == '\0') {
    std::strncpy(status->device, device.c_str(), sizeof status->device - 1);
    if (info.driver_name != nullptr)
      std::strncpy(status->driver, info.driver_name, sizeof status->driver - 1);
    std::memcpy(status->mac, facts_.mac, 6);
    status->queues = static_cast<uint16_t>(receive_queues_);
    status->mtu = facts_.mtu;
  }
  status->link_up.store(link.link_status, std::memory_order_relaxed);
  status->received.Set(stats.ipackets);
  status->received_bytes.Set(stats.ibytes);
  status->sent.Set(stats.opackets);
  status->sent_bytes.Set(stats.obytes);
  status->missed.Set(stats.imissed + stats.rx_nombuf);
  status->errors.Set(stats.ierrors + stats.oerrors);
}

void Port::Stop() const {
  rte_eth_dev_stop(id_);
  rte_eth_dev_close(id_);
}

}  // namespace cfr
