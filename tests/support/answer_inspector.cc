// SPDX-License-Identifier: BSD-3-Clause
// What must hold for every frame the relay makes itself.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/support/relay_inspector.h"

namespace cfr::test {
namespace {

constexpr size_t kEthernet = 14;

// Where the IP packet begins, behind any tags.
size_t IpAt(const Frame& f) {
  size_t at = kEthernet;
  while ((f[at - 2] == 0x81 && f[at - 1] == 0) || (f[at - 2] == 0x88 && f[at - 1] == 0xa8)) at += 4;
  return at;
}
bool IsV4(const Frame& f) {
  return f[IpAt(f)] >> 4 == 4;
}
Address SourceOf(const Frame& f) {
  return IsV4(f) ? Address::FromV4(&f[IpAt(f) + 12]) : Address::FromV6(&f[IpAt(f) + 8]);
}
Address DestinationOf(const Frame& f) {
  return IsV4(f) ? Address::FromV4(&f[IpAt(f) + 16]) : Address::FromV6(&f[IpAt(f) + 24]);
}
size_t IpBytes(const Frame& f) {
  auto word = [&](size_t at) { return size_t{f[at]} * 256 + f[at + 1]; };
  return IsV4(f) ? word(IpAt(f) + 2) : 40 + word(IpAt(f) + 4);
}

}  // namespace

bool RelayInspector::IsOwn(Side side, const Address& a) const {
  const auto& addresses = config_.port[static_cast<int>(side)].addresses;
  return std::any_of(addresses.begin(), addresses.end(), [&](const Prefix& own) { return own.address == a; });
}

// ARP and neighbour discovery on either side; towards the core of the rest only echo replies and what
// Answered looks at.
void RelayInspector::MadeByRelay(Side side, const Frame& frame) {
  packet_ = absl::StrCat("made for ", Name(side), "\n      ", Describe(frame));
  auto d = Dissect(frame);
  const bool discovery = d.has_value() && d->icmp() && d->source.family == Family::kV6 && d->icmp_type >= 135;
  if (d.has_value()) {
    // An echo reply's is as right as its request's.
    Expect((d->l4_error == 0 || d->echo_reply()) && d->ip_checksum_right, "the relay's checksums are right");
    Expect(IsOwn(side, d->source) || (discovery && InPool(d->source)),
           "the relay speaks from its own address");
  }
  if (side != Side::kCore) return;
  CheckNoSubscriber(frame, frame.size());
  if (d.has_value()) Expect(discovery || d->echo_reply(), "unasked the core hears nothing from the relay");
}

void RelayInspector::Answered(Side side, const Frame& in, const Frame& answer, uint64_t now_ms) {
  packet_ = absl::StrCat("answered on ", Name(side), "\n      in  ", Describe(in), "\n      out ",
                         Describe(answer));
  auto d = Dissect(answer);
  Expect(d.has_value(), "an answer is readable");
  if (!d.has_value()) return;
  Expect(answer.size() == IpAt(answer) + d->ip_bytes, "the frame ends with its IP packet");
  Expect(d->l4_error == 0 && d->ip_checksum_right, "the relay's checksums are right");
  Expect(d->destination == SourceOf(in), "the answer goes to the sender");
  Expect(d->source_mac == port_mac_[static_cast<int>(side)], "its source MAC is the port's");
  Expect(std::equal(d->destination_mac.begin(), d->destination_mac.end(), in.begin() + 6),
         "it goes back to the station the packet came from");
  if (d->protocol == 6)
    CheckReset(side, in, *d);
  else
    CheckOwnError(side, in, *d);
  if (side == Side::kCore) CheckNoSubscriber(answer, answer.size());
  CheckRate(d->destination, now_ms);
}

void RelayInspector::CheckOwnError(Side side, const Frame& in, const Dissection& error) {
  const bool v4 = error.source.family == Family::kV4;
  Expect(IsOwn(side, error.source), "an error comes from the relay's address on that side");
  Expect(error.icmp_error(), "the relay makes ICMP errors and RSTs");
  auto trigger = Dissect(in);
  Expect(!trigger.has_value() || !trigger->icmp_error(), "no error is made about an error");
  const size_t most = v4 ? 576 : 1280;
  Expect(error.ip_bytes <= most, "an error has its largest size");
  const size_t quote = std::min(IpBytes(in), most - (v4 ? 28 : 48));
  Expect(error.payload.size() == quote && std::equal(error.payload.begin(), error.payload.end(),
                                                     in.begin() + static_cast<std::ptrdiff_t>(IpAt(in))),
         "the quote is the packet as it came on that side");
  if (side == Side::kAccess) return;
  const bool expired = error.icmp_type == (v4 ? 11 : 3) && error.icmp_code == 0;
  const bool too_big = error.icmp_type == (v4 ? 3 : 2) && error.icmp_code == (v4 ? 4 : 0);
  Expect(expired || too_big, "the core is told only of expired and too big packets");
  Expect(trigger.has_value() && is_live_({trigger->protocol,
                                          {trigger->destination, trigger->destination_port},
                                          {trigger->source, trigger->source_port}},
                                         std::nullopt),
         "the core is told only about live flows");
}

void RelayInspector::CheckReset(Side side, const Frame& in, const Dissection& reset) {
  auto trigger = Dissect(in);
  Expect(side == Side::kAccess, "no RST is made for the core");
  Expect(trigger.has_value() && trigger->protocol == 6, "a RST answers a segment");
  if (!trigger.has_value()) return;
  Expect(reset.tcp_flags == 4 && (trigger->tcp_flags & 4) == 0, "a RST is no answer to a RST");
  Expect(reset.source == DestinationOf(in) && reset.source_port == trigger->destination_port &&
             reset.destination_port == trigger->source_port,
         "a RST comes from where the segment went");
  Expect(reset.tcp_sequence == trigger->tcp_acknowledgment, "a RST has the number its receiver waits for");
  Expect(reset.payload.empty() && reset.ip_bytes <= IpBytes(in), "a RST is no larger than the segment");
}

// No more within any time than the burst and what the rate gave since.
void RelayInspector::CheckRate(const Address& receiver, uint64_t now_ms) {
  std::vector<uint64_t>& times = answered_at_[receiver];
  times.push_back(now_ms);
  const double rate = static_cast<double>(config_.settings[Setting::kAnswersPerReceiver]) / 1000;
  const auto burst = static_cast<double>(config_.settings[Setting::kAnswersBurst]);
  for (size_t i = 0; i < times.size(); ++i)
    Expect(static_cast<double>(times.size() - i) <= burst + rate * static_cast<double>(now_ms - times[i]) + 1,
           "one receiver gets no more answers than the rate allows");
}

}  // namespace cfr::test
