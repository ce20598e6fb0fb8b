// SPDX-License-Identifier: BSD-3-Clause
#include "control/audit_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/temp_directory.h"

namespace cfr {
namespace {

using test::TempDirectory;

class AuditFileTest : public testing::Test {
 protected:
  void Fill(int lines) {
    for (int i = 0; i < lines; ++i) ASSERT_TRUE(AppendAudit(path_, {{"case", i}, {"outcome", "one"}}).ok());
  }
  void ExpectChanged(const std::string& text) {
    directory_.Write("audit", text);
    EXPECT_TRUE(absl::IsDataLoss(CheckAudit(path_).status())) << text;
    EXPECT_TRUE(absl::IsDataLoss(AppendAudit(path_, {{"case", "next"}}))) << text;
    EXPECT_EQ(directory_.Read("audit"), text) << "nothing is appended to what was changed";
  }
  TempDirectory directory_;
  const std::string path_ = directory_.path("audit");
};

TEST_F(AuditFileTest, Grows) {
  Fill(5);
  EXPECT_EQ(*CheckAudit(path_), 5u);
  EXPECT_TRUE(directory_.Read("audit").starts_with("{\"case\":0,\"outcome\":\"one\"} "));
  struct stat facts;
  ASSERT_EQ(stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0600u);
}

TEST_F(AuditFileTest, AnyOtherByteIsSeen) {
  Fill(3);
  const std::string whole = directory_.Read("audit");
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] ^= 1;
    ExpectChanged(changed);
  }
}

TEST_F(AuditFileTest, LinesTakenOutPutInOrExchangedAreSeen) {
  Fill(3);
  const std::string whole = directory_.Read("audit");
  const size_t first = whole.find('\n') + 1, second = whole.find('\n', first) + 1;
  const std::string a = whole.substr(0, first), b = whole.substr(first, second - first),
                    c = whole.substr(second);
  for (const std::string& text :
       {b + c, a + c, b + a + c, a + a + b + c, a + c + b, a + b + c + a, whole + "x\n"})
    ExpectChanged(text);
  ExpectChanged(whole.substr(0, whole.size() - 1));
  ExpectChanged(whole + "\n");
}

TEST_F(AuditFileTest, ThatCannotBeWrittenIsTold) {
  EXPECT_TRUE(absl::IsNotFound(AppendAudit(directory_.path("none/audit"), {})));
  ASSERT_EQ(symlink("/dev/null", directory_.path("link").c_str()), 0);
  EXPECT_FALSE(AppendAudit(directory_.path("link"), {}).ok());
  EXPECT_TRUE(absl::IsNotFound(CheckAudit(path_).status()));
}

}  // namespace
}  // namespace cfr
