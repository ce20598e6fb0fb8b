// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/reassembly.h"

#include <algorithm>

#include "tests/support/dissection.h"

namespace cfr::test {
namespace {

void Put16(Frame* f, size_t at, size_t value) {
  (*f)[at] = static_cast<uint8_t>(value >> 8);
  (*f)[at + 1] = static_cast<uint8_t>(value);
}

// What all fragments of a datagram share, as this side of the relay sends them. The rest of the header is
// the first fragment's (RFC 8200 4.5), and others may differ when settings or the flow changed between them.
bool Agree(const Dissection& a, const Dissection& b) {
  return a.source_mac == b.source_mac && a.destination_mac == b.destination_mac && a.tags == b.tags &&
         a.source == b.source && a.destination == b.destination && a.fragment_id == b.fragment_id;
}

}  // namespace

std::optional<Frame> Join(std::vector<Frame> fragments) {
  struct Piece {
    Frame frame;
    Dissection d;
  };
  std::vector<Piece> pieces;
  for (Frame& frame : fragments) {
    auto d = Dissect(frame);
    if (!d.has_value()) return std::nullopt;
    pieces.push_back({std::move(frame), *d});
  }
  std::sort(pieces.begin(), pieces.end(),
            [](const Piece& a, const Piece& b) { return a.d.fragment_first < b.d.fragment_first; });
  if (pieces.empty()) return std::nullopt;
  const Dissection &first = pieces[0].d, &last = pieces.back().d;
  const size_t ip = 14 + first.tags.size();
  Frame joined = pieces[0].frame;
  joined.resize(ip + first.ip_bytes);  // without padding
  for (size_t i = 1; i < pieces.size(); ++i) {
    const Dissection& d = pieces[i].d;
    if (!Agree(first, d) || !pieces[i - 1].d.more_fragments ||
        d.fragment_first != pieces[i - 1].d.fragment_end)
      return std::nullopt;
    auto from = pieces[i].frame.begin() + static_cast<std::ptrdiff_t>(d.fragment_offset);
    joined.insert(joined.end(), from, from + static_cast<std::ptrdiff_t>(d.fragment_end - d.fragment_first));
  }
  if (first.source.family == Family::kV4) {
    Put16(&joined, ip + 2, joined.size() - ip);
    const unsigned dont = first.ipv4_fragment & 0x4000u;
    Put16(&joined, ip + 6, dont | first.fragment_first / 8 | (last.more_fragments ? 0x2000u : 0u));
    Put16(&joined, ip + 10, 0);
    Put16(&joined, ip + 10, static_cast<uint16_t>(~NaiveSum(&joined[ip], 20)));
  } else if (first.fragment_offset != 0) {
    Put16(&joined, ip + 4, joined.size() - ip - 40);
    Put16(&joined, first.fragment_offset - 6, first.fragment_first | (last.more_fragments ? 1u : 0u));
  }
  return joined;
}

}  // namespace cfr::test
