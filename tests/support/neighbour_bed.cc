// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/neighbour_bed.h"

#include <algorithm>

#include "dataplane/parse.h"

namespace cfr::test {

NeighbourBed::NeighbourBed() {
  for (int s = 0; s < kSides; ++s) std::copy(kPortMac[s].begin(), kPortMac[s].end(), ports[s].mac);
}

const void* NeighbourBed::Take(Side side, const Frame& frame, std::optional<Address> hop) {
  Frame& buffer = buffers_.emplace_back(frame);
  Packet p;
  p.data = buffer.data();
  p.length = static_cast<uint16_t>(buffer.size());
  p.buffer = &buffer;
  Parse(p, ports[static_cast<int>(side)], kDefaultSettings);
  p.hop = hop;
  neighbours.Take(side == Side::kAccess ? Direction::kOutbound : Direction::kInbound, p, now_ms);
  return &buffer;
}

std::shared_ptr<const NextHops> NeighbourBed::Publish() {
  auto hops = neighbours.Hops();
  neighbours.ReturnReady();
  return hops;
}

void NeighbourBed::Wait(uint64_t ms) {
  for (uint64_t end = now_ms + ms; now_ms < end;) {
    now_ms = std::min(end, now_ms + 100);
    neighbours.Tick(now_ms);
  }
}

void NeighbourBed::Send(Side side, std::span<const uint8_t> frame) {
  sent_.push_back({side, Frame(frame.begin(), frame.end())});
}
void NeighbourBed::Return(Direction, void* buffer) {
  returned_.push_back(buffer);
}
void NeighbourBed::Release(void* buffer) {
  released_.push_back(buffer);
}

}  // namespace cfr::test
