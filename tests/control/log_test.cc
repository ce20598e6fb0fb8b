// SPDX-License-Identifier: BSD-3-Clause
#include "control/log.h"

#include <gtest/gtest.h>

namespace cfr {
namespace {

std::string Logged(LogLevel level, const std::string& message, const std::string& value) {
  testing::internal::CaptureStderr();
  Log(level, message, {{"key", value}});
  return testing::internal::GetCapturedStderr();
}

TEST(Log, IsOneLineOfLogfmtWithThePriorityOfTheJournal) {
  EXPECT_EQ(Logged(LogLevel::kError, "refused", "x"), "<3>msg=refused key=x\n");
  EXPECT_EQ(Logged(LogLevel::kWarning, "dataplane lost", "x"), "<4>msg=\"dataplane lost\" key=x\n");
  EXPECT_EQ(Logged(LogLevel::kInfo, "ready", ""), "<6>msg=ready key=\"\"\n");
}

TEST(Log, QuotesWhatWouldSplitAValue) {
  EXPECT_EQ(Logged(LogLevel::kInfo, "m", "uid=0,pid=1"), "<6>msg=m key=\"uid=0,pid=1\"\n");
  EXPECT_EQ(Logged(LogLevel::kInfo, "m", "a\"b\\c"), "<6>msg=m key=\"a\\\"b\\\\c\"\n");
  EXPECT_EQ(Logged(LogLevel::kInfo, "m", "a\\b"), "<6>msg=m key=\"a\\\\b\"\n");
}

TEST(Log, NothingFromOutsideBecomesALineOrMovesATerminal) {
  EXPECT_EQ(Logged(LogLevel::kInfo, "m", "a\n<0>msg=forged"), "<6>msg=m key=\"a?<0>msg=forged\"\n");
  EXPECT_EQ(Logged(LogLevel::kInfo, "m\r", "\x1b[31m\x7f\t"), "<6>msg=m? key=?[31m??\n");
  EXPECT_EQ(Logged(LogLevel::kInfo, "m",
                   "\xc2\x9b"
                   "31m\x9b"),
            "<6>msg=m key=?31m?\n");
  EXPECT_EQ(Logged(LogLevel::kInfo, "m", std::string("a\0b", 3)), "<6>msg=m key=a?b\n");
}

}  // namespace
}  // namespace cfr
