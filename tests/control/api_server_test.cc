// SPDX-License-Identifier: BSD-3-Clause
#include "control/api_server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <random>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/limits.h"
#include "common/unix_socket.h"
#include "tests/support/temp_directory.h"

namespace cfr {
namespace {

constexpr int kRounds = 2000;  // of the server, until a test gives up

class ApiServerTest : public testing::Test {
 protected:
  ApiServerTest() { Open(); }
  void Open() {
    auto server = ApiServer::Open(directory_.path(), [this](const ApiRequest& request, Answered answered) {
      requests_.push_back(request);
      if (request.command == "later") return waiting_.push_back(std::move(answered));
      if (request.command == "large") return answered(Json{{"text", std::string(1'000'000, 'x')}});
      if (request.command == "fail") return answered(Failure{ExitCode::kConflict, "m", "h"});
      answered(Json{{"echo", request.args}});
    });
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = std::move(*server);
  }
  void Poll() { server_->Poll(0, now_ms_); }

  test::TempDirectory directory_;
  std::vector<ApiRequest> requests_;
  std::vector<Answered> waiting_;
  uint64_t now_ms_ = 1000;
  std::unique_ptr<ApiServer> server_;

  class Client {
   public:
    explicit Client(ApiServerTest* test, const char* name = "control.sock")
        : test_(test), socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
      sockaddr_un address = *SocketAddress(test->directory_.path(name));
      EXPECT_EQ(connect(socket_, Generic(address), sizeof address), 0);
      test->Poll();
    }
    ~Client() { close(socket_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // How much the server took before it hung up.
    size_t Send(const std::string& text) {
      size_t done = 0;
      for (int round = 0; done < text.size() && round < 100'000; ++round) {
        ssize_t n =
            send(socket_, text.data() + done, std::min<size_t>(text.size() - done, 100'000), MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN) break;
        if (n > 0) done += static_cast<size_t>(n);
        test_->Poll();
      }
      return done;
    }
    // The next line, "" if there is none.
    std::string Line() {
      for (int round = 0; round < kRounds && input_.find('\n') == std::string::npos; ++round) {
        test_->Poll();
        if (!Receive()) break;
      }
      size_t end = input_.find('\n');
      std::string line = input_.substr(0, end == std::string::npos ? 0 : end);
      input_.erase(0, end == std::string::npos ? 0 : end + 1);
      return line;
    }
    Json Ask(const std::string& line) {
      Send(line + "\n");
      return Json::parse(Line(), nullptr, false);
    }
    bool IsClosed() {
      for (int round = 0; round < kRounds; ++round) {
        test_->Poll();
        if (!Receive()) return true;
      }
      return false;
    }
    void FinishSending() { shutdown(socket_, SHUT_WR); }

   private:
    bool Receive() {
      char buffer[65536];
      ssize_t n = recv(socket_, buffer, sizeof buffer, 0);
      if (n > 0) input_.append(buffer, static_cast<size_t>(n));
      return n > 0 || (n < 0 && errno == EAGAIN);
    }
    ApiServerTest* test_;
    int socket_;
    std::string input_;
  };

  void ExpectServes() {
    Client client(this);
    EXPECT_EQ(client.Ask("{\"command\":\"echo\",\"args\":{\"a\":1}}"),
              Json({{"result", {{"echo", {{"a", 1}}}}}}));
  }
  void ExpectRefused(const std::string& line, const std::string& why) {
    Client client(this);
    Json reply = client.Ask(line);
    ASSERT_TRUE(reply.is_object()) << line.substr(0, 80);
    EXPECT_EQ(reply["exit"], 2) << reply;
    EXPECT_EQ(reply["error"]["code"], "usage");
    EXPECT_EQ(reply["error"]["message"], why);
    EXPECT_TRUE(client.IsClosed());
  }
};

mode_t ModeOf(const std::string& path) {
  struct stat facts;
  return stat(path.c_str(), &facts) == 0 ? facts.st_mode & 07777 : 0;
}

constexpr const char* kNoCommand = "not a JSON object with a \"command\"";

TEST_F(ApiServerTest, AnswersAndFailures) {
  Client client(this);
  EXPECT_EQ(client.Ask("{\"command\":\"echo\"}"), Json({{"result", {{"echo", Json::object()}}}}));
  EXPECT_EQ(client.Ask("{\"command\":\"fail\"}"),
            Json({{"error", {{"code", "conflict"}, {"message", "m"}, {"hint", "h"}}}, {"exit", 5}}));
}

TEST_F(ApiServerTest, TheHandlerLearnsWhoAsksWhere) {
  Client control(this), readonly(this, "readonly.sock");
  control.Ask("{\"command\":\"echo\"}");
  readonly.Ask("{\"command\":\"echo\"}");
  ASSERT_EQ(requests_.size(), 2u);
  EXPECT_FALSE(requests_[0].read_only);
  EXPECT_TRUE(requests_[1].read_only);
  EXPECT_EQ(requests_[0].peer, absl::StrCat("uid=", getuid(), ",pid=", getpid()));
  EXPECT_EQ(requests_[0].now_ms, now_ms_);
}

TEST_F(ApiServerTest, SocketsHaveTheirModesWhateverTheUmask) {
  for (mode_t mask : {0, 0777}) {
    server_.reset();
    mode_t former = umask(mask);
    Open();
    umask(former);
    EXPECT_EQ(ModeOf(directory_.path("control.sock")), 0660u);
    EXPECT_EQ(ModeOf(directory_.path("readonly.sock")), 0666u);
  }
}

TEST_F(ApiServerTest, ASecondOneDoesNotTakeTheSocketsAway) {
  auto second = ApiServer::Open(directory_.path(), nullptr);
  EXPECT_TRUE(absl::IsAlreadyExists(second.status())) << second.status();
  ExpectServes();
  server_.reset();
  EXPECT_FALSE(directory_.Holds("control.sock"));
  EXPECT_FALSE(directory_.Holds("readonly.sock"));
  Open();
  ExpectServes();
}

TEST_F(ApiServerTest, LinesMayComeByteByByte) {
  Client client(this);
  for (char c : std::string("{\"command\":\"echo\"}\n")) client.Send(std::string(1, c));
  EXPECT_NE(client.Line(), "");
}

TEST_F(ApiServerTest, ManyRequestsAtOnceAreAnsweredInOrder) {
  Client client(this);
  std::string all;
  for (int i = 0; i < 500; ++i) absl::StrAppend(&all, "{\"command\":\"echo\",\"args\":{\"i\":", i, "}}\n");
  client.Send(all);
  for (int i = 0; i < 500; ++i) ASSERT_EQ(Json::parse(client.Line())["result"]["echo"]["i"], i);
}

TEST_F(ApiServerTest, ARequestWaitsForTheAnswerBeforeIt) {
  Client client(this);
  client.Send("{\"command\":\"later\"}\n{\"command\":\"echo\",\"args\":{\"n\":2}}\n");
  for (int i = 0; i < 10; ++i) Poll();
  ASSERT_EQ(requests_.size(), 1u);
  waiting_[0](Json{{"n", 1}});
  EXPECT_EQ(Json::parse(client.Line())["result"]["n"], 1);
  EXPECT_EQ(Json::parse(client.Line())["result"]["echo"]["n"], 2);
}

TEST_F(ApiServerTest, ClientsDoNotWaitForEachOther) {
  Client patient(this);
  patient.Send("{\"command\":\"later\"}\n");
  ExpectServes();
  waiting_[0](Json{{"n", 1}});
  EXPECT_NE(patient.Line(), "");
}

TEST_F(ApiServerTest, HalfClosedConnectionsGetTheirAnswer) {
  Client client(this);
  client.Send("{\"command\":\"later\"}\n");
  client.FinishSending();
  for (int i = 0; i < 10; ++i) Poll();
  waiting_[0](Json{{"n", 1}});
  EXPECT_NE(client.Line(), "");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ApiServerTest, WhoLeftIsNotAnswered) {
  {
    Client client(this);
    client.Send("{\"command\":\"later\"}\n");
  }
  Client other(this);
  other.Send("{\"command\":\"later\"}\n");
  ASSERT_EQ(waiting_.size(), 2u);
  waiting_[0](Json{{"n", 1}});
  waiting_[1](Json{{"n", 2}});
  EXPECT_EQ(Json::parse(other.Line())["result"]["n"], 2);
}

TEST_F(ApiServerTest, PatienceEndsAndALateAnswerIsNobodys) {
  Client client(this);
  client.Send("{\"command\":\"later\"}\n{\"command\":\"echo\",\"args\":{\"n\":2}}\n");
  now_ms_ += ApiServer::kPatienceMs - 1;
  for (int i = 0; i < 10; ++i) Poll();
  EXPECT_EQ(requests_.size(), 1u);
  now_ms_ += 1;
  Json reply = Json::parse(client.Line());
  EXPECT_EQ(reply["exit"], 6);
  EXPECT_EQ(reply["error"]["code"], "deadline");
  waiting_[0](Json{{"n", 1}});
  EXPECT_EQ(Json::parse(client.Line())["result"]["echo"]["n"], 2);
  EXPECT_EQ(client.Ask("{\"command\":\"echo\",\"args\":{\"n\":3}}")["result"]["echo"]["n"], 3);
}

// A reader that does not read costs one answer, not all of them.
TEST_F(ApiServerTest, SlowReadersAreServedAsTheyRead) {
  Client client(this);
  std::string all;
  for (int i = 0; i < 100; ++i) all += "{\"command\":\"large\"}\n";
  client.Send(all);
  for (int i = 0; i < 100; ++i) Poll();
  EXPECT_EQ(requests_.size(), 1u);
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(client.Line().size(), 1'000'000 + std::string("{\"result\":{\"text\":\"\"}}").size());
  EXPECT_EQ(requests_.size(), 100u);
}

TEST_F(ApiServerTest, AGigabyteWithoutANewlineIsRefusedEarly) {
  Client client(this);
  const std::string piece(1 << 20, 'x');
  size_t taken = 0, n = 0;
  do {
    n = client.Send(piece);
    taken += n;
  } while (n == piece.size() && taken < size_t{1} << 30);
  EXPECT_LT(taken, size_t{20} << 20);
  EXPECT_NE(client.Line().find("a line longer than 16842752 bytes"), std::string::npos);
  EXPECT_TRUE(client.IsClosed());
  ExpectServes();
}

TEST_F(ApiServerTest, LinesForEverybodyAreShort) {
  const std::string head = "{\"command\":\"echo\",\"args\":{\"a\":\"", tail = "\"}}";
  Client client(this, "readonly.sock");
  std::string text(kApiLineBytesMax - head.size() - tail.size(), 'x');
  EXPECT_EQ(client.Ask(head + text + tail)["result"]["echo"]["a"], text);
  Json reply = client.Ask(head + text + "x" + tail);
  EXPECT_EQ(reply["error"]["message"], "a line longer than 65536 bytes");
  EXPECT_TRUE(client.IsClosed());
}

TEST_F(ApiServerTest, ALargeConfigurationFits) {
  Client client(this);
  std::string text(kConfigBytesMax, '"');
  EXPECT_EQ(
      client.Ask(Json{{"command", "echo"}, {"args", {{"config", text}}}}.dump())["result"]["echo"]["config"],
      text);
}

TEST_F(ApiServerTest, NonsenseIsRefused) {
  for (const char* line :
       {"", "hello", "[]", "5", "null", "\"echo\"", "{}", "{\"command\":5}", "{\"command\":null}",
        "{\"args\":{}}", "{\"command\":\"echo\"", "{\"command\":\"\xff\"}", "{\"command\":\"\\ud800\"}",
        "GET / HTTP/1.1\r", "\x16\x03\x01"})
    ExpectRefused(line, kNoCommand);
  for (const char* args : {"5", "[]", "null", "\"x\"", "true"})
    ExpectRefused(absl::StrCat("{\"command\":\"echo\",\"args\":", args, "}"), "\"args\" is not an object");
  EXPECT_TRUE(requests_.empty());
  ExpectServes();
}

TEST_F(ApiServerTest, DeepNestingIsRefused) {
  for (const char* open : {"[", "{\"a\":"})
    for (size_t bytes : {size_t{1000}, size_t{60'000}, size_t{16'000'000}}) {
      std::string line = "{\"command\":\"echo\",\"args\":";
      while (line.size() < bytes) line += open;
      ExpectRefused(line, kNoCommand);
    }
  std::string closed =
      "{\"command\":\"echo\",\"args\":{\"a\":" + std::string(20'000, '[') + std::string(20'000, ']') + "}}";
  ExpectRefused(closed, kNoCommand);
  ExpectServes();
}

TEST_F(ApiServerTest, RandomBytesHarmNobody) {
  std::mt19937 random(7);
  Client witness(this);
  for (int i = 0; i < 500; ++i) {
    Client client(this, i % 2 == 0 ? "control.sock" : "readonly.sock");
    std::string bytes = i % 4 < 2 ? "" : "{\"command\":\"echo\",\"args\":{";
    for (size_t n = random() % 200; n > 0; --n) bytes += static_cast<char>(random());
    client.Send(bytes + "\n");
    EXPECT_NE(client.Line(), "");
  }
  EXPECT_FALSE(witness.Ask("{\"command\":\"echo\"}").is_discarded());
}

TEST_F(ApiServerTest, SeventyClientsTheLongestSilentMakesRoom) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < kApiClientsMax; ++i) clients.push_back(std::make_unique<Client>(this));
  EXPECT_FALSE(clients[0]->Ask("{\"command\":\"echo\"}").is_discarded());
  for (int i = kApiClientsMax; i < 70; ++i) clients.push_back(std::make_unique<Client>(this));
  for (int i = 0; i < 70; ++i) {
    bool gone = i >= 1 && i <= 70 - kApiClientsMax;
    EXPECT_EQ(clients[static_cast<size_t>(i)]->Ask("{\"command\":\"echo\"}").is_discarded(), gone) << i;
  }
}

TEST_F(ApiServerTest, TheCrowdOnOneSocketLeavesTheOtherAlone) {
  Client control(this);
  std::vector<std::unique_ptr<Client>> crowd;
  for (int i = 0; i < 200; ++i) crowd.push_back(std::make_unique<Client>(this, "readonly.sock"));
  EXPECT_FALSE(control.Ask("{\"command\":\"echo\"}").is_discarded());
  ExpectServes();
}

TEST_F(ApiServerTest, WhoWaitsForAnAnswerKeepsItsPlace) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < kApiClientsMax; ++i) {
    clients.push_back(std::make_unique<Client>(this));
    clients.back()->Send("{\"command\":\"later\"}\n");
  }
  Client late(this);
  EXPECT_NE(late.Line().find("too many clients, all of them waiting"), std::string::npos);
  EXPECT_TRUE(late.IsClosed());
  for (size_t i = 0; i < clients.size(); ++i) {
    waiting_[i](Json{{"n", i}});
    EXPECT_EQ(Json::parse(clients[i]->Line())["result"]["n"], i);
  }
}

}  // namespace
}  // namespace cfr
