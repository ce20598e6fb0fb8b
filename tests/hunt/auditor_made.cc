// SPDX-License-Identifier: BSD-3-Clause
// What holds for frames the relay makes itself: answers about packets it dropped, and all others.
#include <algorithm>
#include <cstring>

#include "tests/hunt/auditor.h"
#include "tests/hunt/canary_scan.h"
#include "tests/hunt/draft.h"
#include "tests/support/relay.h"

namespace cfr::hunt {
namespace {

constexpr size_t kEthernetHeader = 14;

bool Same(const uint8_t* a, const uint8_t* b, size_t bytes) {
  return std::memcmp(a, b, bytes) == 0;
}

}  // namespace

// In a frame to `destination`, which stands at `at`: an address that was a subscriber's and is no more is a
// remote like any other.
bool Auditor::HoldsSecret(Bytes frame, const uint8_t* at, const Address& destination, const WorldView& view) {
  if (!FindCanary(frame.data(), frame.size())) return false;
  if (view.FindSubscriber(destination) != nullptr) return true;
  test::Frame rest(frame.begin(), frame.end());
  std::fill_n(rest.begin() + (at - frame.data()), destination.bits() / 8, uint8_t{0});
  return FindCanary(rest.data(), rest.size()).has_value();
}

// It goes back to whoever sent the packet and tells nothing but that packet.
void Auditor::Answered(Direction direction, Bytes arrived, Bytes answer, const WorldView& view) {
  Subject s{direction,
            arrived,
            answer,
            &view,
            0,
            ReadFrame(arrived.data(), arrived.size()),
            ReadFrame(answer.data(), answer.size())};
  Made(ArrivalSide(direction), answer, view);
  if (s.in.ip == nullptr || s.out.ip == nullptr) return Violate(s, "an answer is a packet, and to one");
  Expect(s, s.out.end == answer.data() + answer.size(), "an answer ends with its packet");
  Expect(s, (arrived[0] & 1) == 0, "what came by a group MAC is not answered");
  Expect(s, s.out.destination() == s.in.source(), "an answer goes to the sender");
  Expect(s, s.out.family != Family::kV4 || WordSum(s.out.ip, 20) == 0xffff,
         "the IPv4 header checksum is right");
  const uint64_t pseudo = PseudoHeaderSum(s.out.ip, s.out.family, s.out.protocol, s.out.l4_bytes());
  Expect(s, WordSum(s.out.l4, s.out.l4_bytes(), pseudo) == 0xffff, "the checksum of an answer is right");
  if (s.out.protocol == 6) {
    const bool reset =
        s.out.l4_header == s.out.l4_bytes() && s.out.l4[13] == kRst && direction == Direction::kOutbound;
    Expect(s,
           reset && s.out.source() == s.in.destination() && s.out.source_port == s.in.destination_port &&
               s.out.destination_port == s.in.source_port,
           "a RST is what the remote would have sent");
    return;
  }
  const auto quoted = static_cast<size_t>(std::max<ptrdiff_t>(s.out.end - s.out.l4 - 8, 0));
  Expect(s,
         s.out.icmp_error() && quoted <= static_cast<size_t>(s.in.end - s.in.ip) &&
             Same(s.out.l4 + 8, s.in.ip, quoted),
         "an answer quotes the packet as it came");
  Expect(s, !s.in.icmp_error(), "an ICMP error is not answered");
}

void Auditor::Made(Side side, Bytes frame, const WorldView& view) {
  if (frame.size() < kEthernetHeader)
    return findings_.Violation("a made frame has an Ethernet header", frame);
  if (!Same(frame.data() + 6, test::Relay::kPortMac[static_cast<int>(side)].data(), 6))
    findings_.Violation("the source MAC of a made frame is the port's", frame);
  if (side != Side::kCore) return;
  Reading r = ReadFrame(frame.data(), frame.size());
  bool arp = Read16(frame.data() + 12) == 0x0806 && frame.size() >= 42;
  if (r.ip == nullptr && !arp) return findings_.Violation("a made frame is ARP or IP", frame);
  Address speaker = arp ? Address::FromV4(frame.data() + 28) : r.source();
  const uint8_t* target = arp ? frame.data() + 38 : r.destination_bytes();
  if (HoldsSecret(frame, target, arp ? Address::FromV4(target) : r.destination(), view))
    findings_.Leak("a subscriber's address or MAC in a frame the relay made", frame, {});
  bool neighbour = arp || (r.protocol == 58 && r.l4_bytes() > 0 && r.l4[0] >= 133);
  if (!view.IsOwn(speaker) && !(neighbour && view.IsAnswered(speaker)))
    findings_.Violation("the relay speaks on the core side from its own address", frame);
}

}  // namespace cfr::hunt
