// SPDX-License-Identifier: BSD-3-Clause
#include "control/hmac.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "common/check.h"

namespace cfr {
namespace {

constexpr const char* kFailed = "OpenSSL computes no SHA-256";

EVP_MAC* Algorithm() {
  static EVP_MAC* const kHmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  return kHmac;
}

const EVP_MD* Sha256Algorithm() {
  static EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return kSha256;
}

}  // namespace

Hmac::Hmac() : context_(EVP_MAC_CTX_new(Algorithm())) {
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                             OSSL_PARAM_construct_end()};
  CFR_CHECK(context_ != nullptr && EVP_MAC_CTX_set_params(context_, parameters) == 1, kFailed);
}

Hmac::~Hmac() {
  EVP_MAC_CTX_free(context_);  // erases the key
}

void Hmac::Key(Bytes key) {
  // An empty key is written as one zero byte, which HMAC pads to the same block; a null one means "as
  // before".
  static constexpr uint8_t kZero = 0;
  if (key.empty()) key = {&kZero, 1};
  CFR_CHECK(EVP_MAC_init(context_, key.data(), key.size(), nullptr) == 1, kFailed);
}

Digest Hmac::Of(Bytes message) {
  Digest digest;
  size_t bytes = 0;
  CFR_CHECK(EVP_MAC_update(context_, message.data(), message.size()) == 1 &&
                EVP_MAC_final(context_, digest.data(), &bytes, digest.size()) == 1 &&
                EVP_MAC_init(context_, nullptr, 0, nullptr) == 1,
            kFailed);
  return digest;
}

Digest Expand(Hmac* keyed, Bytes info) {
  static constexpr uint8_t kFirstBlock = 1;
  SecretText text(info.size() + 1);
  text << info << Bytes(&kFirstBlock, 1);
  return keyed->Of(text);
}

std::array<uint8_t, 32> Sha256(std::initializer_list<Bytes> parts) {
  std::array<uint8_t, 32> digest;
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  CFR_CHECK(context != nullptr && EVP_DigestInit_ex2(context, Sha256Algorithm(), nullptr) == 1, kFailed);
  for (Bytes part : parts) CFR_CHECK(EVP_DigestUpdate(context, part.data(), part.size()) == 1, kFailed);
  CFR_CHECK(EVP_DigestFinal_ex(context, digest.data(), nullptr) == 1, kFailed);
  EVP_MD_CTX_free(context);
  return digest;
}

}  // namespace cfr
