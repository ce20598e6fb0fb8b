// SPDX-License-Identifier: BSD-3-Clause
#include "common/siphash.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <random>
#include <vector>

namespace cfr {
namespace {

uint64_t OpenSslSipHash(const SipKey& key, const std::vector<uint64_t>& words) {
  EVP_MAC* mac = EVP_MAC_fetch(nullptr, "SIPHASH", nullptr);
  EVP_MAC_CTX* context = EVP_MAC_CTX_new(mac);
  unsigned size = 8;
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_SIZE, &size),
                             OSSL_PARAM_construct_end()};
  uint64_t hash = 0;
  size_t written = 0;
  bool done =
      EVP_MAC_init(context, reinterpret_cast<const uint8_t*>(&key), sizeof key, parameters) == 1 &&
      EVP_MAC_update(context, reinterpret_cast<const uint8_t*>(words.data()), words.size() * 8) == 1 &&
      EVP_MAC_final(context, reinterpret_cast<uint8_t*>(&hash), &written, sizeof hash) == 1;
  EVP_MAC_CTX_free(context);
  EVP_MAC_free(mac);
  EXPECT_TRUE(done && written == 8);
  return hash;
}

TEST(SipHash, PublishedVector) {
  // Aumasson and Bernstein, appendix A: key 00..0f, message 00..07 of the test table.
  SipKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  EXPECT_EQ(SipHash(key).Finish(), 0x726fdb47dd0e0e31);
  EXPECT_EQ(SipHash(key).Add(0x0706050403020100).Finish(), 0x93f5f5799a932462);
}

TEST(SipHash, AgreesWithOpenSsl) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    SipKey key{random(), random()};
    std::vector<uint64_t> words(random() % 8);
    SipHash hash(key);
    for (uint64_t& w : words) hash.Add(w = random());
    ASSERT_EQ(hash.Finish(), OpenSslSipHash(key, words));
  }
}

}  // namespace
}  // namespace cfr
