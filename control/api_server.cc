// SPDX-License-Identifier: BSD-3-Clause
#include "control/api_server.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/limits.h"
#include "common/unix_socket.h"
#include "control/log.h"

namespace cfr {
namespace {

constexpr size_t kReadBytes = 64 * 1024;
// A configuration travels as one line of JSON, where no character of it takes more than two bytes.
constexpr size_t kLineMax = static_cast<size_t>(kConfigBytesMax) * 2 + kApiLineBytesMax;

std::string PeerText(int socket) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return "unknown";
  return absl::StrCat("uid=", peer.uid, ",pid=", peer.pid);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ApiServer>> ApiServer::Open(const std::string& directory, Handler handler) {
  std::unique_ptr<ApiServer> server(new ApiServer(std::move(handler)));
  if (auto s = server->OpenSocket(directory + "/control.sock", 0660, false); !s.ok()) return s;
  if (auto s = server->OpenSocket(directory + "/readonly.sock", 0666, true); !s.ok()) return s;
  return server;
}

absl::Status ApiServer::OpenSocket(const std::string& path, unsigned mode, bool read_only) {
  auto listener = OpenListener(path, SOCK_STREAM, mode);
  if (!listener.ok()) return listener.status();
  listeners_.push_back({*listener, read_only, path});
  return absl::OkStatus();
}

ApiServer::~ApiServer() {
  for (Client& client : clients_) Close(client);
  for (const Listener& listener : listeners_) {
    close(listener.socket);
    unlink(listener.path.c_str());
  }
}

void ApiServer::Poll(int timeout_ms, uint64_t now_ms) {
  std::vector<pollfd> polled;
  for (const Listener& l : listeners_) polled.push_back({l.socket, POLLIN, 0});
  for (const Client& c : clients_) {
    short events = c.output.empty() ? 0 : POLLOUT;
    if (c.hungry()) events |= POLLIN;
    polled.push_back({c.socket, events, 0});
  }
  poll(polled.data(), polled.size(), timeout_ms);
  size_t i = listeners_.size();
  for (auto next = clients_.begin(), end = clients_.end(); i < polled.size(); ++i) {
    auto client = next++;
    if (polled[i].revents == 0) continue;
    Exchange(*client, polled[i].revents);
    clients_.splice(end, clients_, client);
  }
  for (Client& c : clients_) Serve(c, now_ms);
  for (size_t l = 0; l < listeners_.size(); ++l)
    if ((polled[l].revents & POLLIN) != 0) Accept(listeners_[l]);
  clients_.remove_if([](Client& c) {
    if (c.closing && c.output.empty()) Close(c);
    return c.socket < 0;
  });
}

void ApiServer::Exchange(Client& c, short happened) {
  if ((happened & POLLOUT) != 0) Write(c);
  if (c.socket >= 0 && (happened & POLLIN) != 0 && c.hungry()) return Read(c);
  if ((happened & (POLLHUP | POLLERR)) != 0) Close(c);
}

void ApiServer::Accept(const Listener& listener) {
  int socket = accept4(listener.socket, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (socket < 0) return;
  bool room = MakeRoom(listener.read_only);
  Client& client = clients_.emplace_back();
  client.socket = socket;
  client.read_only = listener.read_only;
  client.peer = PeerText(socket);
  if (!room) Refuse(client, "too many clients, all of them waiting");
}

// The longest silent client of a full socket goes, unless it waits for an answer.
bool ApiServer::MakeRoom(bool read_only) {
  auto same = [&](const Client& c) { return c.socket >= 0 && c.read_only == read_only; };
  if (std::count_if(clients_.begin(), clients_.end(), same) < kApiClientsMax) return true;
  auto idle = [&](const Client& c) { return same(c) && c.ticket == 0; };
  auto silent = std::find_if(clients_.begin(), clients_.end(), idle);
  if (silent == clients_.end()) return false;
  Close(*silent);
  return true;
}

void ApiServer::Read(Client& c) {
  char buffer[kReadBytes];
  ssize_t n = recv(c.socket, buffer, sizeof buffer, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return Close(c);
  c.input.append(buffer, static_cast<size_t>(n));
}

// Obeys the lines that are there, one after the other as their answers are taken.
void ApiServer::Serve(Client& c, uint64_t now_ms) {
  if (c.ticket != 0 && now_ms >= c.deadline_ms) {
    c.ticket = 0;
    Send(c,
         Failure{ExitCode::kDeadline, "the dataplane has not answered yet; the command may still take effect",
                 "cfrctl health"});
  }
  const size_t line_max = c.read_only ? static_cast<size_t>(kApiLineBytesMax) : kLineMax;
  size_t done = 0;
  while (c.socket >= 0 && c.hungry()) {
    size_t end = c.input.find('\n', std::max(done, c.searched));
    if (end == std::string::npos) c.searched = c.input.size();
    if (std::min(end, c.input.size()) - done > line_max)
      return Refuse(c, absl::StrCat("a line longer than ", line_max, " bytes"));
    if (end == std::string::npos) break;
    Obey(c, std::string_view(c.input).substr(done, end - done), now_ms);
    done = end + 1;
  }
  c.input.erase(0, done);
  c.searched -= std::min(c.searched, done);
}

void ApiServer::Obey(Client& c, std::string_view line, uint64_t now_ms) {
  Json json = ParseJson(line);
  if (!json.is_object() || !json.contains("command") || !json["command"].is_string())
    return Refuse(c, "not a JSON object with a \"command\"");
  ApiRequest request{json["command"], json.value("args", Json::object()), c.read_only, c.peer, now_ms};
  if (!request.args.is_object()) return Refuse(c, "\"args\" is not an object");
  c.ticket = ++last_ticket_;
  c.deadline_ms = now_ms + kPatienceMs;
  handler_(request, [this, ticket = c.ticket](const Answer& answer) { Reply(ticket, answer); });
}

void ApiServer::Reply(uint64_t ticket, const Answer& answer) {
  auto waits = [&](const Client& c) { return c.socket >= 0 && c.ticket == ticket; };
  auto found = std::find_if(clients_.begin(), clients_.end(), waits);
  if (found == clients_.end()) return;
  found->ticket = 0;
  Send(*found, answer);
}

void ApiServer::Send(Client& c, const Answer& answer) {
  if (const auto* failure = std::get_if<Failure>(&answer))
    c.output += ToLine({{"error", ToJson(*failure)}, {"exit", static_cast<int>(failure->code)}});
  else
    c.output += ToLine({{"result", std::get<Json>(answer)}});
  Write(c);
}

void ApiServer::Refuse(Client& c, const std::string& message) {
  c.input.clear();
  c.closing = true;
  Send(c, Failure{ExitCode::kUsage, message, "one JSON object a line"});
}

void ApiServer::Write(Client& c) {
  while (c.sent < c.output.size()) {
    ssize_t n =
        send(c.socket, c.output.data() + c.sent, c.output.size() - c.sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return Close(c);
    c.sent += static_cast<size_t>(n);
  }
  c.output.clear();
  c.sent = 0;
}

void ApiServer::Close(Client& c) {
  if (c.socket >= 0) close(c.socket);
  c.socket = -1;
}

}  // namespace cfr
