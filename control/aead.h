// SPDX-License-Identifier: BSD-3-Clause
// Authenticated encryption (RFC 5116) through OpenSSL. One object is one thread's.
#pragma once

#include <openssl/evp.h>

#include "control/secret.h"

namespace cfr {

// With their numbers in HPKE (RFC 9180 section 7.3).
enum class AeadAlgorithm : uint16_t { kAes128Gcm = 1, kAes256Gcm = 2, kChaCha20Poly1305 = 3 };

using AeadNonce = std::array<uint8_t, 12>;
inline constexpr size_t kAeadTagBytes = 16;

constexpr size_t KeyBytes(AeadAlgorithm algorithm) {
  return algorithm == AeadAlgorithm::kAes128Gcm ? 16 : 32;
}

class Aead {
 public:
  explicit Aead(AeadAlgorithm algorithm);
  ~Aead();
  Aead(const Aead&) = delete;
  Aead& operator=(const Aead&) = delete;

  // `key` has KeyBytes(algorithm).
  void Key(Bytes key);
  // Writes ciphertext and tag, plaintext.size() + kAeadTagBytes. Never twice with one key and nonce.
  void Seal(const AeadNonce& nonce, Bytes associated, Bytes plaintext, uint8_t* sealed);
  // Writes the plaintext, sealed.size() - kAeadTagBytes; false, and nothing there, if it is not authentic.
  bool Open(const AeadNonce& nonce, Bytes associated, Bytes sealed, uint8_t* plaintext);

 private:
  EVP_CIPHER* cipher_;
  EVP_CIPHER_CTX* context_;
};

}  // namespace cfr
