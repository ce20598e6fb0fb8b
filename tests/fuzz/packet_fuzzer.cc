// SPDX-License-Identifier: BSD-3-Clause
// One frame of any bytes, on either side of a relay that has a few flows. Nothing about it may be wrong.
//
//   input: one byte of choices, then the frame. The choices put right what a random frame never has: its
//   station, its header checksum, and inbound the alias of a live flow.
#include "tests/fuzz/fuzz_relay.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  using namespace cfr;
  // Frames open flows of their own; a fresh relay now and then keeps inputs apart.
  static std::optional<fuzz::FuzzRelay> relay;
  static uint32_t frames = 0;
  if (frames++ % 1024 == 0) relay.emplace();
  fuzz::Input input(data, bytes);
  const uint8_t choices = input.Take8();
  relay->Send(choices, input.TakeRest());
  return 0;
}
