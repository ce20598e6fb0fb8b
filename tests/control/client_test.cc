// SPDX-License-Identifier: BSD-3-Clause
#include "control/client.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <thread>

#include "common/unix_socket.h"
#include "tests/support/temp_directory.h"

namespace cfr {
namespace {

constexpr int kTimeoutMs = 100, kLongMs = 20'000;

class ClientTest : public testing::Test {
 protected:
  // What a server that says `answer` to the first line makes of a request.
  Answer AskAServerThatSays(const std::string& answer, int timeout_ms = kLongMs) {
    return AskWith(
        [&](int peer) {
          ReadLine(peer);
          Say(peer, answer);
        },
        timeout_ms);
  }
  Answer AskWith(const std::function<void(int peer)>& serve, int timeout_ms,
                 const Json& args = Json::object()) {
    auto listener = OpenListener(path_, SOCK_STREAM, 0600);
    EXPECT_TRUE(listener.ok()) << listener.status();
    std::thread server([&] {
      pollfd wait{*listener, POLLIN, 0};
      poll(&wait, 1, kLongMs);
      int peer = accept4(*listener, nullptr, nullptr, SOCK_CLOEXEC);
      serve(peer);
      close(peer);
    });
    Answer answer = Ask(path_, "pool show", args, timeout_ms);
    done_ = true;
    server.join();
    close(*listener);
    unlink(path_.c_str());
    return answer;
  }
  void ReadLine(int peer) {
    char c = 0;
    while (c != '\n' && recv(peer, &c, 1, 0) == 1) request_ += c;
  }
  static void Say(int peer, std::string_view text) {
    while (!text.empty()) {
      ssize_t n = send(peer, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      text.remove_prefix(static_cast<size_t>(n));
    }
  }
  void ExpectUnreachable(const Answer& answer, const std::string& why) {
    ASSERT_TRUE(std::holds_alternative<Failure>(answer));
    EXPECT_EQ(std::get<Failure>(answer).code, ExitCode::kUnreachable);
    EXPECT_EQ(std::get<Failure>(answer).message, path_ + ": " + why);
    EXPECT_NE(std::get<Failure>(answer).hint, "");
  }

  test::TempDirectory directory_;
  const std::string path_ = directory_.path("s");
  std::string request_;
  std::atomic<bool> done_ = false;
};

constexpr const char* kStranger = "not the answer of a cfr-control of this release";

TEST_F(ClientTest, AsksInOneLineAndGivesTheResult) {
  Answer answer = AskWith(
      [&](int peer) {
        ReadLine(peer);
        Say(peer, "{\"result\":{\"a\":");
        Say(peer, "1}}\n");
      },
      kLongMs, {{"name", "a\nb"}});
  EXPECT_EQ(request_, "{\"args\":{\"name\":\"a\\nb\"},\"command\":\"pool show\"}\n");
  ASSERT_TRUE(std::holds_alternative<Json>(answer));
  EXPECT_EQ(std::get<Json>(answer), Json({{"a", 1}}));
}

TEST_F(ClientTest, EveryExitCodeComesThrough) {
  for (const ExitCodeRow& row : kExitCodeRows) {
    Answer answer =
        AskAServerThatSays(ToLine({{"error", {{"code", row.name}, {"message", "m"}, {"hint", "h"}}},
                                   {"exit", static_cast<int>(row.code)}}));
    ASSERT_TRUE(std::holds_alternative<Failure>(answer));
    const auto& failure = std::get<Failure>(answer);
    EXPECT_EQ(failure.code, row.code);
    EXPECT_EQ(failure.message, "m");
    EXPECT_EQ(failure.hint, "h");
  }
}

TEST_F(ClientTest, StrangersAreNotBelieved) {
  for (const char* answer :
       {"hello\n", "\n", "[]\n", "5\n", "{}\n", "{\"result\":5}\n", "{\"result\":null}\n",
        "{\"error\":5,\"exit\":1}\n", "{\"error\":{\"message\":\"m\"}}\n",
        "{\"error\":{\"message\":\"m\"},\"exit\":7}\n", "{\"error\":{\"message\":\"m\"},\"exit\":-1}\n",
        "{\"error\":{\"message\":\"m\"},\"exit\":\"1\"}\n", "{\"error\":{\"message\":5},\"exit\":1}\n",
        "{\"error\":{\"message\":\"m\"},\"exit\":99999999999}\n"})
    ExpectUnreachable(AskAServerThatSays(answer), kStranger);
  ExpectUnreachable(AskAServerThatSays(std::string(1'000'000, '[') + "\n"), kStranger);
}

TEST_F(ClientTest, AHintMayBeMissing) {
  Answer answer = AskAServerThatSays("{\"error\":{\"message\":\"m\"},\"exit\":1}\n");
  EXPECT_EQ(std::get<Failure>(answer).hint, "");
}

TEST_F(ClientTest, AnEndWithoutAnAnswerIsNone) {
  ExpectUnreachable(AskAServerThatSays(""), "no answer");
  ExpectUnreachable(AskAServerThatSays("{\"result\":{"), "no answer");
}

TEST_F(ClientTest, AnAnswerWithoutEndIsCutOff) {
  ExpectUnreachable(AskWith(
                        [&](int peer) {
                          ReadLine(peer);
                          std::string piece(1 << 20, 'x');
                          for (int i = 0; i < 100; ++i) Say(peer, piece);
                        },
                        kLongMs),
                    "no answer");
}

TEST_F(ClientTest, SilenceEnds) {
  ExpectUnreachable(AskWith(
                        [&](int peer) {
                          ReadLine(peer);
                          while (!done_) std::this_thread::yield();
                        },
                        kTimeoutMs),
                    "no answer");
}

// As a stopped daemon: it takes the connection and what the kernel buffers, no more.
TEST_F(ClientTest, ALargeRequestNobodyReadsEnds) {
  ExpectUnreachable(AskWith(
                        [&](int) {
                          while (!done_) std::this_thread::yield();
                        },
                        kTimeoutMs, {{"config", std::string(8'000'000, 'x')}}),
                    "no answer");
}

TEST_F(ClientTest, WhyARequestWasNotReadToItsEndIsHeard) {
  Answer answer = AskWith(
      [&](int peer) {
        Say(peer, "{\"error\":{\"message\":\"a line too long\",\"hint\":\"\"},\"exit\":2}\n");
      },
      kLongMs, {{"config", std::string(8'000'000, 'x')}});
  ASSERT_TRUE(std::holds_alternative<Failure>(answer));
  EXPECT_EQ(std::get<Failure>(answer).message, "a line too long");
}

TEST_F(ClientTest, NobodyThere) {
  ExpectUnreachable(Ask(path_, "health", Json::object(), kLongMs), "No such file or directory");
  directory_.Write("s", "");
  ExpectUnreachable(Ask(path_, "health", Json::object(), kLongMs), "Connection refused");
}

// Nobody accepts, and the queue of those who wait is full.
TEST_F(ClientTest, AFullQueueEnds) {
  auto listener = OpenListener(path_, SOCK_STREAM, 0600);
  std::vector<int> waiting;
  for (;;) {
    int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    waiting.push_back(peer);
    if (connect(peer, Generic(*SocketAddress(path_)), sizeof(sockaddr_un)) != 0) break;
  }
  ExpectUnreachable(Ask(path_, "health", Json::object(), kTimeoutMs), "no answer");
  for (int peer : waiting) close(peer);
  close(*listener);
}

TEST_F(ClientTest, APathNoSocketCanHaveIsAMistake) {
  Answer answer = Ask(std::string(200, 'x'), "health", Json::object(), kLongMs);
  EXPECT_EQ(std::get<Failure>(answer).code, ExitCode::kUsage);
}

}  // namespace
}  // namespace cfr
