// SPDX-License-Identifier: BSD-3-Clause
#include "common/text_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace cfr {
namespace {

constexpr size_t kPieceBytes = 64 * 1024;

absl::Status Failed(const std::string& name) {
  return absl::Status(absl::ErrnoToStatusCode(errno), absl::StrCat(name, ": ", std::strerror(errno)));
}

}  // namespace

absl::StatusOr<std::string> ReadText(int file, const std::string& name, size_t bytes_max) {
  std::string text;
  for (;;) {
    const size_t before = text.size();
    text.resize(before + kPieceBytes);
    ssize_t n = read(file, text.data() + before, kPieceBytes);
    text.resize(before + static_cast<size_t>(n > 0 ? n : 0));
    if (n < 0 && errno != EINTR) return Failed(name);
    if (n == 0) return text;
    if (text.size() > bytes_max)
      return absl::OutOfRangeError(absl::StrCat(name, ": longer than ", bytes_max, " bytes"));
  }
}

absl::StatusOr<std::string> ReadTextFile(const std::string& path, size_t bytes_max) {
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Failed(path);
  auto text = ReadText(file, path, bytes_max);
  close(file);
  return text;
}

}  // namespace cfr
