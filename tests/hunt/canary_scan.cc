// SPDX-License-Identifier: BSD-3-Clause
#include "tests/hunt/canary_scan.h"

#include <immintrin.h>

#include <bit>

#include "tests/hunt/address_plan.h"
#include "tests/hunt/reading.h"

namespace cfr::hunt {
namespace {

// Whether the pair at `at` is part of a secret: an IPv4 address, an IPv6 prefix, a MAC or an interface
// identifier made of one.
bool IsSecret(const uint8_t* frame, size_t bytes, size_t at) {
  if (at == 0 || at + 2 >= bytes) return false;
  uint8_t before = frame[at - 1];
  if (before == 0xb8) return at >= 2 && frame[at - 2] == 0x0d;
  return (before == 10 || before == 2) && frame[at + 2] >= kCanaryThird;
}

bool Inside(const uint8_t* p, const uint8_t* first, size_t bytes) {
  return p >= first - 3 && p < first + bytes;
}

// A field of random bytes: IPv4's id, an echo's checksum and identifier, UDP's checksum, TCP's numbers and
// timestamps, an IPv6 fragment id.
bool IsRandomField(const Reading& r, const uint8_t* pair) {
  if (r.ip == nullptr) return false;
  if (r.family == Family::kV4 && Inside(pair, r.ip + 4, 2)) return true;
  if (r.icmp() && r.l4_header != 0 && Inside(pair, r.l4 + 2, 4)) return true;
  if (r.icmp_error()) return IsRandomField(ReadQuoted(r), pair);
  if (r.protocol == 17 && r.l4_header != 0 && Inside(pair, r.l4 + 6, 2)) return true;
  if (r.protocol == 6 && r.l4_header != 0 && Inside(pair, r.l4 + 4, 8)) return true;
  if (r.protocol == 6 && r.l4_header > 20 && pair >= r.l4 + 20) {
    for (const uint8_t* o = r.l4 + 20; o + 1 < r.l4 + r.l4_header;) {
      if (*o == 8 && Inside(pair, o + 2, 8)) return true;
      if (*o == 0) break;
      o += *o == 1 ? 1 : o[1] < 2 ? 40 : o[1];
    }
  }
  if (r.family == Family::kV6)
    for (const uint8_t* h = r.ip + 40; h + 8 <= r.l4; h += 8)
      if (Inside(pair, h + 4, 4)) return r.fragment || r.fragment_id != 0;
  return false;
}

constexpr size_t kWindow = 33;  // bytes a look of PairsAt covers

// One bit for each of 32 places where the pair begins.
uint32_t PairsAt(const uint8_t* p) {
  const __m256i first = _mm256_set1_epi8(static_cast<char>(kCanaryFirst));
  const __m256i second = _mm256_set1_epi8(static_cast<char>(kCanarySecond));
  __m256i here = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  __m256i next = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 1));
  return static_cast<uint32_t>(_mm256_movemask_epi8(
      _mm256_and_si256(_mm256_cmpeq_epi8(here, first), _mm256_cmpeq_epi8(next, second))));
}

}  // namespace

std::optional<size_t> FindCanary(const uint8_t* frame, size_t bytes) {
  auto judge = [&](size_t at) {
    return IsSecret(frame, bytes, at) && !IsRandomField(ReadFrame(frame, bytes), frame + at);
  };
  if (bytes < kWindow) {
    for (size_t i = 0; i + 1 < bytes; ++i)
      if (frame[i] == kCanaryFirst && frame[i + 1] == kCanarySecond && judge(i)) return i;
    return std::nullopt;
  }
  for (size_t i = 0;; i += 32) {
    bool last = i + kWindow >= bytes;
    if (last) i = bytes - kWindow;
    for (uint32_t pairs = PairsAt(frame + i); pairs != 0; pairs &= pairs - 1)
      if (size_t at = i + static_cast<size_t>(std::countr_zero(pairs)); judge(at)) return at;
    if (last) return std::nullopt;
  }
}

}  // namespace cfr::hunt
