// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/datagrams.h"

#include "tests/support/reassembly.h"

namespace cfr::test {
namespace {

constexpr uint64_t kDatagramLifeMs = 120'000;  // RFC 6864: no id twice within it

bool Overlap(const Dissection& a, const Dissection& b) {
  return a.fragment_first < b.fragment_end && b.fragment_first < a.fragment_end;
}

bool IsWhole(const Frame& joined) {
  auto d = Dissect(joined);
  return d.has_value() && !d->fragment;
}

}  // namespace

Datagrams::Key Datagrams::KeyOf(Direction direction, const Dissection& d) {
  const bool v6 = d.source.family == Family::kV6;
  return {direction, d.source, d.destination, v6 ? uint8_t{0} : d.protocol, d.fragment_id};
}

Datagrams::Seen Datagrams::Add(Direction direction, const Frame& in, const std::vector<Frame>& outs,
                               bool bypassed, const Settings& settings, uint64_t now_ms) {
  Seen seen;
  auto in_d = Dissect(in), out_d = Dissect(outs[0]);
  auto [entry, fresh] = datagrams_.try_emplace(KeyOf(direction, *in_d));
  Datagram& datagram = entry->second;
  const uint64_t age_ms = now_ms - datagram.since_ms;
  const bool over = age_ms >= settings[Setting::kTimerFragMap] * 1000 ||
                    (datagram.whole && age_ms >= settings[Setting::kTimerFragHold] * 1000);
  if (fresh || over) datagram = {{}, {}, now_ms, NextNumber()};
  if (datagram.whole) seen.wrong.push_back("no fragment passes twice");
  for (const Frame& other : datagram.in)
    if (Overlap(*Dissect(other), *in_d)) seen.wrong.push_back("no two fragments that pass overlap");
  if (!datagram.out.empty()) {
    auto other = Dissect(datagram.out[0]);
    if (other->fragment_id != out_d->fragment_id)
      seen.wrong.push_back("one id for all fragments of a datagram");
    if (other->source != out_d->source || other->destination != out_d->destination)
      seen.wrong.push_back("all fragments of a datagram have the same addresses");
  }
  if (direction == Direction::kOutbound && !bypassed && !TakeId(*out_d, datagram.number, now_ms))
    seen.wrong.push_back("no other datagram has had this id for 120 s");
  datagram.in.push_back(in);
  datagram.out.insert(datagram.out.end(), outs.begin(), outs.end());
  auto joined_in = Join(datagram.in);
  if (!joined_in.has_value() || !IsWhole(*joined_in)) return seen;
  auto joined_out = Join(datagram.out);
  if (!joined_out.has_value() || !IsWhole(*joined_out))
    seen.wrong.push_back("the fragments that left make the datagram that came");
  else
    seen.whole = {*joined_in, *joined_out};
  datagram.whole = true;
  return seen;
}

bool Datagrams::TakeId(const Dissection& out, uint64_t number, uint64_t now_ms) {
  auto [entry, fresh] = ids_.try_emplace(KeyOf(Direction::kOutbound, out), Taken{number, now_ms});
  const bool ours =
      fresh || entry->second.number == number || now_ms - entry->second.at_ms >= kDatagramLifeMs;
  entry->second = {number, now_ms};
  return ours;
}

}  // namespace cfr::test
