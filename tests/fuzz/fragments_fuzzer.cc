// SPDX-License-Identifier: BSD-3-Clause
// Pieces of datagrams in any order, size and overlap, a few datagrams and conversations at once, with time
// between them. Whatever is held, joined or dropped: the auditor's rules hold and nothing stays behind.
//
//   input: steps of four bytes: what, conversation and datagram, offset, length
#include "tests/fuzz/fuzz_relay.h"

namespace cfr::fuzz {
namespace {

constexpr int kStepsMax = 96;

void Step(FuzzRelay& relay, Input& input) {
  const uint8_t what = input.Take8(), which = input.Take8();
  if (what % 8 == 7) return relay.Wait(which % 4 * 700);
  if (what % 8 == 6) return relay.Open(which);
  FuzzRelay::Piece piece;
  piece.outbound = (what & 1) != 0;
  piece.conversation = which % 4;
  piece.datagram = which / 4 % 4;
  piece.more = (what & 16) != 0;
  piece.offset_units = input.Take8();
  piece.bytes = input.Take8() * (what >= 128 ? 8u : 1u);
  if ((what & 32) != 0) piece.offset_units = 8192 - piece.offset_units;  // towards the end of any datagram
  relay.Send(piece);
}

}  // namespace
}  // namespace cfr::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  using namespace cfr::fuzz;
  Input input(data, bytes);
  FuzzRelay relay;
  for (int n = 0; n < kStepsMax && !input.empty(); ++n) Step(relay, input);
  relay.Finish();
  return 0;
}
