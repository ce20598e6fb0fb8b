// SPDX-License-Identifier: BSD-3-Clause
#include "common/config_reader.h"

#include <algorithm>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/alias_profiles.h"
#include "common/config_schema.h"
#include "common/config_values.h"
#include "common/port_reader.h"
#include "common/suggestion.h"
#include "common/table_reader.h"
#include "common/toml_guard.h"
#include "common/toml_syntax.h"

namespace cfr {
namespace {

using Value = toml::value;
using HostBits = ConfigValues::HostBits;

class Reader {
 public:
  Reader(ConfigValues* values, ReadResult* result)
      : values_(*values), tables_(values), config_(result->config), places_(result->places) {}

  void Root(const Value& root) {
    tables_.CheckKeys(root, "", RootKeys());
    Node(root);
    ReadPorts(root, &tables_, &config_, &places_);
    PlainSettings(root);
    EgressAllowed(root);
    Nat64Prefixes(root);
    Records(root);
    places_.subscribers_whole &=
        tables_.EachOf(root, "subscribers", [this](const Value& table) { Subscribers(table); });
    places_.pools_whole &= tables_.EachOf(root, "pool", [this](const Value& table) { Pool(table); });
    tables_.EachOf(root, "bypass", [this](const Value& table) { Bypass(table); });
  }

 private:
  void Node(const Value& root) {
    places_.regions_whole = false;
    const Value* node = tables_.Required(root, "node");
    if (node == nullptr) return;
    tables_.CheckKeys(*node, "node", "node");
    if (const Value* v = TableReader::Find(*node, "name"))
      config_.node_name = values_.Name(*v, "node.name").value_or("");
    const Value* regions = TableReader::Find(*node, "regions");
    const toml::array* codes =
        regions == nullptr ? nullptr : values_.Array(*regions, "node.regions", "region codes");
    if (codes == nullptr) return;
    places_.regions_whole = !codes->empty();
    for (const Value& item : *codes) Region(item);
    if (codes->empty())
      values_.Error(values_.At(*regions), "'node.regions' is empty", "regions = [\"IT-25\"]");
    if (config_.regions.size() > kRegionsMax)
      values_.Error(values_.At((*codes)[kRegionsMax]),
                    absl::StrCat(config_.regions.size(), " regions; at most ", kRegionsMax));
  }

  void Region(const Value& item) {
    auto code = values_.Name(item, "node.regions");
    places_.regions_whole &= code.has_value();
    if (!code.has_value()) return;
    auto& known = config_.regions;
    if (std::find(known.begin(), known.end(), *code) == known.end()) return known.push_back(*code);
    values_.Error(values_.At(item), absl::StrCat("region '", *code, "' is listed twice"), "delete one");
  }

  void PlainSettings(const Value& root) {
    for (const TableRow& row : kTableRows) {
      const Value* table = row.list || row.required ? nullptr : tables_.Optional(root, row.path);
      if (table == nullptr) continue;
      tables_.CheckKeys(*table, row.path, row.keys);
      if (row.keys == std::string_view("scrub")) ScrubProfile(*table);
      if (row.keys == std::string_view("alias")) AliasProfile(*table);
      for (const SettingRow& setting : kSettingRows) {
        const Value* v =
            setting.section == std::string_view(row.keys) ? TableReader::Find(*table, setting.key) : nullptr;
        if (v != nullptr) PlainSetting(setting, *v);
      }
      for (const PortListRow& list : kPortListRows) {
        const Value* v =
            list.section == std::string_view(row.keys) ? TableReader::Find(*table, list.key) : nullptr;
        if (v != nullptr) Ports(list, *v);
      }
    }
  }

  // What stands for the keys of [scrub] that are left out; no value of its own.
  void ScrubProfile(const Value& table) {
    const Value* v = TableReader::Find(table, "profile");
    if (v == nullptr || values_.Word(*v, "scrub.profile", "full|off").value_or(0) == 0) return;
    for (const SettingRow& row : kSettingRows)
      if (row.section == std::string_view("scrub"))
        config_.settings.Set(row.id, row.type == SettingType::kFlag ? row.min : row.max);
  }

  void AliasProfile(const Value& table) {
    const Value* v = TableReader::Find(table, "profile");
    if (v == nullptr) return;
    if (auto position = values_.Word(*v, "alias.profile", kAliasProfileWords); position.has_value())
      for (const auto& [setting, value] : kAliasProfiles[*position]) config_.settings.Set(setting, value);
  }

  void PlainSetting(const SettingRow& row, const Value& v) {
    std::string name = absl::StrCat(row.section, ".", row.key);
    std::optional<uint64_t> value;
    switch (row.type) {
      case SettingType::kFlag:
        value = values_.Flag(v, name);
        break;
      case SettingType::kSeconds:
        value = values_.Seconds(v, name, row.min, row.max, row.sentence);
        break;
      case SettingType::kCount:
        value = values_.Integer(v, name, row.min, row.max, row.sentence);
        break;
      case SettingType::kChoice:
        value = values_.Word(v, name, row.words);
        break;
    }
    if (!value.has_value()) return;
    config_.settings.Set(row.id, *value);
    places_.settings[row.id] = values_.At(v);
  }

