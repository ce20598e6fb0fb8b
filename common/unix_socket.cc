// SPDX-License-Identifier: BSD-3-Clause
#include "common/unix_socket.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace cfr {
namespace {

constexpr int kBacklog = 16;

absl::Status Failed(const std::string& what) {
  return absl::InternalError(absl::StrCat(what, ": ", std::strerror(errno)));
}

absl::Status CheckDirectory(const std::string& socket_path) {
  size_t slash = socket_path.find_last_of('/');
  std::string directory = slash == std::string::npos ? "." : socket_path.substr(0, slash + 1);
  struct stat facts;
  if (stat(directory.c_str(), &facts) != 0) return Failed(directory);
  if ((facts.st_mode & S_IWOTH) == 0 || (facts.st_mode & S_ISVTX) != 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(directory, ": anybody could replace the socket here; run: chmod o-w ", directory));
}

// Asked with another socket type, a live one answers EPROTOTYPE without noticing that it was asked.
absl::Status CheckReplaceable(const std::string& path, const sockaddr_un& address) {
  struct stat facts;
  if (lstat(path.c_str(), &facts) != 0) return errno == ENOENT ? absl::OkStatus() : Failed(path);
  if (!S_ISSOCK(facts.st_mode))
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": is no socket; remove it or choose another path"));
  int probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return Failed("socket");
  bool dead = connect(probe, Generic(address), sizeof address) != 0 && errno == ECONNREFUSED;
  close(probe);
  if (dead) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrCat(path, ": another process serves this socket; stop it first"));
}

// Bound under a passing name and renamed when it listens.
absl::Status BindListening(int listener, const std::string& path, mode_t mode) {
  std::string passing = absl::StrCat(path, ".", getpid());
  auto address = SocketAddress(passing);
  if (!address.ok()) return address.status();
  unlink(passing.c_str());
  if (fchmod(listener, mode) != 0 || bind(listener, Generic(*address), sizeof *address) != 0)
    return Failed(passing);
  if (chmod(passing.c_str(), mode) == 0 && listen(listener, kBacklog) == 0 &&
      rename(passing.c_str(), path.c_str()) == 0) {
    return absl::OkStatus();
  }
  absl::Status status = Failed(path);
  unlink(passing.c_str());
  return status;
}

}  // namespace

absl::StatusOr<sockaddr_un> SocketAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return absl::InvalidArgumentError(absl::StrCat("socket path \"", path, "\": 1 to ",
                                                   sizeof address.sun_path - 1, " bytes are possible"));
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

absl::StatusOr<int> OpenListener(const std::string& path, int type, mode_t mode) {
  auto address = SocketAddress(path);
  if (!address.ok()) return address.status();
  if (auto status = CheckDirectory(path); !status.ok()) return status;
  if (auto status = CheckReplaceable(path, *address); !status.ok()) return status;
  int listener = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0) return Failed("socket");
  auto status = BindListening(listener, path, mode);
  if (status.ok()) return listener;
  close(listener);
  return status;
}

}  // namespace cfr
