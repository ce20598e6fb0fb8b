// SPDX-License-Identifier: BSD-3-Clause
#include "control/client.h"

#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/unix_socket.h"

namespace cfr {
namespace {

constexpr size_t kAnswerMax = size_t{64} << 20;

class Connection {
 public:
  // Every call below waits at most `timeout_ms`.
  explicit Connection(int timeout_ms) : socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    timeval timeout{timeout_ms / 1000, timeout_ms % 1000 * 1000};
    setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  }
  ~Connection() {
    if (socket_ >= 0) close(socket_);
  }
  bool Open(const sockaddr_un& address) { return connect(socket_, Generic(address), sizeof address) == 0; }
  bool Send(std::string_view text) {
    while (!text.empty()) {
      ssize_t n = send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      text.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
  // Up to the first newline; false on silence, end of file or excess.
  bool ReadLine(std::string* line) {
    char buffer[64 * 1024];
    while (line->empty() || line->back() != '\n') {
      ssize_t n = recv(socket_, buffer, sizeof buffer, 0);
      if (n <= 0 || line->size() > kAnswerMax) return false;
      line->append(buffer, static_cast<size_t>(n));
    }
    return true;
  }

 private:
  int socket_;
};

const char* HintFor(int error) {
  if (error == EACCES)
    return "become root or join the group of the socket; readonly.sock beside it is for everybody";
  if (error == ENOENT || error == ECONNREFUSED)
    return "is cfr-control running? another socket: --socket PATH";
  return "cfrctl doctor";
}

// What it says, believed only as far as it has the form of an answer.
Answer Understand(const Json& reply, const Failure& otherwise) {
  if (!reply.is_object()) return otherwise;
  if (reply.contains("result") && reply["result"].is_object()) return reply["result"];
  const Json error = reply.value("error", Json());
  if (!error.is_object() || !reply.contains("exit") || !reply["exit"].is_number_integer()) return otherwise;
  for (const ExitCodeRow& row : kExitCodeRows)
    if (reply["exit"] == static_cast<int>(row.code) && error.contains("message") &&
        error["message"].is_string())
      return Failure{row.code, error["message"],
                     error.contains("hint") && error["hint"].is_string() ? error["hint"] : ""};
  return otherwise;
}

}  // namespace

Answer Ask(const std::string& socket_path, const std::string& command, const Json& args, int timeout_ms) {
  auto unreachable = [&](const std::string& why, const char* hint) {
    return Failure{ExitCode::kUnreachable, absl::StrCat(socket_path, ": ", why), hint};
  };
  auto address = SocketAddress(socket_path);
  if (!address.ok())
    return Failure{ExitCode::kUsage, std::string(address.status().message()), "--socket PATH"};
  Connection connection(timeout_ms);
  if (!connection.Open(*address))
    return unreachable(errno == EAGAIN ? "no answer" : std::strerror(errno), HintFor(errno));
  // What it says is read even when it did not listen to the end: it may be why.
  connection.Send(ToLine({{"command", command}, {"args", args}}));
  std::string line;
  if (!connection.ReadLine(&line)) return unreachable("no answer", HintFor(0));
  return Understand(ParseJson(line),
                    unreachable("not the answer of a cfr-control of this release", HintFor(0)));
}

}  // namespace cfr