  void Ports(const PortListRow& row, const Value& v) {
    const std::string name = absl::StrCat(row.section, ".", row.key);
    const toml::array* items = values_.Array(v, name, "ports");
    if (items == nullptr) return;
    std::vector<uint16_t>& ports = config_.ports[row.id];
    ports.clear();
    for (const Value& item : *items) {
      auto port = values_.Integer(item, name, row.min, row.max);
      if (!port.has_value()) continue;
      if (std::find(ports.begin(), ports.end(), *port) != ports.end()) {
        values_.Error(values_.At(item), absl::StrCat("port ", *port, " is listed twice"), "delete one");
        continue;
      }
      ports.push_back(static_cast<uint16_t>(*port));
      places_.ports[static_cast<int>(row.id)].push_back(values_.At(item));
    }
    if (ports.size() > static_cast<size_t>(kListedPortsMax))
      values_.Error(values_.At((*items)[kListedPortsMax]),
                    absl::StrCat("'", name, "' has ", ports.size(), " ports; at most ", kListedPortsMax));
  }

  // Appends what can be read; false if something could not.
  bool Prefixes(const Value& v, const std::string& name, std::vector<Prefix>* out,
                std::vector<Place>* places) {
    const toml::array* items = values_.Array(v, name, "prefixes");
    if (items == nullptr) return false;
    if (items->empty())
      values_.Error(values_.At(v), absl::StrCat("'", name, "' is empty"), "name at least one prefix");
    for (const Value& item : *items) {
      auto prefix = values_.PrefixOf(item, name, HostBits::kRefused);
      if (!prefix.has_value()) continue;
      out->push_back(*prefix);
      places->push_back(values_.At(item));
    }
    return !items->empty() && out->size() == items->size();
  }

  void EgressAllowed(const Value& root) {
    const Value* table = tables_.Optional(root, "dataplane");
    const Value* v = table == nullptr ? nullptr : TableReader::Find(*table, "egress_allowed");
    std::vector<Place> places;
    if (v != nullptr)
      places_.egress_whole = Prefixes(*v, "dataplane.egress_allowed", &config_.egress_allowed, &places);
  }

  void Nat64Prefixes(const Value& root) {
    const Value* table = tables_.Optional(root, "admission");
    const Value* v = table == nullptr ? nullptr : TableReader::Find(*table, "nat64_prefixes");
    if (v != nullptr)
      Prefixes(*v, "admission.nat64_prefixes", &config_.nat64_prefixes, &places_.nat64_prefixes);
  }

  void Records(const Value& root) {
    const Value* table = tables_.Optional(root, "records");
    if (table == nullptr) return;
    if (const Value* v = TableReader::Find(*table, "directory"))
      config_.records.directory = Path(*v, "records.directory").value_or(config_.records.directory);
    if (const Value* v = TableReader::Find(*table, "day_keys"))
      config_.records.day_keys = Path(*v, "records.day_keys").value_or("");
  }

  std::optional<std::string> Path(const Value& v, const std::string& name) {
    auto path = values_.Text(v, name);
    if (!path.has_value() || path->starts_with('/')) return path;
    values_.Error(values_.At(v),
                  absl::StrCat("'", name, "' is \"", *path, "\", which does not begin with '/'"),
                  "the daemons run in no particular directory");
    return std::nullopt;
  }

  void Subscribers(const Value& table) {
    tables_.CheckKeys(table, "subscribers", "subscribers");
    SubscribersConfig s;
    ConfigPlaces::Subscribers place;
    place.prefix = place.region = values_.At(table);
    if (const Value* v = TableReader::Find(table, "region")) {
      s.region = values_.Name(*v, "subscribers.region").value_or("");
      place.region = values_.At(*v);
    }
    const Value* v = TableReader::Find(table, "prefix");
    auto prefix =
        v == nullptr ? std::nullopt : values_.PrefixOf(*v, "subscribers.prefix", HostBits::kRefused);
    s.prefix = prefix.value_or(Prefix{Address{Family::kV6, {}}, 0});
    constexpr uint8_t kDelegatedLength = 56;  // RFC 6177: the usual delegation to a home
    s.per = s.prefix.address.family == Family::kV4 ? 32 : std::max(kDelegatedLength, s.prefix.length);
    if (const Value* per = TableReader::Find(table, "per")) {
      auto width = static_cast<uint64_t>(s.prefix.address.bits());
      s.per = static_cast<uint8_t>(
          values_.Integer(*per, "subscribers.per", s.prefix.length, width).value_or(width));
    }
    places_.subscribers_whole &= prefix.has_value() && !s.region.empty();
    if (!prefix.has_value()) return;
    place.prefix = values_.At(*v);
    config_.subscribers.push_back(s);
    places_.subscribers.push_back(place);
  }

