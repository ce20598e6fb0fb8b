// SPDX-License-Identifier: BSD-3-Clause
// The plain settings (settings.def) as an enum, a row table and a bag of values.
#pragma once

#include <array>
#include <cstdint>

namespace cfr {

enum class SettingType : uint8_t { kCount, kSeconds, kFlag };
enum class SettingWhen : uint8_t { kStart, kLive };

enum class Setting : uint16_t {
#define CFR_SETTING(symbol, ...) symbol,
#include "common/settings.def"
#undef CFR_SETTING
};

struct SettingRow {
  Setting id;
  const char* section;
  const char* key;
  SettingType type;
  uint64_t default_value, min, max;  // kSeconds in seconds; [min, max] inclusive
  SettingWhen when;
  const char* sentence;
};

inline constexpr SettingRow kSettingRows[] = {
#define CFR_SETTING(symbol, section, key, type, value, min, max, when, sentence)          \
  {Setting::symbol, section, key, SettingType::type, value, min, max, SettingWhen::when, \
   sentence},
#include "common/settings.def"
#undef CFR_SETTING
};
inline constexpr int kSettingCount = sizeof kSettingRows / sizeof kSettingRows[0];

constexpr const SettingRow& Row(Setting s) { return kSettingRows[static_cast<int>(s)]; }

// One value per setting, its default until set. Values are in the unit of the row.
class Settings {
 public:
  constexpr Settings() {
    for (int i = 0; i < kSettingCount; ++i) values_[i] = kSettingRows[i].default_value;
  }
  constexpr uint64_t operator[](Setting s) const { return values_[static_cast<int>(s)]; }
  constexpr void Set(Setting s, uint64_t value) { values_[static_cast<int>(s)] = value; }
  friend bool operator==(const Settings&, const Settings&) = default;

 private:
  std::array<uint64_t, kSettingCount> values_{};
};

// What holds before there is a configuration.
inline constexpr Settings kDefaultSettings;

constexpr bool InRange(Setting s, uint64_t value) { return value >= Row(s).min && value <= Row(s).max; }

}  // namespace cfr
