// SPDX-License-Identifier: BSD-3-Clause
// Unix sockets by path. Listening takes a name only from the dead: a socket somebody still serves is
// never replaced, and nobody finds a new one before it is complete.
#pragma once

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cfr {

// kInvalidArgument: empty, or longer than the kernel allows.
absl::StatusOr<sockaddr_un> SocketAddress(const std::string& path);
inline const sockaddr* Generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// A listening, non-blocking socket of `type` (SOCK_STREAM or SOCK_SEQPACKET), its file of exactly `mode`
// whatever the umask is. kAlreadyExists: another process serves it. kFailedPrecondition: the path is no
// socket, or its directory is writable by everybody and not sticky. The directory must exist.
absl::StatusOr<int> OpenListener(const std::string& path, int type, mode_t mode);

}  // namespace cfr
