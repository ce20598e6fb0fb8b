// SPDX-License-Identifier: BSD-3-Clause
#include "control/reference.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/text_file.h"
#include "control/command_table.h"

namespace cfr {
namespace {

TEST(CommandReference, ThePageIsFresh) {
  auto page = ReadTextFile(CFR_CLI_PAGE, 1 << 20);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(*page, CommandReference()) << "run: build/control/cfrctl reference > docs/cli.md";
}

TEST(CommandReference, HasEveryCommandArgumentAndExitCode) {
  std::string page = CommandReference();
  for (const CommandRow& row : CommandTable()) {
    EXPECT_NE(page.find(absl::StrCat("\n## ", row.name(), "\n")), std::string::npos) << row.name();
    for (const ArgumentRow& argument : row.arguments)
      EXPECT_NE(page.find(argument.sentence), std::string::npos);
  }
  for (const ExitCodeRow& row : kExitCodeRows)
    EXPECT_NE(page.find(absl::StrCat("| ", static_cast<int>(row.code), " | ", row.name, " |")),
              std::string::npos);
}

TEST(BashCompletion, HasEveryCommandAndOption) {
  std::string text = BashCompletion();
  for (const CommandRow& row : CommandTable()) {
    EXPECT_NE(text.find(absl::StrCat("'", row.name(), "'*)")), std::string::npos) << row.name();
    for (const ArgumentRow& argument : row.arguments) {
      EXPECT_TRUE(argument.positional() || text.find(argument.name) != std::string::npos) << argument.name;
    }
  }
}

}  // namespace
}  // namespace cfr
