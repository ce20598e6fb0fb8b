// SPDX-License-Identifier: BSD-3-Clause
// What one relayed packet must look like, whatever its flow: link, header, transport, ids, secrets.
#include <algorithm>
#include <cstring>

#include "tests/hunt/auditor.h"
#include "tests/hunt/canary_scan.h"
#include "tests/hunt/draft.h"
#include "tests/support/reassembly.h"
#include "tests/support/relay.h"

namespace cfr::hunt {
namespace {

constexpr size_t kEthernet = 14;
constexpr const char* kSameDatagram = "the fragments that left make the datagram that came";
constexpr const char* kSameAddresses = "all fragments of a datagram have the same addresses";

// Congruent sums are equally right (RFC 1624).
uint16_t Congruent(uint16_t sum) {
  return sum == 0xffff ? 0 : sum;
}

// Over the addresses and the first `bytes` of the transport: a translation leaves it as it was.
uint16_t HeaderSum(const Reading& r, size_t bytes) {
  return Congruent(WordSum(r.l4, bytes, PseudoHeaderSum(r.ip, r.family, r.protocol, 0)));
}
bool Same(const uint8_t* a, const uint8_t* b, size_t bytes) {
  return std::memcmp(a, b, bytes) == 0;
}

// Stations, tags, priorities and the cap of the TTL may change between two fragments of a datagram.
test::Frame WithoutLink(Bytes frame) {
  const uint8_t* ip = ReadFrame(frame.data(), frame.size()).ip;
  test::Frame out(ip - kEthernet, frame.data() + frame.size());
  std::fill_n(out.begin(), kEthernet - 2, uint8_t{0});
  out[kEthernet + (*ip >> 4 == 4 ? 8 : 7)] = 0;
  return out;
}

}  // namespace

void Auditor::CheckSecrets(const Subject& s) {
  if (s.outbound() && HoldsSecret(s.departed, s.out.destination_bytes(), s.out.destination(), *s.view))
    findings_.Leak("a subscriber's address or MAC left on the core side", s.arrived, s.departed);
}

void Auditor::CheckLink(const Subject& s) {
  const Side side = DepartureSide(s.direction);
  const uint8_t* frame = s.departed.data();
  Expect(s, ReadTags(s.arrived) == s.view->vlan[static_cast<int>(Opposite(side))],
         "a frame of another attachment is dropped");
  Expect(s, ReadTags(s.departed) == s.view->vlan[static_cast<int>(side)],
         "a frame leaves with its port's tags");
  const size_t tags = 4 * s.view->vlan[static_cast<int>(side)].size();
  Expect(s, s.out.ip == frame + kEthernet + tags && s.out.end == frame + s.departed.size(),
         "a frame leaves as long as its IP packet, without further tags");
  Expect(s, Same(frame + 6, test::Relay::kPortMac[static_cast<int>(side)].data(), 6),
         "the source MAC is the port's");
  // The fake stations', or one that somebody on the link claimed.
  const uint8_t station[] = {2, 0, static_cast<uint8_t>(side), static_cast<uint8_t>(s.out.family), 0xfe};
  uint8_t claimed[6];
  if (side == Side::kCore)
    WriteCoreMac(claimed);
  else
    WriteAccessMac(0, claimed);
  Expect(s, Same(frame, station, 5) || Same(frame, claimed, 3), "the destination MAC is a next hop's");
}

// That together they are the packet is checked when they are joined.
void Auditor::CheckPieces(const Subject& s, const std::vector<Bytes>& pieces) {
  const uint32_t mtu = s.view->mtu[static_cast<int>(DepartureSide(s.direction))];
  const bool may_be_cut = s.in.ip != nullptr && s.in.family == Family::kV4 && (s.in.ip[6] & 0x40) == 0;
  Expect(s, may_be_cut, "only IPv4 without DF is cut");
  for (Bytes piece : pieces) {
    const Reading r = ReadFrame(piece.data(), piece.size());
    if (r.ip == nullptr) return Violate(s, "a piece is readable");
    Expect(s, static_cast<size_t>(r.end - r.ip) <= mtu, "a piece fits its link");
    Expect(s, WordSum(r.ip, 20) == 0xffff, "the IPv4 header checksum of a piece is right");
  }
}

// What can be fragmented leaves under an id of the relay's own, one for all fragments of a datagram.
void Auditor::CheckId(const Subject& s, const std::vector<Bytes>& departed) {
  const bool v4 = s.in.family == Family::kV4;
  const bool atomic = v4 && !s.in.fragment && (s.in.ip[6] & 0x40) != 0;
  if (s.outbound() && !s.in.later && (v4 ? !atomic : s.in.has_fragment_header)) {
    constexpr int kChanceMax = 3;  // equal ones in a row
    equal_ids_ = s.in.fragment_id == s.out.fragment_id ? equal_ids_ + 1 : 0;
    Expect(s, equal_ids_ <= kChanceMax, "a datagram leaves under an id of the relay's own");
  }
  if (s.in.fragment) {
    if (forgetting_allowed_) return;
    std::vector<test::Frame> frames;
    for (Bytes frame : departed) frames.push_back(WithoutLink(frame));
    const auto seen =
        datagrams_.Add(s.direction, WithoutLink(s.arrived), frames, false, s.view->settings, s.now_ms);
    // A TCP flow may be reset and opened again in the middle of a datagram, under another alias.
    const bool may_be_torn = s.in.protocol == 6;
    for (const std::string& sentence : seen.wrong)
      Expect(s, may_be_torn && (sentence == kSameAddresses || sentence == kSameDatagram), sentence.c_str());
  } else if (s.outbound() && (v4 ? !atomic : s.in.has_fragment_header)) {
    auto out = test::Dissect({departed[0].begin(), departed[0].end()});
    const bool fresh = out.has_value() && datagrams_.TakeId(*out, datagrams_.NextNumber(), s.now_ms);
    Expect(s, fresh, "no other datagram has had this id for 120 s");
  }
}

// Nothing but stations and TTL changes.
void Auditor::CheckBypass(const Subject& s) {
  Expect(s, s.view->IsBypassed(s.outbound() ? s.in.destination() : s.in.source()),
         "what leaves untranslated belongs to a bypass");
  if (s.outbound()) EndByNewSyn(s.in);
  const bool v4 = s.in.family == Family::kV4;
  const auto bytes = static_cast<size_t>(s.in.end - s.in.ip);
  const size_t ttl = v4 ? 8 : 7, sum = v4 ? 12 : 8;
  bool same = bytes == static_cast<size_t>(s.out.end - s.out.ip) && Same(s.in.ip, s.out.ip, ttl) &&
              (!v4 || s.in.ip[9] == s.out.ip[9]) && Same(s.in.ip + sum, s.out.ip + sum, bytes - sum);
  Expect(s, same, "a bypassed packet is otherwise untouched");
  Expect(s, s.out.ttl() + 1 == s.in.ttl() && s.out.ttl() > 0, "a bypassed packet loses one of its TTL");
  if (v4) Expect(s, WordSum(s.out.ip, 20) == 0xffff, "the IPv4 header checksum is right");
  if (s.outbound() && FindCanary(s.departed.data(), kEthernet))
    findings_.Leak("a subscriber's MAC left on the core side", s.arrived, s.departed);
}

void Auditor::CheckHeader(const Subject& s) {
  const Settings& settings = s.view->settings;
  const uint8_t *in = s.in.ip, *out = s.out.ip;
  const bool scrubbed = s.outbound();
  uint64_t ttl = s.in.ttl() - 1u;
  Expect(s, s.in.ttl() > 1, "a packet whose TTL is used up is dropped");
  if (scrubbed) ttl = std::min(ttl, settings[Setting::kTtlCap]);
  Expect(s, s.out.ttl() == ttl, "TTL or hop limit is one less, and capped towards the core");
  const bool dscp_cleared = scrubbed && settings[Setting::kScrubDscp] != 0;
  if (s.in.family == Family::kV4) {
    Expect(s, in[0] == 0x45 && out[0] == 0x45, "no IPv4 option passes");
    Expect(s, WordSum(in, 20) == 0xffff, "a wrong IPv4 header checksum is dropped");
    Expect(s, WordSum(out, 20) == 0xffff, "the IPv4 header checksum is right");
    Expect(s, out[1] == (dscp_cleared ? in[1] & 3 : in[1]), "ECN stays, DSCP is cleared towards the core");
    Expect(s, Same(in + 6, out + 6, 2) && (in[6] & 0x80) == 0, "the fragment field stays");
    const bool atomic = (in[6] & 0x40) != 0 && !s.in.fragment;
    if (!scrubbed || (atomic && settings[Setting::kScrubIpv4Id] == 0))
      Expect(s, Same(in + 4, out + 4, 2), "the IPv4 id stays");
    else if (atomic)
      Expect(s, Read16(out + 4) == 0, "an atomic datagram has id 0");
    return;
  }
  const uint32_t before = Read32(in), after = Read32(out);
  Expect(s, (after >> 20 & 0xff) == (dscp_cleared ? before >> 20 & 3 : before >> 20 & 0xff),
         "ECN stays, DSCP is cleared towards the core");
  if (scrubbed && settings[Setting::kScrubFlowLabel] != 0)
    Expect(s, (after & 0xfffff) != 0, "the flow label is not 0");
  else
    Expect(s, (after & 0xfffff) == (before & 0xfffff), "the flow label stays");
}

void Auditor::CheckTransport(const Subject& s) {
  const Reading &in = s.in, &out = s.out;
  if (in.protocol != out.protocol || in.l4_bytes() != out.l4_bytes() || in.l4 - in.ip != out.l4 - out.ip)
    return Violate(s, "protocol, length and headers stay");
  const bool remote_stays =
      s.outbound() ? Same(in.destination_bytes(), out.destination_bytes(), in.family == Family::kV4 ? 4 : 16)
                   : Same(in.source_bytes(), out.source_bytes(), in.family == Family::kV4 ? 4 : 16);
  Expect(s, remote_stays, "the remote's address stays");
  if (in.later) return Expect(s, Same(in.l4, out.l4, in.l4_bytes()), "the payload is byte-identical");
  const size_t header = in.l4_header;
  if (header == 0) return Violate(s, "a packet without its whole transport header is dropped");
  Expect(s, Same(in.l4 + header, out.l4 + header, in.l4_bytes() - header), "the payload is byte-identical");
  bool rest;
  if (in.icmp())
    rest = Same(in.l4, out.l4, 2) && Same(in.l4 + 6, out.l4 + 6, 2);
  else
    rest = s.outbound() ? in.destination_port == out.destination_port : in.source_port == out.source_port;
  if (in.protocol == 17) rest = rest && Same(in.l4 + 4, out.l4 + 4, 2);
  if (in.protocol == 6) rest = rest && Same(in.l4 + 4, out.l4 + 4, 12) && Same(in.l4 + 18, out.l4 + 18, 2);
  Expect(s, rest, "the transport header behind the ports is untouched");
  CheckForm(s);
  const uint16_t udp_before = Read16(in.l4 + 6), udp_after = Read16(out.l4 + 6);
  if (in.protocol == 17 && udp_before == 0) {
    Expect(s, in.family == Family::kV4, "UDP over IPv6 without a checksum is dropped");
    return Expect(s, udp_after == 0, "a UDP checksum of 0 stays 0");
  }
  if (in.protocol == 17) Expect(s, udp_after != 0, "a UDP checksum never becomes 0");
  Expect(s, HeaderSum(in, header) == HeaderSum(out, header),
         "the transport checksum is as right or as wrong as it came");
}

// What no stack sends.
void Auditor::CheckForm(const Subject& s) {
  const Reading& in = s.in;
  if (in.protocol != 6 && in.protocol != 17) return;
  Expect(s, in.source_port != 0 && in.destination_port != 0, "port 0 is nobody's");
  if (in.protocol == 17) {
    size_t stated = Read16(in.l4 + 4);
    Expect(s, stated >= 8 && (in.fragment || stated <= in.l4_bytes()), "an impossible UDP length is dropped");
    return;
  }
  const uint8_t flags = in.l4[13];
  const bool syn = (flags & kSyn) != 0;
  Expect(s, syn ? (flags & (kFin | kRst)) == 0 : (flags & (kAck | kRst)) != 0,
         "impossible TCP flags are dropped");
}

void Auditor::CheckError(const Subject& s) {
  for (const Reading* r : {&s.in, &s.out}) {
    uint64_t pseudo = PseudoHeaderSum(r->ip, r->family, r->protocol, r->l4_bytes());
    Expect(s, WordSum(r->l4, r->l4_bytes(), pseudo) == 0xffff, "the checksum of an ICMP error is right");
  }
  Expect(s, Same(s.in.l4, s.out.l4, 2), "type and code of an ICMP error stay");
  const Reading in = ReadQuoted(s.in), out = ReadQuoted(s.out);
  if (in.ip == nullptr || out.ip == nullptr) return;
  if (in.family == Family::kV4) {
    size_t header = size_t{in.ip[0] & 0xfu} * 4, cut = size_t{out.ip[0] & 0xfu} * 4;
    if (in.ip + header <= in.end && out.ip + cut <= out.end && WordSum(in.ip, header) == 0xffff)
      Expect(s, WordSum(out.ip, cut) == 0xffff, "a quoted IPv4 header checksum stays right");
  }
  const bool summed = (in.protocol == 17 || in.icmp()) && in.l4_bytes() >= 8 &&
                      Read16(in.l4 + ChecksumOffset(in.protocol)) != 0;
  if (summed && out.l4_bytes() >= 8)
    Expect(s, HeaderSum(in, 8) == HeaderSum(out, 8),
           "a quoted transport checksum is as right or as wrong as it came");
}

}  // namespace cfr::hunt
