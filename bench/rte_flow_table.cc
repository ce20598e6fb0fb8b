// SPDX-License-Identifier: BSD-3-Clause
#include "bench/rte_flow_table.h"

#include <rte_eal.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace cfr::bench {

void StartEal() {
  // Floating, or the main thread would stay on the first core.
  std::string lcores = "--lcores=0@(0-" + std::to_string(sysconf(_SC_NPROCESSORS_ONLN) - 1) + ")";
  std::vector<std::string> arguments = {"bench",
                                        lcores,
                                        "-m",
                                        "16",
                                        "--no-huge",
                                        "--no-pci",
                                        "--no-telemetry",
                                        "--no-shconf",
                                        "--log-level=lib.eal:warning"};
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  CFR_CHECK(rte_eal_init(static_cast<int>(argv.size()), argv.data()) >= 0, "DPDK did not start");
}

RteHeap::RteHeap(size_t bytes) : memory_(bytes) {
  constexpr size_t kPage = size_t{2} << 20;
  const auto pages = static_cast<unsigned>(memory_.bytes() / kPage);
  CFR_CHECK(rte_malloc_heap_create(kName) == 0 &&
                rte_malloc_heap_memory_add(kName, &memory_[0], memory_.bytes(), nullptr, pages, kPage) == 0,
            "no heap for rte_hash");
}

RteHeap::~RteHeap() {
  CFR_CHECK(rte_malloc_heap_memory_remove(kName, &memory_[0], memory_.bytes()) == 0 &&
                rte_malloc_heap_destroy(kName) == 0,
            "rte_hash left memory behind");
}

size_t RteHeap::used_bytes() const {
  rte_malloc_socket_stats stats;
  CFR_CHECK(rte_malloc_get_socket_stats(socket(), &stats) == 0, "the heap of rte_hash tells nothing");
  return stats.heap_allocsz_bytes;
}

}  // namespace cfr::bench
