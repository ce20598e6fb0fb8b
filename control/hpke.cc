// SPDX-License-Identifier: BSD-3-Clause
#include "control/hpke.h"

#include <openssl/rand.h>

#include <algorithm>

#include "common/check.h"

namespace cfr::hpke {
namespace {

constexpr uint16_t kKem = 0x0020;         // DHKEM(X25519, HKDF-SHA256)
constexpr uint16_t kKdf = 0x0001;         // HKDF-SHA256
constexpr size_t kLabeledBytesMax = 512;  // more only for a longer info, which is no secret

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bytes Text(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string BigEndian(uint16_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string KemSuite() {
  return "KEM" + BigEndian(kKem);
}

std::string Suite(uint16_t algorithm) {
  return "HPKE" + BigEndian(kKem) + BigEndian(kKdf) + BigEndian(algorithm);
}

// Section 4, LabeledExtract and LabeledExpand.
Digest LabeledExtract(const std::string& suite, Bytes salt, std::string_view label, Bytes secret) {
  SecretText text(kLabeledBytesMax + secret.size());
  text << Text("HPKE-v1") << BytesOf(suite) << Text(label) << secret;
  return Hmac(salt).Of(text);
}

Digest LabeledExpand(const std::string& suite, Bytes key, std::string_view label, Bytes info, size_t bytes) {
  SecretText text(kLabeledBytesMax + info.size());
  text << BytesOf(BigEndian(static_cast<uint16_t>(bytes))) << Text("HPKE-v1") << BytesOf(suite) << Text(label)
       << info;
  Hmac keyed(key);
  return Expand(&keyed, text);
}

Key Imported(const PrivateKey& key) {
  Key imported(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, key.data(), key.size()), EVP_PKEY_free);
  CFR_CHECK(imported != nullptr, "OpenSSL has no X25519");
  return imported;
}

std::optional<Digest> Agree(const PrivateKey& own, const PublicKey& other) {
  Key mine = Imported(own);
  Key theirs(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, other.data(), other.size()),
             EVP_PKEY_free);
  std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(EVP_PKEY_CTX_new(mine.get(), nullptr),
                                                                      EVP_PKEY_CTX_free);
  Digest secret;
  size_t bytes = secret.size();
  // The derivation fails when the result is zero.
  if (theirs == nullptr || context == nullptr || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), theirs.get()) != 1 ||
      EVP_PKEY_derive(context.get(), secret.data(), &bytes) != 1)
    return std::nullopt;
  return secret;
}

// Section 4.1, ExtractAndExpand.
Digest SharedSecret(Bytes agreed, const PublicKey& encapsulated, const PublicKey& receiver) {
  Digest key = LabeledExtract(KemSuite(), {}, "eae_prk", agreed);
  std::array<uint8_t, 64> context;
  std::copy(receiver.begin(), receiver.end(),
            std::copy(encapsulated.begin(), encapsulated.end(), context.begin()));
  return LabeledExpand(KemSuite(), key, "shared_secret", context, Digest::size());
}

}  // namespace

PrivateKey GenerateKey() {
  PrivateKey key;
  CFR_CHECK(RAND_priv_bytes(key.data(), static_cast<int>(key.size())) == 1, "the kernel gives no entropy");
  return key;
}

PublicKey PublicOf(const PrivateKey& key) {
  PublicKey half;
  size_t bytes = half.size();
  CFR_CHECK(EVP_PKEY_get_raw_public_key(Imported(key).get(), half.data(), &bytes) == 1,
            "OpenSSL has no X25519");
  return half;
}

Context::Context(Bytes shared_secret, Bytes info, AeadAlgorithm algorithm)
    : algorithm_(static_cast<uint16_t>(algorithm)), aead_(algorithm) {
  const std::string suite = Suite(algorithm_);
  std::array<uint8_t, 65> context{};  // mode base, then two digests
  Digest no_psk = LabeledExtract(suite, {}, "psk_id_hash", {});
  Digest info_digest = LabeledExtract(suite, {}, "info_hash", info);
  std::copy_n(no_psk.data(), no_psk.size(), context.begin() + 1);
  std::copy_n(info_digest.data(), info_digest.size(), context.begin() + 33);
  Digest secret = LabeledExtract(suite, shared_secret, "secret", {});
  Digest key = LabeledExpand(suite, secret, "key", context, KeyBytes(algorithm));
  aead_.Key(Bytes(key).first(KeyBytes(algorithm)));
  Digest nonce = LabeledExpand(suite, secret, "base_nonce", context, base_nonce_.size());
  std::copy_n(nonce.data(), base_nonce_.size(), base_nonce_.begin());
  exporter_secret_ = LabeledExpand(suite, secret, "exp", context, Digest::size());
}

AeadNonce Context::NonceOf(uint64_t sequence) const {
  AeadNonce nonce = base_nonce_;
  for (size_t i = nonce.size(); sequence != 0; sequence >>= 8) nonce[--i] ^= static_cast<uint8_t>(sequence);
  return nonce;
}

void Context::Seal(Bytes associated, Bytes plaintext, std::string* sealed) {
  const size_t before = sealed->size();
  sealed->resize(before + plaintext.size() + kAeadTagBytes);
  aead_.Seal(NonceOf(sequence_++), associated, plaintext,
             reinterpret_cast<uint8_t*>(sealed->data()) + before);
}

bool Context::Open(uint64_t sequence, Bytes associated, Bytes sealed, uint8_t* plaintext) {
  return aead_.Open(NonceOf(sequence), associated, sealed, plaintext);
}

Digest Context::Export(Bytes exporter_context) const {
  return LabeledExpand(Suite(algorithm_), exporter_secret_, "sec", exporter_context, Digest::size());
}

std::optional<Sender> SetupSender(const PublicKey& receiver, Bytes info, AeadAlgorithm algorithm,
                                  const PrivateKey& ephemeral) {
  auto agreed = Agree(ephemeral, receiver);
  if (!agreed.has_value()) return std::nullopt;
  PublicKey encapsulated = PublicOf(ephemeral);
  Digest shared = SharedSecret(*agreed, encapsulated, receiver);
  return Sender{encapsulated, std::make_unique<Context>(shared, info, algorithm)};
}

std::unique_ptr<Context> SetupReceiver(const PublicKey& encapsulated, const PrivateKey& receiver, Bytes info,
                                       AeadAlgorithm algorithm) {
  auto agreed = Agree(receiver, encapsulated);
  if (!agreed.has_value()) return nullptr;
  Digest shared = SharedSecret(*agreed, encapsulated, PublicOf(receiver));
  return std::make_unique<Context>(shared, info, algorithm);
}

}  // namespace cfr::hpke
