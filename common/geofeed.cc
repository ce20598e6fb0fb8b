// SPDX-License-Identifier: BSD-3-Clause
#include "common/geofeed.h"

#include <algorithm>
#include <map>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/printable.h"
#include "common/region_code.h"

namespace cfr {
namespace {

constexpr size_t kCells = 5;
constexpr size_t kShownMax = 40;  // characters of a word of the file

std::string Shown(std::string_view word) {
  return absl::StrCat("'", Printable(word.substr(0, kShownMax)), "'");
}

std::string Place(const GeofeedEntry& e) {
  const std::string& region = e.region.empty() ? e.country : e.region;
  if (region.empty() && e.city.empty()) return "nowhere";
  return absl::StrCat(region, region.empty() || e.city.empty() ? "" : ", ", e.city);
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t end; (end = text.find(separator)) != std::string_view::npos; text.remove_prefix(end + 1))
    parts.push_back(text.substr(0, end));
  parts.push_back(text);
  return parts;
}

bool IsBlank(char c) {
  return c == ' ' || c == '\t';
}

// Well-formed (RFC 3629) and without control characters.
bool IsPlainText(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    auto byte = [&](size_t at) { return at < text.size() ? static_cast<uint8_t>(text[at]) : uint8_t{0}; };
    const uint8_t first = byte(i), second = byte(i + 1);
    if (first < 0x80) {
      if (first < 0x20 || first == 0x7f) return false;
      ++i;
      continue;
    }
    const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
    const bool beyond = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
    const bool control = first == 0xc2 && second < 0xa0;
    if (first < 0xc2 || first > 0xf4 || overlong || beyond || control) return false;
    for (size_t k = 1; k < length; ++k)
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    i += length;
  }
  return true;
}

class Reader {
 public:
  Geofeed Read(std::string_view text) {
    for (std::string_view line : Split(text, '\n')) {
      ++line_;
      if (line.ends_with('\r')) line.remove_suffix(1);
      Line(line);
    }
    return std::move(feed_);
  }

 private:
  void Finding(std::string message) { feed_.findings.push_back({line_, std::move(message)}); }

  void Line(std::string_view line) {
    if (!IsPlainText(line)) return Finding("not UTF-8, or with control characters");
    if (const size_t comment = line.find('#'); comment != std::string_view::npos) {
      line = line.substr(0, comment);
      while (!line.empty() && IsBlank(line.back())) line.remove_suffix(1);
    }
    if (line.empty()) return;
    const std::vector<std::string_view> parts = Split(line, ',');
    const std::vector<std::string> cells(parts.begin(), parts.end());
    if (cells.size() != kCells)
      return Finding(absl::StrCat(cells.size() - 1, " commas; prefix,country,region,city,postal code have ",
                                  kCells - 1));
    for (const std::string& cell : cells)
      if (!cell.empty() && (IsBlank(cell.front()) || IsBlank(cell.back())))
        return Finding(absl::StrCat("blanks around a cell: ", Shown(cell)));
    auto prefix = PrefixOf(cells[0]);
    if (!prefix.has_value()) return;
    const std::string country = absl::AsciiStrToUpper(cells[1]), region = absl::AsciiStrToUpper(cells[2]);
    if (!country.empty() && !IsCountryCode(country))
      return Finding(absl::StrCat(Shown(cells[1]), " is no country of ISO 3166-1, like DE"));
    if (!region.empty() && !IsSubdivisionCode(region))
      return Finding(absl::StrCat(Shown(cells[2]), " is no region of ISO 3166-2, like DE-BE"));
    if (!region.empty() && CountryOf(region) != country)
      return Finding(absl::StrCat("region ", region, " is not of the country ", Shown(country)));
    if (!cells[4].empty()) return Finding("a postal code is too precise; leave it empty");
    auto [first, fresh] = lines_.emplace(*prefix, line_);
    if (!fresh) return Finding(absl::StrCat(Format(*prefix), " is in line ", first->second, ", too"));
    feed_.entries.push_back({*prefix, country, region, cells[3], line_});
  }

  // An address stands for its host prefix.
  std::optional<Prefix> PrefixOf(const std::string& cell) {
    auto address = ParseAddress(cell);
    auto prefix =
        address.has_value() ? Prefix{*address, static_cast<uint8_t>(address->bits())} : ParsePrefix(cell);
    if (!prefix.has_value()) return Finding(absl::StrCat(Shown(cell), " is no prefix")), std::nullopt;
    if (prefix->HasHostBits()) return Finding(absl::StrCat(Shown(cell), " has host bits set")), std::nullopt;
    return prefix;
  }

  Geofeed feed_;
  std::map<Prefix, int> lines_;
  int line_ = 0;
};

bool SamePlace(const GeofeedEntry& a, const GeofeedEntry& b) {
  return a.country == b.country && a.region == b.region && a.city == b.city;
}

}  // namespace

Geofeed ReadGeofeed(std::string_view text) {
  return Reader().Read(text);
}

std::string WriteGeofeed(const std::vector<GeofeedEntry>& entries) {
  std::string out = "# prefix,country,region,city,postal code: RFC 8805\n";
  for (const GeofeedEntry& e : entries)
    absl::StrAppend(&out, Format(e.prefix), ",", e.country, ",", e.region, ",", e.city, ",\n");
  return out;
}

std::vector<GeofeedEntry> GeofeedOf(const Config& config, std::vector<std::string>* omitted) {
  std::vector<GeofeedEntry> entries;
  for (const PoolConfig& pool : config.pools) {
    if (!IsIsoRegion(pool.region)) {
      omitted->push_back(pool.name);
      continue;
    }
    const std::string region = IsSubdivisionCode(pool.region) ? pool.region : "";
    for (const Prefix& prefix : pool.prefixes)
      entries.push_back({prefix, std::string(CountryOf(pool.region)), region, pool.city});
  }
  std::sort(entries.begin(), entries.end(),
            [](const GeofeedEntry& a, const GeofeedEntry& b) { return a.prefix < b.prefix; });
  return entries;
}

std::vector<GeofeedFinding> CompareGeofeed(const std::vector<GeofeedEntry>& published,
                                           const std::vector<GeofeedEntry>& wanted) {
  std::vector<GeofeedFinding> findings;
  for (const GeofeedEntry& w : wanted) {
    auto differs = [&](const GeofeedEntry& p) {
      findings.push_back({p.line, absl::StrCat(Format(p.prefix), " is said to be in ", Place(p),
                                               "; the pools' ", Format(w.prefix), " is in ", Place(w))});
    };
    const GeofeedEntry* match = nullptr;
    for (const GeofeedEntry& p : published) {
      if (p.prefix.Contains(w.prefix) && (match == nullptr || p.prefix.length > match->prefix.length))
        match = &p;
      const bool part = w.prefix.Contains(p.prefix) && p.prefix != w.prefix;
      if (part && !SamePlace(p, w)) differs(p);
    }
    if (match == nullptr)
      findings.push_back(
          {0, absl::StrCat("the pools' ", Format(w.prefix), ", in ", Place(w), ", is missing")});
    else if (!SamePlace(*match, w))
      differs(*match);
  }
  std::stable_sort(findings.begin(), findings.end(),
                   [](const GeofeedFinding& a, const GeofeedFinding& b) { return a.line < b.line; });
  return findings;
}

}  // namespace cfr