  void Pool(const Value& table) {
    PoolConfig pool;
    ConfigPlaces::Pool place;
    size_t missing = tables_.CheckKeys(table, "pool", "pool");
    place.name = place.region = place.units = values_.At(table);
    if (const Value* v = TableReader::Find(table, "name")) {
      pool.name = values_.Name(*v, "pool.name").value_or("");
      place.name = place.units = values_.At(*v);
    }
    if (const Value* v = TableReader::Find(table, "region")) {
      pool.region = values_.Name(*v, "pool.region").value_or("");
      place.region = values_.At(*v);
    }
    if (const Value* v = TableReader::Find(table, "state")) PoolState(*v, &pool.state);
    if (const Value* v = TableReader::Find(table, "alias_units")) {
      auto units = values_.Integer(*v, "pool.alias_units", 1, kUnitsPerPoolMax);
      pool.alias_units = static_cast<uint32_t>(units.value_or(1));
      place.units = values_.At(*v);
    }
    if (const Value* v = TableReader::Find(table, "port_mode"))
      pool.port_mode =
          static_cast<PortMode>(values_.Word(*v, "pool.port_mode", "per_remote|exclusive").value_or(0));
    if (const Value* v = TableReader::Find(table, "small_crowd"))
      pool.small_crowd = values_.Flag(*v, "pool.small_crowd").value_or(false);
    if (const Value* v = TableReader::Find(table, "answer_neighbours"))
      pool.answer_neighbours = values_.Flag(*v, "pool.answer_neighbours").value_or(false);
    if (const Value* v = TableReader::Find(table, "parent")) {
      pool.parent = values_.Name(*v, "pool.parent").value_or("");
      place.parent = values_.At(*v);
    }
    if (const Value* v = TableReader::Find(table, "cross_border")) {
      pool.cross_border = values_.Flag(*v, "pool.cross_border").value_or(false);
      place.cross_border = values_.At(*v);
    }
    if (const Value* v = TableReader::Find(table, "city")) {
      pool.city = values_.Text(*v, "pool.city").value_or("");
      place.city = values_.At(*v);
    }
    if (const Value* v = TableReader::Find(table, "prefixes"))
      place.whole = Prefixes(*v, "pool.prefixes", &pool.prefixes, &place.prefixes);
    places_.pools_whole &= missing == 0 && place.whole && !pool.region.empty();
    if (pool.prefixes.empty()) return;
    config_.pools.push_back(std::move(pool));
    places_.pools.push_back(std::move(place));
  }

  void PoolState(const Value& v, PrefixState* state) {
    auto position = values_.Word(v, "pool.state", "staged|active|draining");
    if (position.has_value()) *state = static_cast<PrefixState>(*position);
  }

  void Bypass(const Value& table) {
    BypassConfig bypass;
    ConfigPlaces::Bypass place;
    tables_.CheckKeys(table, "bypass", "bypass");
    place.name = values_.At(table);
    if (const Value* v = TableReader::Find(table, "name")) {
      bypass.name = values_.Name(*v, "bypass.name").value_or("");
      place.name = values_.At(*v);
    }
    if (const Value* v = TableReader::Find(table, "reason"))
      bypass.reason = values_.Text(*v, "bypass.reason").value_or("");
    const Value* v = TableReader::Find(table, "prefix");
    auto prefix = v == nullptr ? std::nullopt : values_.PrefixOf(*v, "bypass.prefix", HostBits::kRefused);
    if (!prefix.has_value()) return;
    bypass.prefix = *prefix;
    place.prefix = values_.At(*v);
    config_.bypasses.push_back(bypass);
    places_.bypasses.push_back(place);
  }

  ConfigValues& values_;
  TableReader tables_;
  Config& config_;
  ConfigPlaces& places_;
};

}  // namespace

ReadResult ReadConfigText(std::string_view text) {
  ReadResult result;
  if (text.size() > static_cast<size_t>(kConfigBytesMax)) {
    result.errors.push_back(
        {0, 0, absl::StrCat("the file has ", text.size(), " bytes; at most ", kConfigBytesMax), ""});
    return result;
  }
  SourceText source(text);
  if (auto refused = GuardToml(source); refused.has_value()) {
    result.errors.push_back(*refused);
    return result;
  }
  try {
    std::istringstream stream{std::string(text)};
    Value root = toml::parse(stream, "config");
    result.parsed = true;
    ConfigValues values(source, &result.errors);
    Reader(&values, &result).Root(root);
  } catch (const std::exception& e) {
    result.parsed = false;
    result.errors = {SyntaxError(source, e.what())};
  }
  return result;
}

}  // namespace cfr
