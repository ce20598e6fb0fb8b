// SPDX-License-Identifier: BSD-3-Clause
#include "control/api_server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/limits.h"
#include "control/log.h"

namespace cfr {
namespace {

constexpr size_t kReadBytes = 16 * 1024;
// A configuration travels as one line of JSON, escaped.
constexpr size_t kLineMax = static_cast<size_t>(kConfigBytesMax) + kApiLineBytesMax;

std::string PeerText(int socket) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return "unknown";
  return absl::StrCat("uid=", peer.uid, ",pid=", peer.pid);
}

}  // namespace

const char* CodeName(ExitCode code) {
  switch (code) {
    case ExitCode::kOk: return "ok";
    case ExitCode::kFailed: return "failed";
    case ExitCode::kUsage: return "usage";
    case ExitCode::kUnreachable: return "unreachable";
    case ExitCode::kConfig: return "config";
    case ExitCode::kConflict: return "conflict";
    case ExitCode::kDeadline: return "deadline";
  }
  return "failed";
}

absl::StatusOr<std::unique_ptr<ApiServer>> ApiServer::Listen(const std::string& directory, Handler handler) {
  std::unique_ptr<ApiServer> server(new ApiServer(std::move(handler)));
  if (auto status = server->OpenSocket(directory + "/control.sock", 0660, false); !status.ok()) return status;
  if (auto status = server->OpenSocket(directory + "/readonly.sock", 0666, true); !status.ok()) return status;
  return server;
}

absl::Status ApiServer::OpenSocket(const std::string& path, unsigned mode, bool read_only) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return absl::InvalidArgumentError(absl::StrCat("socket path too long: ", path));
  std::memcpy(address.sun_path, path.data(), path.size());
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  unlink(path.c_str());
  mode_t former = umask(0777 & ~mode);  // never wider than it should be, not even for a moment
  bool bound = listener >= 0 && bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  umask(former);
  if (!bound || listen(listener, 16) != 0) {
    std::string why = std::strerror(errno);
    if (listener >= 0) close(listener);
    return absl::InternalError(absl::StrCat(path, ": ", why));
  }
  listeners_.push_back({listener, read_only, path});
  return absl::OkStatus();
}

ApiServer::~ApiServer() {
  for (const Client& client : clients_) close(client.socket);
  for (const Listener& listener : listeners_) {
    close(listener.socket);
    unlink(listener.path.c_str());
  }
}

void ApiServer::Poll(int timeout_ms) {
  std::vector<pollfd> polled;
  for (const Listener& l : listeners_) polled.push_back({l.socket, POLLIN, 0});
  for (const Client& c : clients_) {
    short events = c.output.empty() ? 0 : POLLOUT;
    if (!c.waiting && !c.closing) events |= POLLIN;
    polled.push_back({c.socket, events, 0});
  }
  poll(polled.data(), polled.size(), timeout_ms);
  size_t i = listeners_.size();
  for (Client& c : clients_) {
    short happened = polled[i++].revents;
    if ((happened & POLLOUT) != 0) Write(c);
    if ((happened & (POLLIN | POLLHUP | POLLERR)) != 0 && !c.waiting) Read(c);
  }
  for (size_t l = 0; l < listeners_.size(); ++l)
    if ((polled[l].revents & POLLIN) != 0) Accept(listeners_[l].socket, listeners_[l].read_only);
  clients_.remove_if([](const Client& c) {
    bool done = c.socket < 0 || (c.closing && c.output.empty());
    if (done && c.socket >= 0) close(c.socket);
    return done;
  });
}

void ApiServer::Accept(int listener, bool read_only) {
  int socket = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (socket < 0) return;
  clients_.emplace_back();
  Client& client = clients_.back();
  client.socket = socket;
  client.read_only = read_only;
  client.id = next_id_++;
  client.peer = PeerText(socket);
  if (clients_.size() > static_cast<size_t>(kApiClientsMax)) Refuse(client, "too many clients");
}

void ApiServer::Read(Client& c) {
  char buffer[kReadBytes];
  ssize_t n = recv(c.socket, buffer, sizeof buffer, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    close(c.socket);
    c.socket = -1;
    return;
  }
  c.input.append(buffer, static_cast<size_t>(n));
  Serve(c);
}

// The next whole line, if there is one and the last was answered. Only the first request of a read-write
// client may be long: it carries a configuration.
void ApiServer::Serve(Client& c) {
  const size_t line_max = c.read_only ? static_cast<size_t>(kApiLineBytesMax) : kLineMax;
  while (!c.waiting && !c.closing) {
    size_t end = c.input.find('\n');
    if (end == std::string::npos || end > line_max) {
      if (c.input.size() > line_max) Refuse(c, absl::StrCat("a line longer than ", line_max, " bytes"));
      return;
    }
    std::string line = c.input.substr(0, end);
    c.input.erase(0, end + 1);
    Obey(c, line);
  }
}

void ApiServer::Obey(Client& c, const std::string& line) {
  Json request = Json::parse(line, nullptr, false);
  if (!request.is_object() || !request.contains("command") || !request["command"].is_string())
    return Refuse(c, "not a JSON object with a \"command\"");
  Json args = request.value("args", Json::object());
  if (!args.is_object()) return Refuse(c, "\"args\" is not an object");
  std::string command = request["command"];
  if (!c.read_only) Log(LogLevel::kInfo, "command", {{"command", command}, {"peer", c.peer}});
  c.waiting = true;
  try {
    handler_(command, args, c.read_only, [this, id = c.id](const Answer& answer) { Reply(id, answer); });
  } catch (const Json::exception&) {  // an argument of another type than the command expects
    Reply(c.id, Failure{ExitCode::kUsage, "an argument has the wrong type", "docs/cli.md"});
  }
}

void ApiServer::Reply(uint64_t id, const Answer& answer) {
  auto found = std::find_if(clients_.begin(), clients_.end(), [&](const Client& c) { return c.id == id; });
  if (found == clients_.end()) return;
  Json reply;
  if (const auto* failure = std::get_if<Failure>(&answer)) {
    reply = {{"error", {{"code", CodeName(failure->code)}, {"message", failure->message}, {"hint", failure->hint}}},
             {"exit", static_cast<int>(failure->code)}};
  } else {
    reply = {{"result", std::get<Json>(answer)}};
  }
  found->output += reply.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  found->waiting = false;
  if (found->socket >= 0) Write(*found);
}

void ApiServer::Refuse(Client& c, const std::string& message) {
  Json reply = {{"error", {{"code", CodeName(ExitCode::kUsage)}, {"message", message}, {"hint", "one JSON object a line"}}},
                {"exit", static_cast<int>(ExitCode::kUsage)}};
  c.output += reply.dump() + "\n";
  c.input.clear();
  c.closing = true;
  Write(c);
}

void ApiServer::Write(Client& c) {
  while (!c.output.empty()) {
    ssize_t n = send(c.socket, c.output.data(), c.output.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
      c.output.clear();
      c.closing = true;
      return;
    }
    c.output.erase(0, static_cast<size_t>(n));
  }
}

}  // namespace cfr
