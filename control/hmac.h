// SPDX-License-Identifier: BSD-3-Clause
// HMAC-SHA-256 (RFC 2104) and the expansion step of HKDF (RFC 5869), through OpenSSL. One object is one
// thread's.
#pragma once

#include <openssl/evp.h>

#include "control/secret.h"

namespace cfr {

using Digest = Secret<32>;

class Hmac {
 public:
  Hmac();  // without a key yet
  explicit Hmac(Bytes key) : Hmac() { Key(key); }
  ~Hmac();
  Hmac(const Hmac&) = delete;
  Hmac& operator=(const Hmac&) = delete;

  void Key(Bytes key);
  Digest Of(Bytes message);

 private:
  EVP_MAC_CTX* context_;
};

// HKDF-Expand for at most 32 bytes: the first `bytes` of one block.
Digest Expand(Hmac* keyed, Bytes info);
// SHA-256 of the parts one after the other.
std::array<uint8_t, 32> Sha256(std::initializer_list<Bytes> parts);

}  // namespace cfr
