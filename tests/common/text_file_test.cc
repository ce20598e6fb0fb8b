// SPDX-License-Identifier: BSD-3-Clause
#include "common/text_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/temp_directory.h"

namespace cfr {
namespace {

using test::TempDirectory;

TEST(TextFile, GivesEveryByte) {
  TempDirectory directory;
  std::string text("a\0b\r\n\xff", 6);
  EXPECT_EQ(*ReadTextFile(directory.Write("f", text), 100), text);
  EXPECT_EQ(*ReadTextFile(directory.Write("f", ""), 100), "");
  std::string large(200'000, 'x');
  EXPECT_EQ(*ReadTextFile(directory.Write("f", large), large.size()), large);
}

TEST(TextFile, HasALimit) {
  TempDirectory directory;
  std::string path = directory.Write("f", "12345");
  EXPECT_TRUE(ReadTextFile(path, 5).ok());
  absl::Status status = ReadTextFile(path, 4).status();
  EXPECT_TRUE(absl::IsOutOfRange(status));
  EXPECT_EQ(status.message(), path + ": longer than 4 bytes");
  EXPECT_TRUE(absl::IsOutOfRange(ReadTextFile("/dev/zero", 1'000'000).status()));
}

TEST(TextFile, SaysWhyNot) {
  TempDirectory directory;
  absl::Status missing = ReadTextFile(directory.path("none"), 10).status();
  EXPECT_TRUE(absl::IsNotFound(missing));
  EXPECT_EQ(missing.message(), directory.path("none") + ": No such file or directory");
  EXPECT_EQ(ReadTextFile(directory.path(), 10).status().message(), directory.path() + ": Is a directory");
  if (getuid() == 0) return;  // whom no mode stops
  std::string path = directory.Write("f", "x");
  chmod(path.c_str(), 0);
  EXPECT_TRUE(absl::IsPermissionDenied(ReadTextFile(path, 10).status()));
}

TEST(TextFile, ReadsPipesToTheirEndAndLeavesThemOpen) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "first ", 6), 6);
  ASSERT_EQ(write(ends[1], "second", 6), 6);
  close(ends[1]);
  EXPECT_EQ(*ReadText(ends[0], "standard input", 100), "first second");
  EXPECT_NE(fcntl(ends[0], F_GETFD), -1);
  close(ends[0]);
  EXPECT_EQ(ReadText(ends[0], "standard input", 100).status().message(),
            "standard input: Bad file descriptor");
}

}  // namespace
}  // namespace cfr
