// SPDX-License-Identifier: BSD-3-Clause
#include "control/audit_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/text_file.h"
#include "control/hmac.h"

namespace cfr {
namespace {

constexpr size_t kFileBytesMax = size_t{64} << 20;
constexpr size_t kHexBytes = 64;

struct Audit {
  std::string hash = std::string(kHexBytes, '0');  // of the last line
  uint64_t lines = 0;
};

std::string HashAfter(const std::string& before, const std::string& object) {
  const auto digest = Sha256({BytesOf(before), BytesOf(object)});
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

absl::StatusOr<Audit> Verify(const std::string& text, const std::string& path) {
  Audit audit;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    ++audit.lines;
    const size_t bytes = end == std::string::npos ? 0 : end - at;
    if (bytes <= kHexBytes)
      return absl::DataLossError(absl::StrCat(path, ":", audit.lines, ": not a whole line"));
    audit.hash = HashAfter(audit.hash, text.substr(at, bytes - kHexBytes - 1));
    if (text.substr(end - kHexBytes - 1, kHexBytes + 1) != " " + audit.hash)
      return absl::DataLossError(
          absl::StrCat(path, ":", audit.lines, ": this line or one before it was changed"));
    at = end + 1;
  }
  return audit;
}

absl::Status Failed(const std::string& path) {
  return absl::Status(absl::ErrnoToStatusCode(errno), absl::StrCat(path, ": ", std::strerror(errno)));
}

absl::Status AppendTo(int file, const std::string& path, const Json& line) {
  if (flock(file, LOCK_EX) != 0) return Failed(path);
  auto text = ReadText(file, path, kFileBytesMax);
  if (!text.ok()) return text.status();
  auto audit = Verify(*text, path);
  if (!audit.ok()) return audit.status();
  const std::string object = line.dump(-1, ' ', true, Json::error_handler_t::replace);
  const std::string whole = absl::StrCat(object, " ", HashAfter(audit->hash, object), "\n");
  if (write(file, whole.data(), whole.size()) != static_cast<ssize_t>(whole.size()) || fsync(file) != 0)
    return Failed(path);
  return absl::OkStatus();
}

}  // namespace

absl::Status AppendAudit(const std::string& path, const Json& line) {
  int file = open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return Failed(path);
  absl::Status status = AppendTo(file, path, line);
  close(file);
  return status;
}

absl::StatusOr<uint64_t> CheckAudit(const std::string& path) {
  auto text = ReadTextFile(path, kFileBytesMax);
  if (!text.ok()) return text.status();
  auto audit = Verify(*text, path);
  if (!audit.ok()) return audit.status();
  return audit->lines;
}

}  // namespace cfr
