// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp_options.h"

#include <algorithm>
#include <cstring>

#include "dataplane/checksum.h"

namespace cfr {
namespace {

constexpr uint8_t kEnd = 0, kNop = 1, kMss = 2, kTimestamps = 8, kMptcp = 30, kFastOpen = 34,
                  kExperimental = 254;
constexpr int kMssBytes = 4, kTimestampsBytes = 10, kSubtypeAt = 2;
constexpr uint8_t kMpCapable = 0, kAddAddress = 3;  // MPTCP subtypes, the high half of their byte
constexpr uint16_t kFastOpenExperiment = 0xf989;    // RFC 7413 appendix: before it had a kind of its own
constexpr int kValueAt = 2, kEchoAt = 6;            // TSval and TSecr inside the option

// The whole options of nearly every data segment: NOP NOP TIMESTAMPS (RFC 7323 appendix A).
constexpr int kUsualBytes = 12, kUsualOption = 2;
constexpr uint32_t kUsualStart =
    kTimestampsBytes << 24 | kTimestamps << 16 | kNop << 8 | kNop;  // as it lies in memory

uint32_t Load32(const uint8_t* at) {
  uint32_t raw;
  std::memcpy(&raw, at, sizeof raw);
  return raw;
}
uint16_t Load16(const uint8_t* at) {
  return static_cast<uint16_t>(at[0] << 8 | at[1]);
}

int OptionBytes(const TcpHeader& tcp) {
  return (tcp.data_offset >> 4) * 4 - static_cast<int>(sizeof(TcpHeader));
}
uint8_t* Options(TcpHeader& tcp) {
  return reinterpret_cast<uint8_t*>(&tcp + 1);
}
bool IsUsual(const uint8_t* options, int bytes) {
  return bytes == kUsualBytes && Load32(options) == kUsualStart;
}

// Adds to a 32-bit field in place; returns the checksum's delta for a field at an even offset.
uint16_t Shift(uint8_t* field, uint32_t by) {
  const uint32_t before = Load32(field);
  const uint32_t after = __builtin_bswap32(__builtin_bswap32(before) + by);
  std::memcpy(field, &after, sizeof after);
  return Fold(uint64_t{~before} + after);
}

// A header being changed wherever its options stand: at an odd offset a delta has its bytes swapped
// (RFC 1071 section 2 B). The checksum follows at the end.
class Edit {
 public:
  explicit Edit(TcpHeader& tcp) : tcp_(tcp) {}
  ~Edit() {
    if (changed_) tcp_.checksum.raw = Updated(tcp_.checksum.raw, Fold(sum_));
  }
  Edit(const Edit&) = delete;
  Edit& operator=(const Edit&) = delete;

  void Shift(uint8_t* field, uint32_t by) {
    const uint16_t delta = cfr::Shift(field, by);
    sum_ += IsOdd(field) ? __builtin_bswap16(delta) : delta;
    changed_ = true;
  }
  void Put(uint8_t* at, uint8_t byte) {
    const int shift = IsOdd(at) ? 8 : 0;
    sum_ += static_cast<uint16_t>(~(*at << shift)) + static_cast<uint64_t>(byte << shift);
    *at = byte;
    changed_ = true;
  }
  void Blank(uint8_t* option, int length) {
    for (int i = 0; i < length; ++i) Put(option + i, kNop);
  }

 private:
  bool IsOdd(const uint8_t* at) const { return ((at - reinterpret_cast<const uint8_t*>(&tcp_)) & 1) != 0; }

