// SPDX-License-Identifier: BSD-3-Clause
// Hybrid public key encryption, RFC 9180, as far as records need it: base mode, DHKEM(X25519, HKDF-SHA256),
// HKDF-SHA256, any of its AEADs. OpenSSL has it from 3.2 on; this is made of its primitives.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "control/aead.h"
#include "control/hmac.h"
#include "control/secret.h"

namespace cfr::hpke {

using PublicKey = std::array<uint8_t, 32>;
using PrivateKey = Secret<32>;

PrivateKey GenerateKey();
PublicKey PublicOf(const PrivateKey& key);

// Section 5.2. Keys are erased when it ends.
class Context {
 public:
  // `shared_secret` as the KEM gives it (section 5.1, KeySchedule).
  Context(Bytes shared_secret, Bytes info, AeadAlgorithm algorithm);

  // Appends the ciphertext of the next sequence number, from 0 on.
  void Seal(Bytes associated, Bytes plaintext, std::string* sealed);
  // What was sealed with `sequence`; false if it is not authentic.
  bool Open(uint64_t sequence, Bytes associated, Bytes sealed, uint8_t* plaintext);
  Digest Export(Bytes exporter_context) const;  // section 5.3, 32 bytes

 private:
  AeadNonce NonceOf(uint64_t sequence) const;

  const uint16_t algorithm_;
  Aead aead_;
  AeadNonce base_nonce_;
  Digest exporter_secret_;
  uint64_t sequence_ = 0;
};

struct Sender {
  PublicKey encapsulated;
  std::unique_ptr<Context> context;
};

// nullopt if the receiver's key is a point of small order (section 7.1.4). `ephemeral` is used once.
std::optional<Sender> SetupSender(const PublicKey& receiver, Bytes info, AeadAlgorithm algorithm,
                                  const PrivateKey& ephemeral = GenerateKey());
std::unique_ptr<Context> SetupReceiver(const PublicKey& encapsulated, const PrivateKey& receiver, Bytes info,
                                       AeadAlgorithm algorithm);  // nullptr likewise

}  // namespace cfr::hpke
