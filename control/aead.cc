// SPDX-License-Identifier: BSD-3-Clause
#include "control/aead.h"

#include "common/check.h"

namespace cfr {
namespace {

constexpr const char* kFailed = "OpenSSL does not encrypt";

const char* Name(AeadAlgorithm algorithm) {
  switch (algorithm) {
    case AeadAlgorithm::kAes128Gcm:
      return "AES-128-GCM";
    case AeadAlgorithm::kAes256Gcm:
      return "AES-256-GCM";
    case AeadAlgorithm::kChaCha20Poly1305:
      return "ChaCha20-Poly1305";
  }
  return "";
}

}  // namespace

Aead::Aead(AeadAlgorithm algorithm)
    : cipher_(EVP_CIPHER_fetch(nullptr, Name(algorithm), nullptr)), context_(EVP_CIPHER_CTX_new()) {
  CFR_CHECK(cipher_ != nullptr && context_ != nullptr &&
                EVP_CipherInit_ex2(context_, cipher_, nullptr, nullptr, 1, nullptr) == 1,
            kFailed);
}

Aead::~Aead() {
  EVP_CIPHER_CTX_free(context_);  // erases the key
  EVP_CIPHER_free(cipher_);
}

void Aead::Key(Bytes key) {
  CFR_CHECK(EVP_CipherInit_ex2(context_, nullptr, key.data(), nullptr, -1, nullptr) == 1, kFailed);
}

void Aead::Seal(const AeadNonce& nonce, Bytes associated, Bytes plaintext, uint8_t* sealed) {
  int written = 0, last = 0;
  const int bytes = static_cast<int>(plaintext.size());
  CFR_CHECK(EVP_CipherInit_ex2(context_, nullptr, nullptr, nonce.data(), 1, nullptr) == 1 &&
                EVP_CipherUpdate(context_, nullptr, &written, associated.data(),
                                 static_cast<int>(associated.size())) == 1 &&
                EVP_CipherUpdate(context_, sealed, &written, plaintext.data(), bytes) == 1 &&
                EVP_CipherFinal_ex(context_, sealed + written, &last) == 1 &&
                EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_GET_TAG, kAeadTagBytes, sealed + bytes) == 1,
            kFailed);
}

bool Aead::Open(const AeadNonce& nonce, Bytes associated, Bytes sealed, uint8_t* plaintext) {
  if (sealed.size() < kAeadTagBytes) return false;
  int written = 0, last = 0;
  const int bytes = static_cast<int>(sealed.size() - kAeadTagBytes);
  std::array<uint8_t, kAeadTagBytes> tag;
  std::copy(sealed.end() - kAeadTagBytes, sealed.end(), tag.begin());
  bool authentic = EVP_CipherInit_ex2(context_, nullptr, nullptr, nonce.data(), 0, nullptr) == 1 &&
                   EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_SET_TAG, kAeadTagBytes, tag.data()) == 1 &&
                   EVP_CipherUpdate(context_, nullptr, &written, associated.data(),
                                    static_cast<int>(associated.size())) == 1 &&
                   EVP_CipherUpdate(context_, plaintext, &written, sealed.data(), bytes) == 1 &&
                   EVP_CipherFinal_ex(context_, plaintext + written, &last) == 1;
  if (!authentic) OPENSSL_cleanse(plaintext, static_cast<size_t>(bytes));
  return authentic;
}

}  // namespace cfr
