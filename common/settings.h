// SPDX-License-Identifier: BSD-3-Clause
// The plain settings (settings.def) as an enum, a row table and a bag of values.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace cfr {

enum class SettingType : uint8_t { kCount, kSeconds, kFlag, kChoice };
enum class SettingWhen : uint8_t { kStart, kLive };

enum class Setting : uint16_t {
#define CFR_SETTING(symbol, ...) symbol,
#define CFR_CHOICE(symbol, ...) symbol,
#include "common/settings.def"
#undef CFR_CHOICE
#undef CFR_SETTING
};

// The words of a kChoice setting, "a|b|c", by their position.
constexpr uint64_t CountWords(std::string_view words) {
  uint64_t count = 1;
  for (char c : words) count += c == '|' ? 1 : 0;
  return count;
}
constexpr std::string_view WordAt(std::string_view words, uint64_t position) {
  for (; position > 0; --position) words.remove_prefix(words.find('|') + 1);
  return words.substr(0, words.find('|'));
}

struct SettingRow {
  Setting id;
  const char* section;
  const char* key;
  SettingType type;
  uint64_t default_value, min, max;  // kSeconds in seconds; [min, max] inclusive
  SettingWhen when;
  const char* sentence;
  const char* words = "";  // kChoice: what may be written
};

inline constexpr SettingRow kSettingRows[] = {
#define CFR_SETTING(symbol, section, key, type, value, min, max, when, sentence) \
  {Setting::symbol, section, key, SettingType::type, value, min, max, SettingWhen::when, sentence},
#define CFR_CHOICE(symbol, section, key, words, value, when, sentence)                       \
  {Setting::symbol,   section,  key,  SettingType::kChoice, value, 0, CountWords(words) - 1, \
   SettingWhen::when, sentence, words},
#include "common/settings.def"
#undef CFR_CHOICE
#undef CFR_SETTING
};
inline constexpr int kSettingCount = sizeof kSettingRows / sizeof kSettingRows[0];

constexpr const SettingRow& Row(Setting s) {
  return kSettingRows[static_cast<int>(s)];
}

// One value per setting, its default until set. Values are in the unit of the row.
class Settings {
 public:
  constexpr Settings() {
    for (int i = 0; i < kSettingCount; ++i) values_[i] = kSettingRows[i].default_value;
  }
  constexpr uint64_t operator[](Setting s) const { return values_[static_cast<int>(s)]; }
  template <class Words>
  constexpr Words Choice(Setting s) const {
    return static_cast<Words>((*this)[s]);
  }
  constexpr void Set(Setting s, uint64_t value) { values_[static_cast<int>(s)] = value; }
  friend bool operator==(const Settings&, const Settings&) = default;

 private:
  std::array<uint64_t, kSettingCount> values_{};
};

// What the choices mean, in the order of their words.
enum class Martians : uint8_t { kLab, kStandard, kProduction };
static_assert(Row(Setting::kMartians).words == std::string_view("lab|standard|production"));
enum class Nat64 : uint8_t { kDrop, kAlias };
static_assert(Row(Setting::kNat64).words == std::string_view("drop|alias"));
enum class TcpTimestamps : uint8_t { kOffset, kStrip, kKeep };
static_assert(Row(Setting::kTcpTimestamps).words == std::string_view("offset|strip|keep"));

enum class RecordChoice : uint8_t { kAuto, kOff, kBatch, kTuple };
static_assert(Row(Setting::kRecordMode).words == std::string_view("auto|off|batch|tuple"));
enum class RecordBlocked : uint8_t { kContinue, kRefuseNew };
static_assert(Row(Setting::kRecordBlocked).words == std::string_view("continue|refuse_new"));

// What holds before there is a configuration.
inline constexpr Settings kDefaultSettings;

constexpr bool InRange(Setting s, uint64_t value) {
  return value >= Row(s).min && value <= Row(s).max;
}

}  // namespace cfr
