// SPDX-License-Identifier: BSD-3-Clause
#include "control/day_keys.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "common/text_file.h"

namespace cfr {
namespace {

constexpr const char* kMagic = "cfr-day-key";
constexpr const char* kPublic = "public";
constexpr const char* kPrivate = "private";
constexpr size_t kFileBytesMax = 256;
constexpr size_t kHexBytes = 64;

absl::Status Failed(const std::string& what) {
  return absl::Status(absl::ErrnoToStatusCode(errno), absl::StrCat(what, ": ", std::strerror(errno)));
}

std::string PathOf(const std::string& out, const char* half, UtcDay day) {
  return absl::StrCat(out, "/", half, "/", FormatDay(day), half == kPublic ? ".pub" : ".key");
}

absl::Status MakeDirectory(const std::string& path, mode_t mode) {
  return mkdir(path.c_str(), mode) == 0 || errno == EEXIST ? absl::OkStatus() : Failed(path);
}

// `octets` in hexadecimal; no copy of it is left.
SecretText& AppendHex(SecretText& text, Bytes octets) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (uint8_t octet : octets) {
    const uint8_t pair[] = {static_cast<uint8_t>(kDigits[octet >> 4]),
                            static_cast<uint8_t>(kDigits[octet & 15])};
    text << pair;
  }
  return text;
}

absl::Status WriteNew(const std::string& path, mode_t mode, const char* half, UtcDay day, Bytes octets) {
  SecretText text(kFileBytesMax);
  text << BytesOf(absl::StrCat(kMagic, " ", half, " ", FormatDay(day), " "));
  AppendHex(text, octets) << BytesOf("\n");
  int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (file < 0) return Failed(path);
  const Bytes all = text;
  absl::Status status = absl::OkStatus();
  if (fchmod(file, mode) != 0 || write(file, all.data(), all.size()) != static_cast<ssize_t>(all.size()) ||
      fsync(file) != 0)
    status = Failed(path);
  close(file);
  return status;
}

int DigitOf(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// The day of the line and its 32 octets, into `octets`.
absl::StatusOr<UtcDay> ReadHalf(const std::string& path, std::string_view line, const char* half,
                                uint8_t* octets) {
  const std::string start = absl::StrCat(kMagic, " ", half, " ");
  constexpr size_t kDayBytes = 10;
  auto wrong = absl::InvalidArgumentError(absl::StrCat(path, ": not the ", half, " half of a day key"));
  if (line.size() != start.size() + kDayBytes + 1 + kHexBytes + 1 || !line.starts_with(start) ||
      line.back() != '\n' || line[start.size() + kDayBytes] != ' ')
    return wrong;
  auto day = ParseDay(line.substr(start.size(), kDayBytes));
  line = line.substr(start.size() + kDayBytes + 1, kHexBytes);
  if (!day.has_value()) return wrong;
  for (size_t i = 0; i < kHexBytes; i += 2) {
    const int high = DigitOf(line[i]), low = DigitOf(line[i + 1]);
    if (high < 0 || low < 0) return wrong;
    octets[i / 2] = static_cast<uint8_t>(high << 4 | low);
  }
  return *day;
}

}  // namespace

absl::Status MakeDayKeys(UtcDay first, uint32_t days, const std::string& out) {
  absl::Status status = MakeDirectory(out, 0755);
  if (status.ok()) status = MakeDirectory(absl::StrCat(out, "/", kPublic), 0755);
  if (status.ok()) status = MakeDirectory(absl::StrCat(out, "/", kPrivate), 0700);
  if (!status.ok()) return status;
  for (UtcDay day = first; day < first + days; ++day)
    for (const char* half : {kPrivate, kPublic}) {
      struct stat facts;
      const std::string path = PathOf(out, half, day);
      if (lstat(path.c_str(), &facts) == 0)
        return absl::AlreadyExistsError(absl::StrCat(path, " exists; nothing was written"));
    }
  for (UtcDay day = first; day < first + days; ++day) {
    hpke::PrivateKey key = hpke::GenerateKey();
    status = WriteNew(PathOf(out, kPrivate, day), 0600, kPrivate, day, key);
    if (status.ok()) status = WriteNew(PathOf(out, kPublic, day), 0644, kPublic, day, hpke::PublicOf(key));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<DayKey> ReadDayKey(const std::string& path) {
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Failed(path);
  struct stat facts;
  if (fstat(file, &facts) != 0 || (facts.st_mode & 077) != 0) {
    close(file);
    return absl::PermissionDeniedError(
        absl::StrCat(path, ": others than its owner may read this private key; chmod 600"));
  }
  // Read here and not as a text file, so that the key lies in memory once and is erased.
  std::string text(kFileBytesMax, '\0');
  ssize_t bytes = read(file, text.data(), text.size());
  close(file);
  text.resize(static_cast<size_t>(std::max<ssize_t>(bytes, 0)));
  DayKey day_key;
  auto day = ReadHalf(path, text, kPrivate, day_key.key.data());
  OPENSSL_cleanse(text.data(), text.size());
  if (!day.ok()) return day.status();
  day_key.day = *day;
  return day_key;
}

absl::StatusOr<PublicDayKeys> ReadPublicDayKeys(const std::string& directory) {
  PublicDayKeys keys;
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().extension() != ".pub") continue;
    auto text = ReadTextFile(it->path(), kFileBytesMax);
    if (!text.ok()) return text.status();
    hpke::PublicKey key;
    auto day = ReadHalf(it->path(), *text, kPublic, key.data());
    if (!day.ok()) return day.status();
    if (it->path().stem() != FormatDay(*day))
      return absl::InvalidArgumentError(
          absl::StrCat(it->path().string(), ": holds the key of ", FormatDay(*day)));
    keys[*day] = key;
  }
  if (error)
    return absl::Status(absl::ErrnoToStatusCode(error.value()),
                        absl::StrCat(directory, ": ", error.message()));
  return keys;
}

}  // namespace cfr
