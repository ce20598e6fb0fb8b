// SPDX-License-Identifier: BSD-3-Clause
// The control process's socket: bytes in pieces of any size from up to four clients at once, against the real
// server and the real commands of a node without a dataplane. Every whole line that is not refused gets one
// answer, an answer is one line of JSON, and nothing but a client's own bytes closes its connection.
//
//   input: pieces, each with one byte for client and end of file, one for its length
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>

#include "control/api_server.h"
#include "control/commands.h"
#include "control/heartbeats.h"
#include "control/state_file.h"
#include "tests/fuzz/fuzzer.h"

namespace cfr {
namespace {

constexpr const char* kConfiguration = R"(
[node]
name = "fuzz"
regions = ["XA-1"]
[port.access]
null = true
addresses = ["10.0.0.1/24"]
[port.core]
null = true
addresses = ["192.0.2.1/24"]
[[subscribers]]
prefix = "100.64.0.0/10"
region = "XA-1"
[[pool]]
name = "p4"
region = "XA-1"
prefixes = ["203.0.113.0/24"]
)";

State StateOfFuzz() {
  State state;
  ConfigResult parsed = ParseConfig(kConfiguration);
  FUZZ_EXPECT(parsed.config.has_value(), "the configuration of the fuzzer is valid");
  state.config = *parsed.config;
  return state;
}

std::string MakeDirectory() {
  char path[] = "/tmp/cfr-fuzz-XXXXXX";
  FUZZ_EXPECT(mkdtemp(path) != nullptr, "there is a place for sockets");
  return path;
}

class Daemon {
 public:
  Daemon()
      : directory_(MakeDirectory()),
        node_(StateOfFuzz(), StateFile(directory_), directory_ + "/dataplane.sock"),
        listing_(node_),
        crowd_(Crowd::KernelKey),
        commands_(node_, listing_, heartbeats_, crowd_, records_) {
    auto server = ApiServer::Open(directory_, [this](const ApiRequest& request, Answered answered) {
      commands_.Obey(request, std::move(answered));
    });
    FUZZ_EXPECT(server.ok(), "the daemon listens");
    server_ = std::move(*server);
  }
  ~Daemon() { std::filesystem::remove_all(directory_); }

  void Poll() {
    server_->Poll(0, ++now_ms_);
    node_.Poll(now_ms_);
    listing_.Poll(now_ms_);
  }
  std::string SocketPath(bool read_only) const {
    return directory_ + (read_only ? "/readonly.sock" : "/control.sock");
  }

 private:
  const std::string directory_;
  Node node_;
  FlowListing listing_;
  Heartbeats heartbeats_;
  Crowd crowd_;
  Records records_;
  Commands commands_;
  std::unique_ptr<ApiServer> server_;
  uint64_t now_ms_ = 0;
};

class Client {
 public:
  Client(Daemon& daemon, bool read_only)
      : daemon_(daemon), socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = daemon.SocketPath(read_only);
    std::memcpy(address.sun_path, path.data(), path.size());
    FUZZ_EXPECT(connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
                "a client connects");
    daemon_.Poll();
  }
  ~Client() {
    close(socket_);
    for (int n = 0; n < 2; ++n) daemon_.Poll();
  }
  Client(const Client&) = delete;

  void Send(std::span<const uint8_t> bytes) {
    if (!open_) return;
    lines_ += std::count(bytes.begin(), bytes.end(), '\n');
    if (send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) open_ = false;
  }
  void EndOfFile() { shutdown(socket_, SHUT_WR); }

  // Takes what was answered: whole lines of JSON, never more of them than lines were asked.
  void Take() {
    char buffer[16384];
    for (ssize_t n; (n = recv(socket_, buffer, sizeof buffer, 0)) != -1;) {
      if (n == 0) {
        open_ = false;
        break;
      }
      answer_.append(buffer, static_cast<size_t>(n));
    }
    for (size_t end; (end = answer_.find('\n')) != std::string::npos; answer_.erase(0, end + 1)) {
      const Json reply = Json::parse(answer_.substr(0, end), nullptr, false);
      FUZZ_EXPECT(reply.is_object() && reply.contains("result") != reply.contains("error"),
                  "an answer is an object with a result or an error");
      FUZZ_EXPECT(++answers_ <= lines_ + 1, "one line, one answer");
    }
  }
  void ExpectAnswered() const { FUZZ_EXPECT(!open_ || answers_ == lines_, "every line is answered"); }

 private:
  Daemon& daemon_;
  const int socket_;
  bool open_ = true;
  int64_t lines_ = 0, answers_ = 0;
  std::string answer_;
};

}  // namespace
}  // namespace cfr

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  using namespace cfr;
  constexpr int kClients = 4, kRoundsMax = 64;
  static auto* daemon = new Daemon;  // for the life of the process
  fuzz::Input input(data, bytes);
  std::optional<Client> clients[kClients];
  while (!input.empty()) {
    const uint8_t what = input.Take8();
    auto& client = clients[what % kClients];
    if (!client.has_value()) client.emplace(*daemon, (what & 4) != 0);
    client->Send(input.TakeSpan(input.Take8()));
    if ((what & 0xf0) == 0xf0) client->EndOfFile();
    daemon->Poll();
    client->Take();
  }
  // No dataplane is attached, so no command waits for anything but its turn.
  for (int n = 0; n < kRoundsMax; ++n) {
    daemon->Poll();
    for (auto& client : clients)
      if (client.has_value()) client->Take();
  }
  for (auto& client : clients)
    if (client.has_value()) client->ExpectAnswered();
  return 0;
}
