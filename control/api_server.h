// SPDX-License-Identifier: BSD-3-Clause
// The local API: newline-delimited JSON on two Unix sockets. control.sock (0660) takes every command,
// readonly.sock (0666) those that only show aggregates. One request, one answer, in order.
//
//   {"command": "pool show", "args": {"name": "v4"}}
//   {"result": {...}}  or  {"error": {"code": "conflict", "message": "...", "hint": "..."}, "exit": 5}
//
// One thread, nothing blocks. A client is served again when it has taken its last answer, so one that
// sends slowly, too much or nonsense, or does not read, costs one line and one answer of memory; it loses
// its place to a newcomer when all kApiClientsMax places of its socket are taken.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "control/answer.h"

namespace cfr {

struct ApiRequest {
  std::string command;
  Json args;               // an object
  bool read_only = false;  // came by readonly.sock
  std::string peer;        // uid and pid, for the audit line
  uint64_t now_ms = 0;
};

class ApiServer {
 public:
  // `answered` may be called at once or later; a client that left meanwhile is no matter.
  using Handler = std::function<void(const ApiRequest& request, Answered answered)>;

  // An answer later than this is not waited for: the client is told so (kDeadline).
  static constexpr uint64_t kPatienceMs = 10'000;

  // The directory must exist. kAlreadyExists: another process serves it.
  static absl::StatusOr<std::unique_ptr<ApiServer>> Open(const std::string& directory, Handler handler);
  ~ApiServer();

  // Waits at most `timeout_ms` for clients and serves them.
  void Poll(int timeout_ms, uint64_t now_ms);

 private:
  struct Client {
    int socket = -1;
    bool read_only = false;
    bool closing = false;  // after the last byte of `output`
    uint64_t ticket = 0;   // of the answer it waits for, 0: none
    uint64_t deadline_ms = 0;
    std::string peer;
    std::string input, output;
    size_t searched = 0;  // bytes of `input` without a newline
    size_t sent = 0;      // bytes of `output`
    bool hungry() const { return ticket == 0 && !closing && output.empty(); }
  };
  struct Listener {
    int socket;
    bool read_only;
    std::string path;
  };
  explicit ApiServer(Handler handler) : handler_(std::move(handler)) {}
  absl::Status OpenSocket(const std::string& path, unsigned mode, bool read_only);
  void Accept(const Listener& listener);
  bool MakeRoom(bool read_only);
  void Exchange(Client& client, short happened);
  void Read(Client& client);
  void Write(Client& client);
  void Serve(Client& client, uint64_t now_ms);
  void Obey(Client& client, std::string_view line, uint64_t now_ms);
  void Reply(uint64_t ticket, const Answer& answer);
  void Send(Client& client, const Answer& answer);
  void Refuse(Client& client, const std::string& message);
  static void Close(Client& client);

  Handler handler_;
  std::vector<Listener> listeners_;
  std::list<Client> clients_;  // the longest silent first
  uint64_t last_ticket_ = 0;
};

}  // namespace cfr
