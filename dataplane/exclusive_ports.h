// SPDX-License-Identifier: BSD-3-Clause
// Which ports of exclusive alias units are held, by a live flow or in quarantine: one bit for each unit,
// protocol and port (RFC 4787 REQ-3, RFC 5382 REQ-7). Shared by all workers, since flows of one port and
// different remotes belong to different workers; touched only when a flow opens and when its quarantine
// ends. Lock-free.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "common/check.h"
#include "common/limits.h"
#include "common/types.h"
#include "dataplane/headers.h"

namespace cfr {

class ExclusivePorts {
 public:
  // 24 MiB of address space, in memory only where a unit is exclusive.
  ExclusivePorts() : words_(static_cast<Word*>(std::calloc(kUnitsMax * kProtocols * kWords, sizeof(Word)))) {
    CFR_CHECK(words_ != nullptr, "no address space for exclusive ports");
  }

  // False: somebody holds it.
  bool Take(UnitIndex unit, uint8_t protocol, Be16 port) {
    return (At(unit, protocol, port).fetch_or(Bit(port), std::memory_order_relaxed) & Bit(port)) == 0;
  }
  // By the one who took it.
  void Release(UnitIndex unit, uint8_t protocol, Be16 port) {
    At(unit, protocol, port).fetch_and(~Bit(port), std::memory_order_relaxed);
  }

 private:
  using Word = std::atomic<uint64_t>;
  static constexpr size_t kProtocols = 3, kWords = 65536 / 64;

  static uint64_t Bit(Be16 port) { return uint64_t{1} << (port.host() % 64u); }
  Word& At(UnitIndex unit, uint8_t protocol, Be16 port) {
    const size_t kind = protocol == kProtocolTcp ? 0 : protocol == kProtocolUdp ? 1 : 2;
    return words_.get()[(unit * kProtocols + kind) * kWords + port.host() / 64u];
  }

  struct Free {
    void operator()(Word* words) const { std::free(words); }
  };
  std::unique_ptr<Word, Free> words_;
};

}  // namespace cfr
