// SPDX-License-Identifier: BSD-3-Clause
#include "common/config_reader.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <set>
#include <sstream>
#include <toml.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/toml_guard.h"

namespace cfr {
namespace {

using Value = toml::value;
using Table = toml::table;

std::string View(std::string_view s) { return std::string(s); }

Place PlaceOf(const Value& v) {
  auto where = v.location();
  return {static_cast<int>(where.line()), static_cast<int>(where.column())};
}

const char* TypeName(const Value& v) {
  switch (v.type()) {
    case toml::value_t::boolean: return "true or false";
    case toml::value_t::integer: return "an integer";
    case toml::value_t::floating: return "a number with a fraction";
    case toml::value_t::string: return "a string";
    case toml::value_t::array: return "an array";
    case toml::value_t::table: return "a table";
    default: return "a date or time";
  }
}

// Well-known names of what the relay refuses by design (draft R3); the reason is the answer.
const std::map<std::string, const char*>& RefusedKeys() {
  static const std::map<std::string, const char*> kRefused = {
      {"deterministic", "an alias computed from the subscriber is a lasting identifier"},
      {"paired", "an alias paired for ever with a subscriber is a lasting identifier"},
      {"static", "a one-to-one mapping is a lasting identifier"},
      {"nptv6", "a one-to-one prefix mapping keeps the subscriber's subnet and interface bits"},
      {"port_block", "ports of a block belong to one subscriber and name it"},
      {"port_block_size", "ports of a block belong to one subscriber and name it"},
      {"preserve_port", "a copied source port identifies the host"},
      {"endpoint_independent", "one mapping for all remotes lets remotes compare notes"}};
  return kRefused;
}

class Reader {
 public:
  ReadResult result;

  void Root(const Value& root) {
    Keys(root, "", {"node", "dataplane", "port", "timers", "limits", "alias", "assignment", "scrub", "subscribers",
                    "pool", "bypass"});
    Node(root);
    Ports(root);
    PlainSettings(root);
    EgressAllowed(root);
    Each(root, "subscribers", [this](const Value& v) { Subscribers(v); });
    Each(root, "pool", [this](const Value& v) { Pool(v); });
    Each(root, "bypass", [this](const Value& v) { Bypass(v); });
  }

 private:
  void Error(Place place, std::string message, std::string hint = "") {
    result.errors.push_back({place.line, place.column, std::move(message), std::move(hint)});
  }

  // Complains about every key of a table that is not one of `known`.
  void Keys(const Value& table, const std::string& path, const std::vector<std::string>& known) {
    for (const auto& [key, value] : table.as_table()) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      std::string name = path.empty() ? key : path + "." + key;
      if (auto refused = RefusedKeys().find(key); refused != RefusedKeys().end()) {
        Error(PlaceOf(value), absl::StrCat("'", name, "' is refused: ", refused->second));
        continue;
      }
      std::string nearest = Nearest(key, known);
      Error(PlaceOf(value), absl::StrCat("unknown key '", name, "'"),
            nearest.empty() ? absl::StrCat("known here: ", absl::StrJoin(known, ", "))
                            : absl::StrCat("did you mean '", nearest, "'?"));
    }
  }

  const Value* Get(const Value& table, const std::string& key) {
    const auto& entries = table.as_table();
    auto found = entries.find(key);
    return found == entries.end() ? nullptr : &found->second;
  }
  const Value* TableAt(const Value& parent, const std::string& key) {
    const Value* v = Get(parent, key);
    if (v == nullptr || v->is_table()) return v;
    Error(PlaceOf(*v), absl::StrCat("'", key, "' must be a table, written [", key, "]"));
    return nullptr;
  }
  void Each(const Value& root, const std::string& key, const std::function<void(const Value&)>& read) {
    const Value* v = Get(root, key);
    if (v == nullptr) return;
    if (!v->is_array()) return Error(PlaceOf(*v), absl::StrCat("'", key, "' is a list; write [[", key, "]]"));
    for (const Value& item : v->as_array()) {
      if (item.is_table()) read(item);
      else Error(PlaceOf(item), absl::StrCat("'", key, "' is a list of tables; write [[", key, "]]"));
    }
  }
  const Value* Require(const Value& table, const std::string& path, const std::string& key) {
    const Value* v = Get(table, key);
    if (v == nullptr) Error(PlaceOf(table), absl::StrCat("'", path, ".", key, "' is missing"));
    return v;
  }

