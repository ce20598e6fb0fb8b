// SPDX-License-Identifier: BSD-3-Clause
// What must hold for every ICMP error that is relayed, its quoted packet included.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/support/relay_inspector.h"

namespace cfr::test {
namespace {

using Bytes = std::vector<uint8_t>;

size_t ChecksumAt(const Dissection& quoted) {
  return quoted.l4_offset + (quoted.protocol == 6 ? 16 : quoted.protocol == 17 ? 6 : 2);
}

void Copy(const Bytes& from, size_t at, size_t bytes, Bytes* to) {
  for (size_t i = at; i < at + bytes && i < from.size() && i < to->size(); ++i) (*to)[i] = from[i];
}

// One's complement sum of what the translation of a quote may change, for its transport checksum: the
// same before and after, whether the packet is quoted whole or not.
uint16_t TransportResidue(const Dissection& quoted, const Bytes& bytes) {
  uint16_t sum = quoted.protocol == 1 ? 0 : PseudoSum(quoted.source, quoted.destination, quoted.protocol, 0);
  size_t ports = quoted.l4_offset + (quoted.icmp() ? 4 : 0);
  sum = NaiveSum(&bytes[ports], quoted.icmp() ? 2 : 4, sum);
  return NaiveSum(&bytes[ChecksumAt(quoted)], 2, sum) % 0xffff;
}

}  // namespace

void RelayInspector::CheckIcmpError(Direction direction, const Dissection& in, const Dissection& out) {
  Expect(in.l4_error == 0, "an ICMP error with a wrong checksum is dropped");
  Expect(out.l4_error == 0, "the ICMP checksum is right");
  Expect(out.ip_checksum_right, "the IPv4 header checksum is right");
  Expect(in.icmp_type == out.icmp_type && in.icmp_code == out.icmp_code, "type and code stay");
  Expect(in.ipv4_fragment == out.ipv4_fragment, "the fragment field stays");
  if (direction == Direction::kInbound) {
    Expect(in.source == out.source, "the error's source stays");
    Expect(in.icmp_word == out.icmp_word, "MTU, pointer and length stay");
    Expect(in.payload.size() == out.payload.size(), "the quote and what follows it keep their length");
  } else {
    Expect(in.destination == out.destination, "the error's destination stays");
    CheckErrorStripped(in, out);
  }
  CheckQuote(direction, in, out);
}

// Outbound: no objects, no length, and no more of the quoted packet than finds a flow.
void RelayInspector::CheckErrorStripped(const Dissection& in, const Dissection& out) {
  uint32_t meaning = 0;
  if (in.source.family == Family::kV4)
    meaning = in.icmp_type == 12 ? 0xff000000 : in.icmp_code == 4 ? 0xffff : 0;
  else if (in.icmp_type == 2 || in.icmp_type == 4)
    meaning = 0xffffffff;
  Expect(out.icmp_word == (in.icmp_word & meaning), "only MTU or pointer is left of the error's own word");
  Expect(out.payload.size() <= in.payload.size(), "an outbound error never grows");
  auto quoted = DissectQuoted(out);
  if (!quoted.has_value()) return;
  size_t most = std::max<size_t>(128, quoted->l4_offset + 8);
  if (quoted->protocol == 6) most = quoted->l4_offset + 8;
  Expect(out.payload.size() <= most, "an outbound error quotes little");
}

// The end of the quoted packet that is ours is the flow's other name; every other byte is as it came.
void RelayInspector::CheckQuote(Direction direction, const Dissection& in, const Dissection& out) {
  auto before = DissectQuoted(in), after = DissectQuoted(out);
  Expect(before.has_value() && after.has_value(), "the quoted packet is readable");
  if (!before.has_value() || !after.has_value()) return;
  const bool outbound = direction == Direction::kOutbound;
  Endpoint source{before->source, before->source_port},
      destination{before->destination, before->destination_port};
  Endpoint shown{after->source, after->source_port};
  if (outbound) {
    shown = {after->destination, after->destination_port};
    auto flow = aliases_.find({before->protocol, destination, source});
    Expect(flow != aliases_.end() && flow->second.endpoint == shown,
           "the quoted destination is the flow's alias");
    Expect(out.source == shown.address, "the error comes from the flow's alias");
  } else {
    auto flow = subscribers_of_.find({before->protocol, source, destination});
    Expect(flow != subscribers_of_.end() && flow->second == shown,
           "the quoted source is the subscriber of the flow");
    Expect(out.destination == shown.address, "the error reaches the subscriber of the flow");
  }
  const bool v4 = in.source.family == Family::kV4;
  const size_t address = v4 ? 4 : 16, l4 = before->l4_offset,
               address_at = (v4 ? 12 : 8) + (outbound ? address : 0);
  Bytes expected = in.payload;
  expected.resize(out.payload.size());
  Copy(out.payload, address_at, address, &expected);
  Copy(out.payload, l4 + (before->icmp() ? 4 : outbound ? 2 : 0), 2, &expected);
  if (v4) Copy(out.payload, 10, 2, &expected);
  Copy(out.payload, ChecksumAt(*before), 2, &expected);
  Expect(expected == out.payload, "nothing else of the quoted packet changes");
  if (v4)
    Expect(NaiveSum(in.payload.data(), l4) % 0xffff == NaiveSum(out.payload.data(), l4) % 0xffff,
           "the quoted header checksum is as right or as wrong as it came");
  if (ChecksumAt(*before) + 2 > out.payload.size()) return;
  if (before->l4_checksum == 0)
    Expect(after->l4_checksum == 0, "a quoted transport checksum of 0 stays 0");
  else
    Expect(TransportResidue(*before, in.payload) == TransportResidue(*after, out.payload),
           "the quoted transport checksum is as right or as wrong as it came");
}

}  // namespace cfr::test
