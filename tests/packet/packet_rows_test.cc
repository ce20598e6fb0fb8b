// SPDX-License-Identifier: BSD-3-Clause
// Registers one test for each row of every *.rows file; each runs in the row's families and with 1 and 2
// workers. A last test holds the rows against the list of drop reasons.
//
//   packet_rows_test FOLDER [gtest flags]
//
// --gtest_filter='udp.*' runs one file, 'udp.quarantine*' one row, '*[UDP?1]*' all rows of a requirement.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "common/counters.h"
#include "tests/packet/row_runner.h"

namespace cfr::test {
namespace {

// Only the shell around the pipeline can produce these: they are about rings and queues.
const std::set<std::string> kShellReasons = {"handoff_full", "tx_full"};

class RowTest : public testing::Test {
 public:
  RowTest(Row row, std::string configurations)
      : row_(std::move(row)), configurations_(std::move(configurations)) {}

  void TestBody() override {
    for (const std::string& family : row_.families)
      for (int workers : row_.workers) {
        Family f = family == "4" ? Family::kV4 : Family::kV6;
        for (const RowFailure& failure : RunRow(row_, f, workers, configurations_))
          ADD_FAILURE_AT(row_.file.c_str(), failure.line)
              << row_.sentence << "\n  [" << Name(f) << ", " << workers << " workers] " << failure.sentence;
        if (HasFailure()) return;  // the other runs would say the same
      }
  }

 private:
  Row row_;
  std::string configurations_;
};

class EveryReasonHasARow : public testing::Test {
 public:
  explicit EveryReasonHasARow(std::set<std::string> named) : named_(std::move(named)) {}
  void TestBody() override {
    for (const DropReasonRow& reason : kDropReasonRows)
      EXPECT_TRUE(named_.contains(reason.name) != kShellReasons.contains(reason.name))
          << reason.name << ": needs a row, or stands in kShellReasons although rows name it";
  }

 private:
  std::set<std::string> named_;
};

// The row's name and what it proves, for --gtest_list_tests and its filter: "answered-timer[UDP-1]".
std::string TestName(const Row& row) {
  std::string name = row.id;
  for (const std::string& id : row.proves) name += "[" + id + "]";
  return name;
}

std::vector<Row> LoadRows(const std::filesystem::path& folder, std::vector<std::string>* errors) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".rows") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<Row> rows;
  for (const auto& path : files) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    RowFile parsed = ParseRows(path.string(), text.str());
    errors->insert(errors->end(), parsed.errors.begin(), parsed.errors.end());
    rows.insert(rows.end(), parsed.rows.begin(), parsed.rows.end());
  }
  return rows;
}

int Main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 2) return std::cerr << "usage: packet_rows_test FOLDER\n", 2;
  std::vector<std::string> errors;
  std::vector<Row> rows = LoadRows(argv[1], &errors);
  std::set<std::string> ids, named;
  for (const Row& row : rows) {
    std::string suite = std::filesystem::path(row.file).stem();
    if (!ids.insert(suite + "." + row.id).second)
      errors.push_back(row.file + ": two rows are called " + row.id);
    for (const Step& step : row.steps) {
      named.insert(step.drop);
      named.insert(step.dropped_too.begin(), step.dropped_too.end());
      for (const std::string& word : step.words)
        if (word.rfind("drop=", 0) == 0) named.insert(word.substr(5));
    }
    std::string configurations = (std::filesystem::path(argv[1]) / "configurations").string();
    testing::RegisterTest(suite.c_str(), TestName(row).c_str(), nullptr, nullptr, row.file.c_str(), row.line,
                          [=] { return new RowTest(row, configurations); });
  }
  testing::RegisterTest("all", "every_drop_reason_has_a_row", nullptr, nullptr, __FILE__, __LINE__,
                        [=] { return new EveryReasonHasARow(named); });
  for (const std::string& error : errors) std::cerr << error << "\n";
  if (!errors.empty() || rows.empty()) return 1;
  return RUN_ALL_TESTS();
}

}  // namespace
}  // namespace cfr::test

int main(int argc, char** argv) {
  return cfr::test::Main(argc, argv);
}