  bool String(const Value& v, const std::string& name, std::string* out) {
    if (!v.is_string()) {
      Error(PlaceOf(v), absl::StrCat("'", name, "' must be a string, not ", TypeName(v)), "put it in quotes");
      return false;
    }
    *out = v.as_string().str;
    if (!out->empty() && out->size() <= 128) return true;
    Error(PlaceOf(v), absl::StrCat("'", name, "' must have 1 to 128 characters"));
    return false;
  }
  // A name that appears in output and metrics.
  bool Name(const Value& v, const std::string& name, std::string* out) {
    if (!String(v, name, out)) return false;
    bool plain = std::all_of(out->begin(), out->end(),
                             [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_' || c == '.'; });
    if (!plain) Error(PlaceOf(v), absl::StrCat("'", name, "' may hold letters, digits, '-', '_' and '.' only"));
    return plain;
  }
  bool Integer(const Value& v, const std::string& name, uint64_t min, uint64_t max, uint64_t* out) {
    if (!v.is_integer()) {
      Error(PlaceOf(v), absl::StrCat("'", name, "' must be an integer, not ", TypeName(v)));
      return false;
    }
    auto n = v.as_integer();
    if (n < 0 || static_cast<uint64_t>(n) < min || static_cast<uint64_t>(n) > max) {
      Error(PlaceOf(v), absl::StrCat("'", name, "' is ", n, "; allowed: ", min, " to ", max));
      return false;
    }
    *out = static_cast<uint64_t>(n);
    return true;
  }
  bool Bool(const Value& v, const std::string& name, bool* out) {
    if (v.is_boolean()) return *out = v.as_boolean(), true;
    Error(PlaceOf(v), absl::StrCat("'", name, "' must be true or false, not ", TypeName(v)));
    return false;
  }
  bool ReadAddress(const Value& v, const std::string& name, Address* out) {
    std::string text;
    if (!String(v, name, &text)) return false;
    auto address = ParseAddress(text);
    if (address.has_value()) return *out = *address, true;
    Error(PlaceOf(v), absl::StrCat("'", text, "' is no IP address"));
    return false;
  }
  bool ReadPrefixText(const Value& v, const std::string& name, bool host_bits, Prefix* out) {
    std::string text;
    if (!String(v, name, &text)) return false;
    auto prefix = ParsePrefix(text);
    if (!prefix.has_value()) {
      Error(PlaceOf(v), absl::StrCat("'", text, "' is no prefix"), "write ADDRESS/LENGTH, like \"192.0.2.0/24\"");
      return false;
    }
    if (!host_bits && prefix->HasHostBits()) {
      Prefix masked{Masked(prefix->address, prefix->length), prefix->length};
      Error(PlaceOf(v), absl::StrCat("'", text, "' has host bits set"), absl::StrCat("write \"", Format(masked), "\""));
      return false;
    }
    *out = *prefix;
    return true;
  }
  void Prefixes(const Value& v, const std::string& name, bool host_bits, std::vector<Prefix>* out,
                std::vector<Place>* places) {
    if (!v.is_array())
      return Error(PlaceOf(v), absl::StrCat("'", name, "' must be an array of strings, not ", TypeName(v)));
    for (const Value& item : v.as_array()) {
      Prefix prefix;
      if (!ReadPrefixText(item, name, host_bits, &prefix)) continue;
      out->push_back(prefix);
      if (places != nullptr) places->push_back(PlaceOf(item));
    }
  }

  void Node(const Value& root) {
    const Value* node = Get(root, "node");
    if (node == nullptr) return Error({1, 1}, "the table [node] is missing", "[node] with name and regions");
    if (TableAt(root, "node") == nullptr) return;
    Keys(*node, "node", {"name", "regions"});
    if (const Value* v = Require(*node, "node", "name")) Name(*v, "node.name", &result.config.node_name);
    const Value* regions = Require(*node, "node", "regions");
    if (regions == nullptr) return;
    if (!regions->is_array() || regions->as_array().empty())
      return Error(PlaceOf(*regions), "'node.regions' must be an array of region codes", "regions = [\"IT-25\"]");
    for (const Value& item : regions->as_array()) {
      std::string code;
      if (!Name(item, "node.regions", &code)) continue;
      auto& known = result.config.regions;
      if (std::find(known.begin(), known.end(), code) != known.end())
        Error(PlaceOf(item), absl::StrCat("region '", code, "' is listed twice"));
      else known.push_back(code);
    }
    if (result.config.regions.size() > kRegionsMax)
      Error(PlaceOf(*regions), absl::StrCat("more than ", kRegionsMax, " regions"));
  }

  void Ports(const Value& root) {
    const Value* ports = TableAt(root, "port");
    if (ports == nullptr) {
      if (Get(root, "port") == nullptr) Error({1, 1}, "the tables [port.access] and [port.core] are missing");
      return;
    }
    Keys(*ports, "port", {"access", "core"});
    for (Side side : {Side::kAccess, Side::kCore}) {
      std::string path = absl::StrCat("port.", cfr::Name(side));
      const Value* table = Get(*ports, cfr::Name(side));
      if (table == nullptr) Error(PlaceOf(*ports), absl::StrCat("the table [", path, "] is missing"));
      else if (!table->is_table()) Error(PlaceOf(*table), absl::StrCat("'", path, "' must be a table"));
      else Port(*table, path, static_cast<int>(side));
    }
  }

  void Port(const Value& table, const std::string& path, int side) {
    PortConfig& port = result.config.port[side];
    result.places.port[side] = PlaceOf(table);
    Keys(table, path, {"netdev", "pci", "memif", "ring", "null", "rx_pcap", "tx_pcap", "mtu", "addresses",
                       "gateway_v4", "gateway_v6"});
    int kinds = 0;
    auto device = [&](const char* key, PortConfig::Kind kind) {
      const Value* v = Get(table, key);
      if (v == nullptr) return;
      ++kinds;
      port.kind = kind;
      if (String(*v, path + "." + key, &port.device) && port.device.find_first_of(",\n ") != std::string::npos)
        Error(PlaceOf(*v), absl::StrCat("'", path, ".", key, "' may hold no comma or space"));
    };
    device("netdev", PortConfig::Kind::kNetdev);
    device("pci", PortConfig::Kind::kPci);
    device("memif", PortConfig::Kind::kMemif);
    device("ring", PortConfig::Kind::kRing);
    if (const Value* v = Get(table, "null")) {
      bool yes = false;
      if (Bool(*v, path + ".null", &yes) && yes) port.kind = PortConfig::Kind::kNull;
      ++kinds;
    }
    const Value *rx = Get(table, "rx_pcap"), *tx = Get(table, "tx_pcap");
    if (rx != nullptr || tx != nullptr) {
      ++kinds;
      port.kind = PortConfig::Kind::kPcap;
      if (rx == nullptr || tx == nullptr)
        Error(PlaceOf(table), absl::StrCat("[", path, "] needs both rx_pcap and tx_pcap"));
      if (rx != nullptr) String(*rx, path + ".rx_pcap", &port.rx_pcap);
      if (tx != nullptr) String(*tx, path + ".tx_pcap", &port.tx_pcap);
    }
    if (kinds != 1)
      Error(PlaceOf(table), absl::StrCat("[", path, "] names ", kinds, " devices where one belongs"),
            "one of netdev, pci, memif, ring, null, or rx_pcap with tx_pcap");
    uint64_t mtu;
    if (const Value* v = Get(table, "mtu"))
      if (Integer(*v, path + ".mtu", 1280, 9000, &mtu)) port.mtu = static_cast<uint32_t>(mtu);
    if (const Value* v = Get(table, "addresses"))
      Prefixes(*v, path + ".addresses", true, &port.addresses, &result.places.port_addresses[side]);
    Gateway(table, path, side, "gateway_v4", Family::kV4);
    Gateway(table, path, side, "gateway_v6", Family::kV6);
  }

  void Gateway(const Value& table, const std::string& path, int side, const char* key, Family family) {
    const Value* v = Get(table, key);
    Address address;
    if (v == nullptr || !ReadAddress(*v, path + "." + key, &address)) return;
    if (address.family != family)
      return Error(PlaceOf(*v), absl::StrCat("'", path, ".", key, "' must be an ", cfr::Name(family), " address"));
    result.config.port[side].gateway[static_cast<int>(family)] = address;
    result.places.gateway[side][static_cast<int>(family)] = PlaceOf(*v);
  }

  void PlainSettings(const Value& root) {
    std::map<std::string, std::vector<std::string>> sections;
    for (const SettingRow& row : kSettingRows) sections[row.section].push_back(row.key);
    sections["dataplane"].push_back("egress_allowed");
    for (const auto& [section, keys] : sections)
      if (const Value* table = TableAt(root, section)) Keys(*table, section, keys);
    for (const SettingRow& row : kSettingRows) {
      const Value* table = Get(root, row.section);
      const Value* v = table == nullptr || !table->is_table() ? nullptr : Get(*table, row.key);
      if (v != nullptr) PlainSetting(row, *v);
    }
  }

  void PlainSetting(const SettingRow& row, const Value& v) {
    std::string name = absl::StrCat(row.section, ".", row.key);
    result.places.settings[row.id] = PlaceOf(v);
    uint64_t value = 0;
    bool flag = false;
    if (row.type == SettingType::kFlag) {
      if (Bool(v, name, &flag)) result.config.settings.Set(row.id, flag ? 1 : 0);
    } else if (row.type == SettingType::kSeconds && v.is_string()) {
      if (!ParseSeconds(v.as_string().str, &value))
        Error(PlaceOf(v), absl::StrCat("'", v.as_string().str, "' is no duration"), "like \"90s\", \"5m\" or \"2h\"");
      else if (value < row.min || value > row.max)
        Error(PlaceOf(v), absl::StrCat("'", name, "' is ", value, " s; allowed: ", row.min, " s to ", row.max, " s"));
      else result.config.settings.Set(row.id, value);
    } else if (row.type == SettingType::kSeconds && !v.is_integer()) {
      Error(PlaceOf(v), absl::StrCat("'", name, "' must be a duration, not ", TypeName(v)), "like \"90s\", \"5m\" or 300");
    } else if (Integer(v, name, row.min, row.max, &value)) {
      result.config.settings.Set(row.id, value);
    }
  }

  static bool ParseSeconds(const std::string& text, uint64_t* out) {
    size_t digits = text.find_first_not_of("0123456789");
    if (digits == 0 || digits > 9 || digits == std::string::npos || digits + 1 != text.size()) return false;
    uint64_t unit = text.back() == 's' ? 1 : text.back() == 'm' ? 60 : text.back() == 'h' ? 3600 : 0;
    *out = std::stoull(text) * unit;
    return unit != 0;
  }

  void EgressAllowed(const Value& root) {
    const Value* table = Get(root, "dataplane");
    if (table == nullptr || !table->is_table()) return;
    if (const Value* v = Get(*table, "egress_allowed"))
      Prefixes(*v, "dataplane.egress_allowed", false, &result.config.egress_allowed, nullptr);
  }

  void Subscribers(const Value& table) {
    SubscribersConfig s;
    ConfigPlaces::Subscribers place;
    Keys(table, "subscribers", {"prefix", "per", "region"});
    const Value *prefix = Require(table, "subscribers", "prefix"), *region = Require(table, "subscribers", "region");
    if (prefix == nullptr || region == nullptr) return;
    bool good = ReadPrefixText(*prefix, "subscribers.prefix", false, &s.prefix);
    good &= Name(*region, "subscribers.region", &s.region);
    place.prefix = place.per = PlaceOf(*prefix);
    place.region = PlaceOf(*region);
    s.per = s.prefix.address.family == Family::kV4 ? 32 : std::max<uint8_t>(56, s.prefix.length);
    if (const Value* v = Get(table, "per")) {
      uint64_t per;
      place.per = PlaceOf(*v);
      if (good && Integer(*v, "subscribers.per", s.prefix.length, static_cast<uint64_t>(s.prefix.address.bits()), &per))
        s.per = static_cast<uint8_t>(per);
    }
    if (!good) return;
    result.config.subscribers.push_back(s);
    result.places.subscribers.push_back(place);
  }

  void Pool(const Value& table) {
    PoolConfig pool;
    ConfigPlaces::Pool place;
    Keys(table, "pool", {"name", "region", "prefixes", "state", "alias_units", "answer_neighbours"});
    const Value *name = Require(table, "pool", "name"), *region = Require(table, "pool", "region"),
                *prefixes = Require(table, "pool", "prefixes");
    if (name == nullptr || region == nullptr || prefixes == nullptr) return;
    bool good = Name(*name, "pool.name", &pool.name);
    good &= Name(*region, "pool.region", &pool.region);
    size_t before = result.errors.size();
    Prefixes(*prefixes, "pool.prefixes", false, &pool.prefixes, &place.prefixes);
    if (pool.prefixes.empty() && result.errors.size() == before)
      Error(PlaceOf(*prefixes), "'pool.prefixes' must name at least one prefix");
    place.name = PlaceOf(*name);
    place.region = PlaceOf(*region);
    place.units = PlaceOf(*name);
    if (const Value* v = Get(table, "state")) PoolState(*v, &pool.state);
    uint64_t units;
    if (const Value* v = Get(table, "alias_units")) {
      place.units = PlaceOf(*v);
      if (Integer(*v, "pool.alias_units", 1, kUnitsPerPoolMax, &units)) pool.alias_units = static_cast<uint32_t>(units);
    }
    if (const Value* v = Get(table, "answer_neighbours")) Bool(*v, "pool.answer_neighbours", &pool.answer_neighbours);
    if (!good || pool.prefixes.empty()) return;
    result.config.pools.push_back(pool);
    result.places.pools.push_back(place);
  }

  void PoolState(const Value& v, PrefixState* state) {
    std::string text;
    if (!String(v, "pool.state", &text)) return;
    for (PrefixState s : {PrefixState::kStaged, PrefixState::kActive, PrefixState::kDraining})
      if (text == cfr::Name(s)) return *state = s, void();
    Error(PlaceOf(v), absl::StrCat("'", text, "' is no pool state"), "staged, active or draining");
  }

  void Bypass(const Value& table) {
    BypassConfig bypass;
    Keys(table, "bypass", {"name", "prefix", "reason"});
    const Value *name = Require(table, "bypass", "name"), *prefix = Require(table, "bypass", "prefix"),
                *reason = Require(table, "bypass", "reason");
    if (name == nullptr || prefix == nullptr || reason == nullptr) return;
    bool good = Name(*name, "bypass.name", &bypass.name);
    good &= ReadPrefixText(*prefix, "bypass.prefix", false, &bypass.prefix);
    good &= String(*reason, "bypass.reason", &bypass.reason);
    if (!good) return;
    result.config.bypasses.push_back(bypass);
    result.places.bypasses.push_back({PlaceOf(*name), PlaceOf(*prefix)});
  }
};

}  // namespace

// Levenshtein distance, at most a third of the word's length counts as near.
std::string Nearest(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  size_t best_distance = word.size() / 3 + 2;
  for (const std::string& candidate : known) {
    std::vector<size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 1; i <= word.size(); ++i) {
      size_t diagonal = row[0];
      row[0] = i;
      for (size_t j = 1; j <= candidate.size(); ++j) {
        size_t substituted = diagonal + (word[i - 1] != candidate[j - 1]);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
      }
    }
    if (row.back() < best_distance) best_distance = row.back(), best = candidate;
  }
  return best;
}

ReadResult ReadConfigText(std::string_view text) {
  Reader reader;
  if (auto refused = GuardToml(text); refused.has_value()) {
    reader.result.errors.push_back(*refused);
    return reader.result;
  }
  try {
    std::istringstream stream{View(text)};
    reader.Root(toml::parse(stream, "config"));
  } catch (const toml::exception& e) {
    auto where = e.location();
    reader.result.errors = {{static_cast<int>(where.line()), static_cast<int>(where.column()), SyntaxSentence(e.what()), ""}};
  } catch (const std::exception& e) {
    reader.result.errors = {{0, 0, absl::StrCat("not readable as TOML: ", e.what()), ""}};
  }
  return reader.result;
}

}  // namespace cfr
