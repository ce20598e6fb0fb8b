// SPDX-License-Identifier: BSD-3-Clause
#include "common/unix_socket.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/temp_directory.h"

namespace cfr {
namespace {

using test::TempDirectory;

mode_t ModeOf(const std::string& path) {
  struct stat facts;
  return stat(path.c_str(), &facts) == 0 ? facts.st_mode & 07777 : 0;
}

bool Connects(const std::string& path, int type) {
  int peer = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  bool connected = connect(peer, Generic(*SocketAddress(path)), sizeof(sockaddr_un)) == 0;
  close(peer);
  return connected;
}

TEST(SocketAddress, HasAsMuchRoomAsTheKernelGives) {
  EXPECT_TRUE(SocketAddress(std::string(107, 'x')).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(SocketAddress(std::string(108, 'x')).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(SocketAddress("").status()));
}

class OpenListenerTest : public testing::TestWithParam<int> {};

TEST_P(OpenListenerTest, HasItsModeWhateverTheUmask) {
  TempDirectory directory;
  for (mode_t mode : {0600, 0660, 0666})
    for (mode_t mask : {0, 0077, 0777}) {
      std::string path = directory.path("s");
      mode_t former = umask(mask);
      auto listener = OpenListener(path, GetParam(), mode);
      umask(former);
      ASSERT_TRUE(listener.ok()) << listener.status();
      EXPECT_EQ(ModeOf(path), mode);
      EXPECT_TRUE(Connects(path, GetParam()));
      close(*listener);
      unlink(path.c_str());
    }
}

TEST_P(OpenListenerTest, TakesTheNameOfTheDeadOnly) {
  TempDirectory directory;
  std::string path = directory.path("s");
  auto first = OpenListener(path, GetParam(), 0660);
  ASSERT_TRUE(first.ok());
  auto second = OpenListener(path, GetParam(), 0660);
  EXPECT_TRUE(absl::IsAlreadyExists(second.status()));
  EXPECT_TRUE(Connects(path, GetParam()));
  EXPECT_EQ(accept4(*first, nullptr, nullptr, 0) >= 0, true);  // the connection above, and
  EXPECT_EQ(accept4(*first, nullptr, nullptr, 0), -1);         // nothing of the question
  close(*first);
  second = OpenListener(path, GetParam(), 0660);
  EXPECT_TRUE(second.ok()) << second.status();
  close(*second);
}

TEST_P(OpenListenerTest, LeavesOtherFilesAlone) {
  TempDirectory directory;
  std::string path = directory.Write("s", "precious");
  EXPECT_TRUE(absl::IsFailedPrecondition(OpenListener(path, GetParam(), 0660).status()));
  EXPECT_EQ(directory.Read("s"), "precious");
}

TEST_P(OpenListenerTest, WantsADirectoryOfItsOwn) {
  TempDirectory directory;
  EXPECT_FALSE(OpenListener(directory.path("none/s"), GetParam(), 0660).ok());
  chmod(directory.path().c_str(), 0777);
  EXPECT_TRUE(absl::IsFailedPrecondition(OpenListener(directory.path("s"), GetParam(), 0660).status()));
  chmod(directory.path().c_str(), 01777);
  auto sticky = OpenListener(directory.path("s"), GetParam(), 0660);
  EXPECT_TRUE(sticky.ok());
  close(*sticky);
}

INSTANTIATE_TEST_SUITE_P(Types, OpenListenerTest, testing::Values(SOCK_STREAM, SOCK_SEQPACKET));

}  // namespace
}  // namespace cfr
