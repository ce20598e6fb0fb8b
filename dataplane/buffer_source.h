// SPDX-License-Identifier: BSD-3-Clause
// Where the packet core gets room for packets that did not arrive: the port's buffers in a worker, memory
// in tests. Called by one worker only.
#pragma once

#include "dataplane/packet.h"

namespace cfr {

class BufferSource {
 public:
  virtual ~BufferSource() = default;
  // Sets data and buffer: room for a frame of either port's MTU, with kVlanRoomBytes in front of it. False
  // if there is none.
  virtual bool Allocate(Packet* p) = 0;
  // Takes back what was allocated and is not used.
  virtual void Release(const Packet& p) = 0;
  // Bytes from p.data on that may be written, whether it arrived or was allocated.
  virtual uint16_t RoomOf(const Packet& p) const = 0;
};

}  // namespace cfr