  TcpHeader& tcp_;
  uint64_t sum_ = 0;
  bool changed_ = false;
};

// visit(option, length) for each option that has a length and ends inside the header.
template <class Visit>
void EachOption(uint8_t* options, int bytes, Visit visit) {
  for (int at = 0; at < bytes;) {
    if (options[at] == kEnd) return;
    if (options[at] == kNop) {
      ++at;
      continue;
    }
    if (at + 1 == bytes) return;
    const int length = options[at + 1];
    if (length < 2 || length > bytes - at) return;
    visit(options + at, length);
    at += length;
  }
}

// Fast Open and MPTCP: what the settings want overwritten.
bool IsUnwanted(const uint8_t* option, int length, const Settings& settings) {
  switch (option[0]) {
    case kFastOpen:
      return settings[Setting::kScrubFastOpen] != 0;
    case kExperimental:
      return length >= 4 && Load16(option + 2) == kFastOpenExperiment &&
             settings[Setting::kScrubFastOpen] != 0;
    case kMptcp: {
      if (length <= kSubtypeAt) return false;
      const int subtype = option[kSubtypeAt] >> 4;
      return (subtype == kAddAddress && settings[Setting::kScrubAddAddress] != 0) ||
             (subtype == kMpCapable && settings[Setting::kScrubMpCapable] != 0);
    }
    default:
      return false;
  }
}

// The two walks stay out of the functions below, whose usual way would save registers for them.
[[gnu::noinline]] void ScrubAny(TcpHeader& tcp, Family family, uint32_t offset, const Settings& settings) {
  const bool syn = (tcp.flags & kTcpSyn) != 0;
  const bool strip = settings.Choice<TcpTimestamps>(Setting::kTcpTimestamps) == TcpTimestamps::kStrip;
  const auto mss =
      static_cast<uint16_t>(settings[family == Family::kV4 ? Setting::kMssClampV4 : Setting::kMssClampV6]);
  Edit edit(tcp);
  EachOption(Options(tcp), OptionBytes(tcp), [&](uint8_t* option, int length) {
    if (option[0] == kTimestamps && length == kTimestampsBytes) {
      if (syn && strip)
        edit.Blank(option, length);
      else if (offset != 0)
        edit.Shift(option + kValueAt, offset);
    } else if (option[0] == kMss && length == kMssBytes && syn) {
      if (Load16(option + 2) <= mss) return;
      edit.Put(option + 2, static_cast<uint8_t>(mss >> 8));
      edit.Put(option + 3, static_cast<uint8_t>(mss));
    } else if (IsUnwanted(option, length, settings)) {
      edit.Blank(option, length);
    }
  });
}

[[gnu::noinline]] void RestoreAny(TcpHeader& tcp, uint32_t offset) {
  Edit edit(tcp);
  EachOption(Options(tcp), OptionBytes(tcp), [&](uint8_t* option, int length) {
    if (option[0] == kTimestamps && length == kTimestampsBytes && Load32(option + kEchoAt) != 0)
      edit.Shift(option + kEchoAt, -offset);
  });
}

}  // namespace

void ScrubTcpOptions(Packet& p, uint32_t offset, const Settings& settings) {
  TcpHeader& tcp = p.tcp();
  const int bytes = OptionBytes(tcp);
  if (bytes == 0) return;
  if ((tcp.flags & kTcpSyn) != 0 || !IsUsual(Options(tcp), bytes))
    return ScrubAny(tcp, p.family, offset, settings);
  if (offset != 0)
    tcp.checksum.raw = Updated(tcp.checksum.raw, Shift(Options(tcp) + kUsualOption + kValueAt, offset));
}

// TSecr means something only with ACK, and 0 is what a stack writes that has nothing to echo.
void RestoreTcpTimestamp(Packet& p, uint32_t offset) {
  TcpHeader& tcp = p.tcp();
  const int bytes = OptionBytes(tcp);
  if (offset == 0 || bytes == 0 || (tcp.flags & kTcpAck) == 0) return;
  if (!IsUsual(Options(tcp), bytes)) return RestoreAny(tcp, offset);
  uint8_t* echo = Options(tcp) + kUsualOption + kEchoAt;
  if (Load32(echo) != 0) tcp.checksum.raw = Updated(tcp.checksum.raw, Shift(echo, -offset));
}

}  // namespace cfr
