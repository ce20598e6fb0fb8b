// SPDX-License-Identifier: BSD-3-Clause
// Fragments: datagrams in pieces, in and out of order, overlapping, tiny, too long, and pieces without any
// datagram. All but the first to be sent wait in a queue and go out between other packets.
#include <algorithm>

#include "tests/hunt/traffic.h"

namespace cfr::hunt {
namespace {

constexpr uint16_t kMore = 0x2000;
constexpr size_t kPiecesMax = 24;

// In the order they are sent: mostly as cut, else reversed or shuffled; some twice, overlapping, missing, too
// short for their place or beyond the end of any datagram.
std::vector<Piece> Cut(size_t total, Random& random) {
  std::vector<Piece> pieces;
  const size_t step = 8 * size_t{total > 1000 ? random.Between(60, 180) : random.Between(1, 12)};
  for (size_t at = 0; at < total && pieces.size() < kPiecesMax; at += step)
    pieces.push_back({at, std::min(step, total - at), at + step < total});
  if (random.OneIn(4)) std::reverse(pieces.begin(), pieces.end());
  if (random.OneIn(4))
    for (size_t i = pieces.size(); i > 1; --i)
      std::swap(pieces[i - 1], pieces[random.Below(static_cast<uint32_t>(i))]);
  const auto count = static_cast<uint32_t>(pieces.size());
  switch (random.Below(8)) {
    case 0:
      pieces.push_back(pieces[random.Below(count)]);
      break;
    case 1:
      pieces.push_back({8 * size_t{random.Below(static_cast<uint32_t>(total / 8))}, 16, true});
      break;
    case 2:
      pieces.erase(pieces.begin() + random.Below(count));
      break;
    case 3:
      pieces.back().bytes = std::max<size_t>(pieces.back().bytes - 1, 1);
      break;
    case 4:
      pieces.push_back({65528, 64, false});
      break;
    default:
      break;
  }
  return pieces;
}

}  // namespace

// One piece as a frame; `payload` is the datagram's, `total` bytes.
Draft Traffic::WritePiece(const Tuple& t, IpFields f, uint32_t id, const Piece& p, const uint8_t* payload,
                          size_t total) {
  f.id = static_cast<uint16_t>(id);
  f.fragment = static_cast<uint16_t>(p.offset / 8 | (p.more ? kMore : 0));
  Draft d = Begin(t.family);
  d.Ip(f);
  if (t.family == Family::kV6) {
    uint8_t body[7] = {};
    Write16(body + 1, static_cast<uint32_t>(p.offset | (p.more ? 1 : 0)));
    Write32(body + 3, id);
    d.Extension(44, body, sizeof body);
  }
  const size_t from = std::min(p.offset, total - 1);
  d.Opaque().Bytes(payload + from, std::min(p.bytes, total - from)).Lengths().SumIp();
  return d;
}

// Not seen for 64,000 datagrams; the last of each 64 is left to what is no train of fragments.
uint32_t Traffic::FragmentId() {
  const uint32_t serial = ++fragment_serial_;
  return serial % 1024 * 64 + serial / 1024 % 63;
}

void Traffic::Fragments() {
  const Tuple t = Pick(shot_->side == Side::kCore);
  uint8_t whole[4096];
  Draft w(whole);
  Write(w, t, random_.Between(24, random_.OneIn(8) ? 3000 : 400));
  const auto total = static_cast<size_t>(w.end() - w.l4());
  const uint32_t id = FragmentId();
  const IpFields f = Fields(t);
  const std::vector<Piece> pieces = Cut(total, random_);
  for (size_t i = 1; i < pieces.size(); ++i) {
    Draft d = WritePiece(t, f, id, pieces[i], w.l4(), total);
    Queue(d.start(), d.length(), shot_->conversation);
  }
  shot_->ordinary = shot_->opens = false;
  if (pieces.empty()) return;
  Finish(WritePiece(t, f, id, pieces[0], w.l4(), total));
}

// Pieces that belong to nothing: alone, atomic, tiny, beyond the end, behind a chain.
void Traffic::LoneFragment() {
  const Tuple t = Pick(random_.OneIn(2));
  uint8_t whole[512];
  Draft w(whole);
  Write(w, t, random_.Below(200));
  const auto total = static_cast<size_t>(w.end() - w.l4());
  const IpFields f = Fields(t);
  const uint32_t id = FragmentId() | 0x3f;  // of no conversation
  Piece p{0, total, false};
  switch (random_.Below(6)) {
    case 0:
      break;  // atomic
    case 1:
      p = {0, random_.Below(24), true};
      break;
    case 2:
      p = {8, total, random_.OneIn(2)};
      break;
    case 3:
      p = {8 * size_t{random_.Below(8192)}, 1 + random_.Below(64), random_.OneIn(2)};
      break;
    case 4:
      p = {65528, total, random_.OneIn(2)};
      break;
    default:
      p = {0, total, true};
  }
  Draft d = WritePiece(t, f, id, p, w.l4(), total);
  if (random_.OneIn(8))
    d.ip()[random_.Below(t.family == Family::kV4 ? 10 : 48)] ^= static_cast<uint8_t>(1u << random_.Below(8));
  if (random_.OneIn(8)) d.End(d.end() - random_.Below(static_cast<uint32_t>(d.end() - d.ip())));
  d.SumIp();
  shot_->ordinary = shot_->opens = false;
  shot_->conversation = -1;
  Finish(d);
}

}  // namespace cfr::hunt
