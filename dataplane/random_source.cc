// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/random_source.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cstring>

#include "common/check.h"

namespace cfr {

RandomSource::RandomSource() : context_(EVP_CIPHER_CTX_new()) {
  uint8_t seed[kKeyBytes];
  CFR_CHECK(context_ != nullptr && RAND_priv_bytes(seed, sizeof seed) == 1, "the kernel gives no entropy");
  Key(seed);
  OPENSSL_cleanse(seed, sizeof seed);
}

RandomSource::RandomSource(const std::array<uint8_t, 32>& seed) : context_(EVP_CIPHER_CTX_new()) {
  CFR_CHECK(context_ != nullptr, "out of memory");
  Key(seed.data());
}

RandomSource::~RandomSource() {
  EVP_CIPHER_CTX_free(context_);
  OPENSSL_cleanse(buffer_.data(), buffer_.size());
}

void RandomSource::Key(const uint8_t* key) {
  static constexpr uint8_t kZeroCounter[16] = {};
  CFR_CHECK(EVP_EncryptInit_ex(context_, EVP_aes_256_ctr(), nullptr, key, kZeroCounter) == 1,
            "AES-256-CTR is not available");
}

void RandomSource::Refill() {
  std::memset(buffer_.data(), 0, buffer_.size());
  int written = 0;
  CFR_CHECK(EVP_EncryptUpdate(context_, buffer_.data(), &written, buffer_.data(), kBufferBytes) == 1,
            "AES-256-CTR failed");
  Key(buffer_.data());
  std::memset(buffer_.data(), 0, kKeyBytes);
  used_ = kKeyBytes;
}

template <class T>
T RandomSource::Take() {
  if (used_ + sizeof(T) > kBufferBytes) Refill();
  T value;
  std::memcpy(&value, buffer_.data() + used_, sizeof value);
  std::memset(buffer_.data() + used_, 0, sizeof value);
  used_ += sizeof value;
  return value;
}

uint16_t RandomSource::Next16() {
  return Take<uint16_t>();
}
uint32_t RandomSource::Next32() {
  return Take<uint32_t>();
}
uint64_t RandomSource::Next64() {
  return Take<uint64_t>();
}

uint32_t RandomSource::Below(uint64_t bound) {
  uint64_t product = Next32() * bound;
  uint32_t low = static_cast<uint32_t>(product);
  if (low < bound) {
    uint32_t threshold = static_cast<uint32_t>((uint64_t{1} << 32) % bound);
    while (low < threshold) {
      product = Next32() * bound;
      low = static_cast<uint32_t>(product);
    }
  }
  return static_cast<uint32_t>(product >> 32);
}

}  // namespace cfr
