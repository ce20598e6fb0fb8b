// SPDX-License-Identifier: BSD-3-Clause
#include "control/opening_stream.h"

#include <openssl/crypto.h>

#include <array>

namespace cfr {
namespace {

constexpr uint32_t kBurst = 256;
static_assert(kOpenedSlots % kBurst == 0);

}  // namespace

void OpeningStream::Poll() {
  std::array<Opened, kBurst> burst;
  if (!link_.attached()) return;
  for (int worker = 0; worker < link_.workers(); ++worker)
    for (uint32_t read = 0; read < kOpenedSlots; read += kBurst) {
      const uint32_t count = link_.TakeOpenings(worker, burst.data(), kBurst);
      for (uint32_t i = 0; i < count; ++i)
        for (const Reader& reader : readers_) reader(burst[i]);
      OPENSSL_cleanse(burst.data(), count * sizeof(Opened));
      if (count < kBurst) break;
    }
}

}  // namespace cfr
