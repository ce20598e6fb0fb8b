// SPDX-License-Identifier: BSD-3-Clause
#include "tests/packet/row_packet.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/packet/row_icmp.h"
#include "tests/support/dissection.h"
#include "tests/support/neighbour_messages.h"
#include "tests/support/relay.h"
#include "tests/support/tcp_option_model.h"

namespace cfr::test {
namespace {

constexpr std::string_view kFlagLetters = "FSRPAUEC";
using Bytes = std::vector<uint8_t>;

uint32_t Number(const std::string& text) {
  return static_cast<uint32_t>(std::stoul(text, nullptr, 0));
}
bool IsRelative(const std::string& text) {
  return text[0] == '+' || text[0] == '-';
}

uint8_t Flags(const std::string& letters) {
  uint8_t flags = 0;
  for (char c : letters)
    if (size_t bit = kFlagLetters.find(c); bit != std::string_view::npos)
      flags |= static_cast<uint8_t>(1u << bit);
  return flags;
}

Bytes Hex(const std::string& text) {
  std::string bytes = absl::HexStringToBytes(text);
  return {bytes.begin(), bytes.end()};
}

MacAddress ReadMac(const std::string& text) {
  MacAddress mac{};
  std::vector<std::string> parts = absl::StrSplit(text, ':');
  for (size_t i = 0; i < 6 && i < parts.size(); ++i)
    mac[i] = static_cast<uint8_t>(std::stoul(parts[i], nullptr, 16));
  return mac;
}

// Fields that need more than one assignment are gathered here first.
struct Draft {
  PacketBuilder builder;
  MacAddress source_mac, destination_mac;
  uint32_t sequence = 1000, acknowledgment = 0, dscp = 0, ecn = 0;
  std::map<std::string, std::string> arp;  // hlen, htype, op, sender_mac
  IcmpErrorFields error;
};

using Setter = std::function<void(Draft&, const std::string&)>;

void IntOrBy(const std::string& v, std::optional<int>* by, std::optional<uint16_t>* value) {
  if (IsRelative(v))
    *by = std::stoi(v);
  else
    *value = static_cast<uint16_t>(Number(v));
}
void OffOr(const std::string& v, bool* off, std::optional<uint16_t>* value) {
  if (v == "bad")
    *off = true;
  else
    *value = static_cast<uint16_t>(Number(v));
}

const std::map<std::string, Setter>& Setters() {
  auto u8 = [](const std::string& v) { return static_cast<uint8_t>(Number(v)); };
  auto u16 = [](const std::string& v) { return static_cast<uint16_t>(Number(v)); };
  static const std::map<std::string, Setter> kSetters = {
      {"len", [](Draft& d, auto& v) { d.builder.Payload(Number(v)); }},
      {"payload", [](Draft& d, auto& v) { d.builder.Payload(Hex(v)); }},
      {"ttl", [=](Draft& d, auto& v) { d.builder.Ttl(u8(v)); }},
      {"seq", [](Draft& d, auto& v) { d.sequence = Number(v); }},
      {"ack", [](Draft& d, auto& v) { d.acknowledgment = Number(v); }},
      {"dscp", [](Draft& d, auto& v) { d.dscp = Number(v); }},
      {"ecn", [](Draft& d, auto& v) { d.ecn = Number(v); }},
      {"id", [](Draft& d, auto& v) { d.builder.FragmentId(Number(v)); }},
      {"part",
       [](Draft& d, auto& v) {
         std::pair<std::string, std::string> part = absl::StrSplit(v, absl::MaxSplits('-', 1));
         d.builder.Fragment(Number(part.first),
                            part.second.empty() ? std::nullopt : std::optional<size_t>(Number(part.second)));
       }},
      {"frag", [=](Draft& d, auto& v) { d.builder.Ipv4Fragment(u16(v)); }},
      {"label", [](Draft& d, auto& v) { d.builder.FlowLabel(Number(v)); }},
      {"opt", [](Draft& d, auto& v) { d.builder.Ipv4Options(Hex(v)); }},
      {"ext",
       [=](Draft& d, auto& v) {
         std::pair<std::string, std::string> e = absl::StrSplit(v, absl::MaxSplits(':', 1));
         d.builder.Ipv6Extension(u8(e.first), Hex(e.second));
       }},
      {"reserved", [=](Draft& d, auto& v) { d.builder.TcpReserved(u8(v)); }},
      {"tcpopt", [](Draft& d, auto& v) { d.builder.TcpOptions(Hex(v)); }},
      {"trailer", [](Draft& d, auto& v) { d.builder.Trailer(Number(v)); }},
      {"smac", [](Draft& d, auto& v) { d.source_mac = ReadMac(v); }},
      {"dmac", [](Draft& d, auto& v) { d.destination_mac = ReadMac(v); }},
      {"ethertype", [=](Draft& d, auto& v) { d.builder.Ethertype(u16(v)); }},
      {"ver", [=](Draft& d, auto& v) { d.builder.wrong().ip_version = u8(v); }},
      {"ihl", [=](Draft& d, auto& v) { d.builder.wrong().ip_header_words = u8(v); }},
      {"next", [=](Draft& d, auto& v) { d.builder.wrong().next_header = u8(v); }},
      {"iplen",
       [](Draft& d, auto& v) { IntOrBy(v, &d.builder.wrong().ip_length_by, &d.builder.wrong().ip_length); }},
      {"udplen",
       [](Draft& d, auto& v) {
         IntOrBy(v, &d.builder.wrong().udp_length_by, &d.builder.wrong().udp_length);
       }},
      {"ipsum",
       [](Draft& d, auto& v) {
         OffOr(v, &d.builder.wrong().ip_checksum_off, &d.builder.wrong().ip_checksum);
       }},
      {"l4sum",
       [](Draft& d, auto& v) {
         OffOr(v, &d.builder.wrong().l4_checksum_off, &d.builder.wrong().l4_checksum);
       }},
      {"doff", [=](Draft& d, auto& v) { d.builder.wrong().tcp_offset_words = u8(v); }},
      {"cut", [](Draft& d, auto& v) { d.builder.wrong().frame_bytes = Number(v); }},
      {"mtu", [](Draft& d, auto& v) { d.error.mtu = Number(v); }},
      {"pointer", [](Draft& d, auto& v) { d.error.pointer = Number(v); }},
      {"length", [](Draft& d, auto& v) { d.error.length = Number(v); }},
      {"objects", [](Draft& d, auto& v) { d.error.objects = Hex(v); }},
      {"quote", [](Draft& d, auto& v) { d.error.quote_bytes = Number(v); }},
      {"tags", [](Draft& d, auto& v) { d.builder.Tags(Hex(v)); }},
      {"hlen", [](Draft& d, auto& v) { d.arp["hlen"] = v; }},
      {"htype", [](Draft& d, auto& v) { d.arp["htype"] = v; }},
      {"sender_mac", [](Draft& d, auto& v) { d.arp["sender_mac"] = v; }},
  };
  return kSetters;
}

Frame BuildArp(const PacketText& text, const Draft& d, const Address& from, const Address& to) {
  auto field = [&](const char* name, const char* value) {
    auto found = d.arp.find(name);
    return found == d.arp.end() ? value : found->second;
  };
  Arp arp;
  arp.operation = text.detail == "request" ? Arp::kRequest : text.detail == "reply" ? Arp::kReply : 9;
  arp.sender_mac = d.arp.contains("sender_mac") ? ReadMac(d.arp.at("sender_mac")) : d.source_mac;
  arp.sender = from;
  arp.target = to;
  arp.hardware_type = static_cast<uint8_t>(Number(field("htype", "1")));
  arp.hardware_length = static_cast<uint8_t>(Number(field("hlen", "6")));
  Frame f = arp.Build(d.source_mac, d.destination_mac);
  for (const auto& [key, value] : text.fields) {
    if (key != "tags") continue;
    Bytes tags = Hex(value);
    f.insert(f.begin() + 12, tags.begin(), tags.end());
  }
  for (const auto& [key, value] : text.fields)
    if (key == "cut") f.resize(Number(value));
  return f;
}

// Neighbour solicitation (to the solicited-node group) or advertisement.
void MakeDiscovery(const PacketText& text, const Address& from, const Address& to, Draft* d) {
  bool solicit = text.protocol == "ns";
  d->builder = solicit ? Solicitation(from, to, d->source_mac) : Advertisement(from, to, d->source_mac);
  if (solicit) d->destination_mac = GroupMac(SolicitedNode(to));
}

std::string SetProtocol(const PacketText& text, const Address& from, const Address& to, uint16_t from_port,
                        uint16_t to_port, Draft* d) {
  PacketBuilder& b = d->builder;
  b.From(from, from_port).To(to, to_port);
  if (text.protocol == "udp")
    b.Udp();
  else if (text.protocol == "tcp")
    b.Tcp(Flags(text.detail), d->sequence, d->acknowledgment);
  else if (text.protocol == "echo")
    b.EchoRequest(from_port);
  else if (text.protocol == "reply")
    b.EchoReply(to_port);
  else if (text.protocol == "proto")
    b.Protocol(static_cast<uint8_t>(Number(text.detail)));
  else if (text.protocol == "ns" || text.protocol == "na")
    MakeDiscovery(text, from, to, d);
  else if (text.protocol == "icmp") {
    IcmpKind kind = IcmpKindOf(text.detail, from.family);
    b.Icmp(kind.type, kind.code);
  } else if (text.protocol != "arp") {
    return absl::StrCat("unknown protocol '", text.protocol, "'");
  }
  return "";
}

// "TSVAL/TSECR": the option as nearly every stack lays it out.
std::string SetTimestamps(const std::string& text, const RowNames& names, Draft* d) {
  std::pair<std::string, std::string> words = absl::StrSplit(text, absl::MaxSplits('/', 1));
  auto value = names.FindPort(words.first), echo = names.FindPort(words.second);
  if (!value.has_value() || !echo.has_value()) return absl::StrCat("no two values in ts=", text);
  d->builder.TcpOptions(
      Hex(absl::StrCat("0101080a", absl::Hex(*value, absl::kZeroPad8), absl::Hex(*echo, absl::kZeroPad8))));
  return "";
}

std::string MakeOne(const PacketText& text, const RowNames& names, const Address& from, const Address& to,
                    uint16_t from_port, uint16_t to_port, PacketsIn* in) {
  bool access = text.side == "access";
  Side side = access ? Side::kAccess : Side::kCore;
  Draft draft;
  draft.source_mac = access ? MacAddress{2, 0xac, 0, 0, 0, 0x10} : StationMac(side, from);
  draft.destination_mac = Relay::kPortMac[static_cast<int>(side)];
  for (const auto& [key, value] : text.fields) {  // numbers that the protocol needs come first
    if (key == "seq") draft.sequence = Number(value);
    if (key == "ack") draft.acknowledgment = Number(value);
  }
  std::string error = SetProtocol(text, from, to, from_port, to_port, &draft);
  if (!error.empty()) return error;
  for (const auto& [key, value] : text.fields) {
    if (key == "nic")
      in->nic_bad = value == "bad";
    else if (key == "worker")
      in->worker = static_cast<int>(Number(value));
    else if (key == "ts")
      error = SetTimestamps(value, names, &draft);
    else if (auto setter = Setters().find(key); setter != Setters().end())
      setter->second(draft, value);
    else
      return absl::StrCat("unknown field '", key, "'");
    if (!error.empty()) return error;
  }
  if (!text.quoted.empty()) {
    PacketsIn quoted = MakePackets(text.quoted[0], names);
    if (!quoted.error.empty()) return quoted.error;
    SetQuote(IcmpKindOf(text.detail, from.family), draft.error, quoted.frames[0], &draft.builder);
  }
  draft.builder.TrafficClass(static_cast<uint8_t>(draft.dscp << 2 | draft.ecn));
  draft.builder.Stations(draft.source_mac, draft.destination_mac);
  in->frames.push_back(text.protocol == "arp" ? BuildArp(text, draft, from, to) : draft.builder.Build());
  return "";
}

// "5000-5063" or one port in any other notation.
bool PortsOf(const std::string& text, const RowNames& names, std::vector<uint16_t>* ports) {
  std::pair<std::string, std::string> range = absl::StrSplit(text, absl::MaxSplits('-', 1));
  auto first = names.FindPort(range.first);
  auto last = range.second.empty() ? first : names.FindPort(range.second);
  if (!first.has_value() || !last.has_value()) return false;
  for (uint32_t p = *first; p <= *last; ++p) ports->push_back(static_cast<uint16_t>(p));
  return !ports->empty();
}

std::string Difference(const std::string& key, uint32_t is, uint32_t wanted) {
  return is == wanted ? "" : absl::StrCat(key, " is ", is, ", not ", wanted);
}

std::string CompareField(const std::string& key, const std::string& value, const Dissection& d,
                         RowNames* names) {
  if (key == "id" && std::isalpha(static_cast<unsigned char>(value[0])))
    return names->FitsPort(value, d.fragment_id) ? "" : absl::StrCat("id is not ", value);
  if (key == "part") {
    std::string end = d.more_fragments ? absl::StrCat(d.fragment_end) : "";
    std::string part = d.fragment ? absl::StrCat(d.fragment_first, "-", end) : "whole";
    return part == value ? "" : absl::StrCat("part is ", part, ", not ", value);
  }
  if (key == "tags") return Hex(value) == d.tags ? "" : "tags are not " + value;
  if (key == "tcpopt")
    return d.tcp_options == Hex(value) ? "" : absl::StrCat("the TCP options are not ", value);
  if (key == "tsval" || key == "tsecr") {
    auto seen = TimestampsOf(d.tcp_options);
    bool fits = seen.has_value() && names->FitsPort(value, key == "tsval" ? seen->value : seen->echo);
    return fits ? "" : absl::StrCat(key, " is not ", value);
  }
  if (key == "l4sum" && value == "right")
    return Difference("distance of the checksum from right", d.l4_error, 0);
  if (key == "l4sum" && value == "bad") return d.l4_error != 0 ? "" : "the transport checksum is right";
  if (key == "ipsum")
    return (value == "right") == d.ip_checksum_right ? "" : "the IPv4 header checksum is not " + value;
  bool v4 = d.source.family == Family::kV4;
  const std::map<std::string, uint32_t> fields = {
      {"mtu", v4 ? d.icmp_word & 0xffff : d.icmp_word},
      {"pointer", v4 ? d.icmp_word >> 24 : d.icmp_word},
      {"length", v4 ? d.icmp_word >> 16 & 0xff : d.icmp_word >> 24},
      {"ttl", d.ttl},
      {"len", static_cast<uint32_t>(d.payload.size())},
      {"seq", d.tcp_sequence},
      {"ack", d.tcp_acknowledgment},
      {"dscp", d.traffic_class >> 2u},
      {"ecn", d.traffic_class & 3u},
      {"id", d.fragment_id},
      {"frag", d.ipv4_fragment},
      {"label", d.flow_label},
      {"l4sum", d.l4_checksum}};
  auto found = fields.find(key);
  return found == fields.end() ? absl::StrCat("unknown field '", key, "'")
                               : Difference(key, found->second, Number(value));
}

std::string CompareProtocol(const PacketText& e, const Dissection& d) {
  if (d.later_fragment() && !e.protocol.empty()) return "is a later fragment";
  bool fits = e.protocol.empty() || (e.protocol == "udp" && d.protocol == 17) ||
              (e.protocol == "tcp" && d.protocol == 6) || (e.protocol == "echo" && d.echo_request()) ||
              (e.protocol == "reply" && d.echo_reply()) || (e.protocol == "icmp" && d.icmp());
  if (!fits) return absl::StrCat("is no ", e.protocol);
  if (e.protocol == "icmp") {
    IcmpKind kind = IcmpKindOf(e.detail, d.source.family);
    std::string wrong = Difference("ICMP type", d.icmp_type, kind.type);
    return wrong.empty() ? Difference("ICMP code", d.icmp_code, kind.code) : wrong;
  }
  return e.protocol == "tcp" && !e.detail.empty() ? Difference("flags", d.tcp_flags, Flags(e.detail)) : "";
}

std::string Compare(const PacketText& expected, const Dissection& d, RowNames* names) {
  if (!names->Fits(expected.from.name, d.source)) return absl::StrCat("source is not ", expected.from.name);
  if (!names->Fits(expected.to.name, d.destination))
    return absl::StrCat("destination is not ", expected.to.name);
  if (!names->FitsPort(expected.from.port, d.source_port))
    return absl::StrCat("source port is not ", expected.from.port);
  if (!names->FitsPort(expected.to.port, d.destination_port))
    return absl::StrCat("destination port is not ", expected.to.port);
  if (std::string wrong = CompareProtocol(expected, d); !wrong.empty()) return wrong;
  for (const auto& [key, value] : expected.fields)
    if (std::string wrong = CompareField(key, value, d, names); !wrong.empty()) return wrong;
  if (expected.quoted.empty()) return "";
  auto quoted = DissectQuoted(d);
  if (!quoted.has_value()) return "quotes nothing readable";
  std::string wrong = Compare(expected.quoted[0], *quoted, names);
  return wrong.empty() ? "" : absl::StrCat("of the quoted packet: ", wrong);
}

}  // namespace

PacketsIn MakePackets(const PacketText& text, const RowNames& names) {
  PacketsIn in;
  std::vector<uint16_t> from_ports, to_ports;
  if (!PortsOf(text.from.port, names, &from_ports) || !PortsOf(text.to.port, names, &to_ports)) {
    in.error = "a port is neither a number nor bound by an earlier step";
    return in;
  }
  for (int f = text.from.plus_first; f <= text.from.plus_last; ++f)
    for (int t = text.to.plus_first; t <= text.to.plus_last; ++t) {
      auto from = names.FindAddress(text.from.name, f), to = names.FindAddress(text.to.name, t);
      if (!from.has_value() || !to.has_value()) {
        in.error = "an address is neither known nor bound by an earlier step";
        return in;
      }
      for (uint16_t from_port : from_ports)
        for (uint16_t to_port : to_ports)
          if (in.error.empty()) in.error = MakeOne(text, names, *from, *to, from_port, to_port, &in);
    }
  return in;
}

std::string CompareOut(const PacketText& expected, const Frame& frame, RowNames* names) {
  auto d = Dissect(frame);
  if (!d.has_value()) return "is not readable";
  return Compare(expected, *d, names);
}

}  // namespace cfr::test
