// SPDX-License-Identifier: BSD-3-Clause
#include "tests/packet/row_icmp.h"

#include <map>
#include <utility>

#include "absl/strings/str_split.h"

namespace cfr::test {
namespace {

constexpr size_t kEthernet = 14;

struct BothFamilies {
  IcmpKind v4, v6;
};
const std::map<std::string, BothFamilies> kKinds = {
    {"host-unreachable", {{3, 1}, {1, 3}}}, {"port-unreachable", {{3, 3}, {1, 4}}},
    {"prohibited", {{3, 13}, {1, 1}}},      {"too-big", {{3, 4}, {2, 0}}},
    {"time-exceeded", {{11, 0}, {3, 0}}},   {"reassembly-time", {{11, 1}, {3, 1}}},
    {"bad-header", {{12, 0}, {4, 0}}}};

uint32_t WordOf(IcmpKind kind, const IcmpErrorFields& fields, Family family) {
  if (family == Family::kV4) return fields.pointer << 24 | fields.length << 16 | fields.mtu;
  if (kind.type == 2) return fields.mtu;
  return kind.type == 4 ? fields.pointer : fields.length << 24;
}

}  // namespace

IcmpKind IcmpKindOf(const std::string& detail, Family family) {
  if (auto found = kKinds.find(detail); found != kKinds.end())
    return family == Family::kV4 ? found->second.v4 : found->second.v6;
  std::pair<std::string, std::string> numbers = absl::StrSplit(detail, absl::MaxSplits('/', 1));
  auto number = [](const std::string& text) {
    return static_cast<uint8_t>(text.empty() ? 0 : std::stoul(text));
  };
  return {number(numbers.first), number(numbers.second)};
}

void SetQuote(IcmpKind kind, const IcmpErrorFields& fields, const Frame& quoted, PacketBuilder* builder) {
  bool v4 = quoted[12] == 8;
  std::vector<uint8_t> body(quoted.begin() + kEthernet, quoted.end());
  if (fields.quote_bytes.has_value()) body.resize(*fields.quote_bytes);
  body.insert(body.end(), fields.objects.begin(), fields.objects.end());
  builder->Icmp(kind.type, kind.code, WordOf(kind, fields, v4 ? Family::kV4 : Family::kV6)).Payload(body);
}

}  // namespace cfr::test
