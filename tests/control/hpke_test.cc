// SPDX-License-Identifier: BSD-3-Clause
#include "control/hpke.h"

#include <gtest/gtest.h>

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace cfr::hpke {
namespace {

std::string Raw(const char* hex) {
  return absl::HexStringToBytes(hex);
}
PublicKey PublicFrom(const char* hex) {
  PublicKey key;
  std::string raw = Raw(hex);
  std::copy(raw.begin(), raw.end(), key.begin());
  return key;
}
PrivateKey PrivateFrom(const char* hex) {
  PrivateKey key;
  std::string raw = Raw(hex);
  std::copy(raw.begin(), raw.end(), key.data());
  return key;
}
std::string Hex(Bytes bytes) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

struct Encryption {
  uint64_t sequence;
  const char* sealed;
};
struct Exported {
  const char* context;
  const char* value;
};
struct Vector {
  const char* name;
  AeadAlgorithm algorithm;
  const char *ephemeral, *encapsulated, *receiver, *receiver_public;
  std::vector<Encryption> encryptions;
  std::vector<Exported> exported;
};

constexpr const char* kInfo = "4f6465206f6e2061204772656369616e2055726e";
constexpr const char* kPlaintext = "4265617574792069732074727574682c20747275746820626561757479";

// RFC 9180 appendix A.1.1 and A.2.1 whole. The RFC prints nothing for X25519 with AES-256-GCM; that one is
// from the file of vectors it refers to.
std::vector<Vector> Vectors() {
  return {
      {"A.1.1",
       AeadAlgorithm::kAes128Gcm,
       "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736",
       "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
       "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
       "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d",
       {{0, "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"},
        {1, "af2d7e9ac9ae7e270f46ba1f975be53c09f8d875bdc8535458c2494e8a6eab251c03d0c22a56b8ca42c2063b84"},
        {2, "498dfcabd92e8acedc281e85af1cb4e3e31c7dc394a1ca20e173cb72516491588d96a19ad4a683518973dcc180"},
        {4, "583bd32bc67a5994bb8ceaca813d369bca7b2a42408cddef5e22f880b631215a09fc0012bc69fccaa251c0246d"},
        {255, "7175db9717964058640a3a11fb9007941a5d1757fda1a6935c805c21af32505bf106deefec4a49ac38d71c9e0a"},
        {256, "957f9800542b0b8891badb026d79cc54597cb2d225b54c00c5238c25d05c30e3fbeda97d2e0e1aba483a2df9f2"}},
       {{"", "3853fe2b4035195a573ffc53856e77058e15d9ea064de3e59f4961d0095250ee"},
        {"00", "2e8f0b54673c7029649d4eb9d5e33bf1872cf76d623ff164ac185da9e88c21a5"},
        {"54657374436f6e74657874", "e9e43065102c3836401bed8c3c3c75ae46be1639869391d62c61f1ec7af54931"}}},
      {"A.2.1",
       AeadAlgorithm::kChaCha20Poly1305,
       "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600",
       "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
       "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
       "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
       {{0, "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"},
        {1, "6b53c051e4199c518de79594e1c4ab18b96f081549d45ce015be002090bb119e85285337cc95ba5f59992dc98c"},
        {2, "71146bd6795ccc9c49ce25dda112a48f202ad220559502cef1f34271e0cb4b02b4f10ecac6f48c32f878fae86b"},
        {4, "63357a2aa291f5a4e5f27db6baa2af8cf77427c7c1a909e0b37214dd47db122bb153495ff0b02e9e54a50dbe16"},
        {255, "18ab939d63ddec9f6ac2b60d61d36a7375d2070c9b683861110757062c52b8880a5f6b3936da9cd6c23ef2a95c"},
        {256, "7a4a13e9ef23978e2c520fd4d2e757514ae160cd0cd05e556ef692370ca53076214c0c40d4c728d6ed9e727a5b"}},
       {{"", "4bbd6243b8bb54cec311fac9df81841b6fd61f56538a775e7c80a9f40160606e"},
        {"00", "8c1df14732580e5501b00f82b10a1647b40713191b7c1240ac80e2b68808ba69"},
        {"54657374436f6e74657874", "5acb09211139c43b3090489a9da433e8a30ee7188ba8b0a9a1ccf0c229283e53"}}},
      {"X25519 and AES-256-GCM",
       AeadAlgorithm::kAes256Gcm,
       "179d4b53b6365c45b600c4163b61d95cbc2f4d9e36f1695558dce265ab8bab11",
       "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256",
       "497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d",
       "430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c",
       {{0, "e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a"},
        {1, "2c43aff25343fdbff864506f0818b9d87df84ea01b1a2144d23b4d40c26bf655fdf197fe40297a8aebeed5cc2d"},
        {2, "e0a8f2cf92ff61215edbb8c55dc31fe9e2eb42a5685867bb6854211542099f9e940c4b41c192bc390835b1a5f7"},
        {4, "448a8892f261cbb6bf5b7b64a4fae8a2c86492494b069c10525895d871c27c2f12cd17e0588fedaba9f7b0cd4c"},
        {10, "8c26159d7fb4c50cf29b0fd2d005d9a04dd42402f8e4e1dc9e2dd7cd0cf807f5b5a230554127c85510f95d945f"},
        {72, "10a66fd85dee2f3179efe704174f2fa4fdf0dc3839c6ba06a39f947dcd9422a32fb5b7df5d6a467bb0c5035d32"}},
       {}},
  };
}

std::string AssociatedOf(uint64_t sequence) {
  return absl::StrCat("Count-", sequence);
}

class HpkeVectors : public testing::TestWithParam<Vector> {};
INSTANTIATE_TEST_SUITE_P(Rfc9180, HpkeVectors, testing::ValuesIn(Vectors()),
                         [](const auto& info) { return absl::StrCat("Vector", info.index); });

TEST_P(HpkeVectors, Sender) {
  const Vector& v = GetParam();
  EXPECT_EQ(Hex(PublicOf(PrivateFrom(v.receiver))), v.receiver_public);
  auto sender =
      SetupSender(PublicFrom(v.receiver_public), BytesOf(Raw(kInfo)), v.algorithm, PrivateFrom(v.ephemeral));
  ASSERT_TRUE(sender.has_value());
  EXPECT_EQ(Hex(sender->encapsulated), v.encapsulated);
  uint64_t next = 0;
  for (const Encryption& e : v.encryptions) {
    std::string sealed;
    for (; next <= e.sequence; ++next) {
      sealed.clear();
      sender->context->Seal(BytesOf(AssociatedOf(next)), BytesOf(Raw(kPlaintext)), &sealed);
    }
    EXPECT_EQ(Hex(BytesOf(sealed)), e.sealed) << v.name << " " << e.sequence;
  }
  for (const Exported& e : v.exported)
    EXPECT_EQ(Hex(sender->context->Export(BytesOf(Raw(e.context)))), e.value) << v.name;
}

TEST_P(HpkeVectors, Receiver) {
  const Vector& v = GetParam();
  auto context =
      SetupReceiver(PublicFrom(v.encapsulated), PrivateFrom(v.receiver), BytesOf(Raw(kInfo)), v.algorithm);
  ASSERT_NE(context, nullptr);
  for (const Encryption& e : v.encryptions) {
    const std::string sealed = Raw(e.sealed);
    std::string plaintext(Raw(kPlaintext).size(), '\0');
    auto* out = reinterpret_cast<uint8_t*>(plaintext.data());
    EXPECT_TRUE(context->Open(e.sequence, BytesOf(AssociatedOf(e.sequence)), BytesOf(sealed), out));
    EXPECT_EQ(plaintext, Raw(kPlaintext));
    EXPECT_FALSE(context->Open(e.sequence + 1, BytesOf(AssociatedOf(e.sequence)), BytesOf(sealed), out));
    EXPECT_EQ(plaintext, std::string(plaintext.size(), '\0'))
        << "what is not authentic is not left lying about";
  }
  for (const Exported& e : v.exported) EXPECT_EQ(Hex(context->Export(BytesOf(Raw(e.context)))), e.value);
}

class HpkeTest : public testing::Test {
 protected:
  bool Opens(const PrivateKey& key, const std::string& info, const std::string& associated,
             const std::string& sealed) {
    auto context = SetupReceiver(sender_->encapsulated, key, BytesOf(info), AeadAlgorithm::kAes256Gcm);
    uint8_t plaintext[64];
    return context != nullptr && context->Open(0, BytesOf(associated), BytesOf(sealed), plaintext);
  }
  PrivateKey key_ = GenerateKey();
  std::optional<Sender> sender_ = SetupSender(PublicOf(key_), BytesOf("info"), AeadAlgorithm::kAes256Gcm);
};

TEST_F(HpkeTest, OnlyTheSameKeyInfoAndTextOpen) {
  std::string sealed;
  sender_->context->Seal(BytesOf("aad"), BytesOf("plain"), &sealed);
  EXPECT_TRUE(Opens(key_, "info", "aad", sealed));
  EXPECT_FALSE(Opens(GenerateKey(), "info", "aad", sealed));
  EXPECT_FALSE(Opens(key_, "inf0", "aad", sealed));
  EXPECT_FALSE(Opens(key_, "info", "aae", sealed));
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] ^= 1;
    EXPECT_FALSE(Opens(key_, "info", "aad", changed)) << i;
    EXPECT_FALSE(Opens(key_, "info", "aad", sealed.substr(0, i))) << i;
  }
}

TEST_F(HpkeTest, EachEncapsulationIsFresh) {
  auto other = SetupSender(PublicOf(key_), BytesOf("info"), AeadAlgorithm::kAes256Gcm);
  EXPECT_NE(other->encapsulated, sender_->encapsulated);
  EXPECT_NE(Hex(other->context->Export({})), Hex(sender_->context->Export({})));
}

TEST_F(HpkeTest, PointsOfSmallOrderAreRefused) {
  PublicKey zero{}, one{1};
  for (const PublicKey& point : {zero, one}) {
    EXPECT_FALSE(SetupSender(point, {}, AeadAlgorithm::kAes256Gcm).has_value());
    EXPECT_EQ(SetupReceiver(point, key_, {}, AeadAlgorithm::kAes256Gcm), nullptr);
  }
}

}  // namespace
}  // namespace cfr::hpke
