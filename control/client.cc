// SPDX-License-Identifier: BSD-3-Clause
#include "control/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace cfr {
namespace {

constexpr size_t kAnswerMax = size_t{64} << 20;

class Connection {
 public:
  ~Connection() {
    if (socket_ >= 0) close(socket_);
  }
  bool Open(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return errno = ENAMETOOLONG, false;
    std::memcpy(address.sun_path, path.data(), path.size());
    socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return socket_ >= 0 && connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  bool Send(const std::string& text) {
    for (size_t done = 0; done < text.size();) {
      ssize_t n = send(socket_, text.data() + done, text.size() - done, MSG_NOSIGNAL);
      if (n <= 0) return false;
      done += static_cast<size_t>(n);
    }
    return true;
  }
  // The next line; false on silence for `timeout_ms`, end of file or excess.
  bool ReadLine(std::string* line, int timeout_ms) {
    char buffer[64 * 1024];
    while (line->find('\n') == std::string::npos) {
      pollfd wait{socket_, POLLIN, 0};
      if (poll(&wait, 1, timeout_ms) != 1) return false;
      ssize_t n = recv(socket_, buffer, sizeof buffer, 0);
      if (n <= 0 || line->size() > kAnswerMax) return false;
      line->append(buffer, static_cast<size_t>(n));
    }
    return true;
  }

 private:
  int socket_ = -1;
};

}  // namespace

Answer Ask(const std::string& socket_path, const std::string& command, const Json& args, int timeout_ms) {
  Connection connection;
  auto unreachable = [&](const std::string& why) {
    return Failure{ExitCode::kUnreachable, absl::StrCat(socket_path, ": ", why), "is cfr-control running? see --socket"};
  };
  if (!connection.Open(socket_path)) return unreachable(std::strerror(errno));
  std::string line;
  connection.Send(Json{{"command", command}, {"args", args}}.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  if (!connection.ReadLine(&line, timeout_ms)) return unreachable("no answer");
  Json reply = Json::parse(line, nullptr, false);
  if (!reply.is_object()) return unreachable("the answer is no JSON object");
  if (reply.contains("result")) return reply["result"];
  Json error = reply.value("error", Json::object());
  return Failure{static_cast<ExitCode>(reply.value("exit", 1)), error.value("message", "unknown error"), error.value("hint", "")};
}

}  // namespace cfr
