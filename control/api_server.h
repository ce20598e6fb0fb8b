// SPDX-License-Identifier: BSD-3-Clause
// The local API: newline-delimited JSON on two Unix sockets. control.sock (0660) takes every command,
// readonly.sock (0666) those that only show aggregates. One request, one answer, in order.
//
//   {"command": "pool show", "args": {"name": "v4"}}
//   {"result": {...}}  or  {"error": {"code": "conflict", "message": "...", "hint": "..."}, "exit": 5}
//
// One thread, nothing blocks: a client that sends slowly, too much or nonsense, or does not read its
// answers, costs bounded memory and then its connection.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "control/answer.h"

struct pollfd;

namespace cfr {

const char* CodeName(ExitCode code);

class ApiServer {
 public:
  // `answered` may be called at once or later; a client that left meanwhile is no matter.
  using Handler = std::function<void(const std::string& command, const Json& args, bool read_only, Answered answered)>;

  static absl::StatusOr<std::unique_ptr<ApiServer>> Listen(const std::string& directory, Handler handler);
  ~ApiServer();

  // Waits at most `timeout_ms` for clients and serves them.
  void Poll(int timeout_ms);

 private:
  struct Client {
    int socket = -1;
    bool read_only = false;
    bool waiting = false;  // for an answer; further requests stay unread
    bool closing = false;  // after the last byte of `output`
    uint64_t id = 0;
    std::string peer;      // uid and pid, for the audit line
    std::string input, output;
  };
  explicit ApiServer(Handler handler) : handler_(std::move(handler)) {}
  absl::Status OpenSocket(const std::string& path, unsigned mode, bool read_only);
  void Accept(int listener, bool read_only);
  void Read(Client& client);
  void Write(Client& client);
  void Serve(Client& client);
  void Obey(Client& client, const std::string& line);
  void Reply(uint64_t id, const Answer& answer);
  void Refuse(Client& client, const std::string& message);

  struct Listener {
    int socket;
    bool read_only;
    std::string path;
  };
  Handler handler_;
  std::vector<Listener> listeners_;
  std::list<Client> clients_;
  uint64_t next_id_ = 1;
};

}  // namespace cfr
