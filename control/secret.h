// SPDX-License-Identifier: BSD-3-Clause
// Bytes that are erased when their holder ends.
#pragma once

#include <openssl/crypto.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace cfr {

using Bytes = std::span<const uint8_t>;

inline Bytes BytesOf(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

template <size_t kBytes>
class Secret {
 public:
  Secret() = default;
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  ~Secret() { Erase(); }

  void Erase() { OPENSSL_cleanse(bytes_.data(), kBytes); }
  uint8_t* data() { return bytes_.data(); }
  const uint8_t* data() const { return bytes_.data(); }
  static constexpr size_t size() { return kBytes; }
  operator Bytes() const { return bytes_; }

 private:
  std::array<uint8_t, kBytes> bytes_{};
};

// Text put together from secrets; erased at its end. Reserve what it will hold: a text that grows leaves a
// copy behind.
class SecretText {
 public:
  explicit SecretText(size_t bytes_max) { text_.reserve(bytes_max); }
  ~SecretText() { OPENSSL_cleanse(text_.data(), text_.size()); }
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;

  SecretText& operator<<(Bytes bytes) {
    text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return *this;
  }
  operator Bytes() const { return BytesOf(text_); }

 private:
  std::string text_;
};

}  // namespace cfr
