// SPDX-License-Identifier: BSD-3-Clause
#include "common/counters.h"

#include <gtest/gtest.h>

#include <cctype>
#include <memory>
#include <set>
#include <string>

namespace cfr {
namespace {

// A metric label: lower-case words joined by underscores.
bool IsLabel(const std::string& name) {
  for (char c : name)
    if (!std::islower(static_cast<unsigned char>(c)) && !std::isdigit(static_cast<unsigned char>(c)) &&
        c != '_')
      return false;
  return !name.empty() && name.front() != '_' && name.back() != '_';
}

bool IsSentence(const std::string& text) {
  return text.size() > 10 && std::isupper(static_cast<unsigned char>(text.front())) && text.back() == '.';
}

TEST(Counters, RowsAreDistinctAndExplained) {
  std::set<std::string> names;
  for (const CounterRow& row : kCounterRows) {
    EXPECT_TRUE(IsLabel(row.name)) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(IsSentence(row.sentence)) << row.sentence;
    EXPECT_TRUE(std::set<std::string>({"packets", "bytes", "flows"}).contains(row.unit)) << row.name;
  }
}

TEST(Counters, DropReasonsAreDistinctAndExplained) {
  std::set<std::string> names, sentences;
  for (const DropReasonRow& row : kDropReasonRows) {
    EXPECT_TRUE(IsLabel(row.name)) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(IsSentence(row.sentence)) << row.sentence;
    EXPECT_TRUE(sentences.insert(row.sentence).second) << "two reasons, one sentence: " << row.sentence;
    EXPECT_NE(std::string(row.clause), "") << row.name;
  }
}

TEST(Counters, SymbolsMeetTheirRows) {
  EXPECT_STREQ(Name(Counter::kReceived), "received");
  EXPECT_STREQ(Name(Counter::kMade), "made");
  EXPECT_EQ(static_cast<int>(Counter::kOpeningsLost), kCounterCount - 1);
  EXPECT_STREQ(Name(DropReason::kRxOversize), "rx_oversize");
  EXPECT_STREQ(Name(DropReason::kNoSnapshot), "no_snapshot");
}

TEST(Counters, CellAddsSubtractsAndWraps) {
  CounterCell cell;
  cell.Add(5);
  cell.Subtract(7);
  EXPECT_EQ(cell.Get(), ~uint64_t{0} - 1);
  cell.Add(2);
  EXPECT_EQ(cell.Get(), 0u);
  cell.Set(9);
  EXPECT_EQ(cell.Get(), 9u);
}

class Accounting : public testing::TestWithParam<Direction> {
 protected:
  std::unique_ptr<CounterPage> page_ = std::make_unique<CounterPage>();
  Direction d_ = GetParam();
};

TEST_P(Accounting, EmptyPageIsBalanced) {
  EXPECT_EQ(AccountingMismatch(*page_, d_), 0);
}

TEST_P(Accounting, EveryWayInAndOutCounts) {
  page_->Count(d_, Counter::kReceived, 10);
  page_->Count(d_, Counter::kHandoffIn, 3);
  EXPECT_EQ(AccountingMismatch(*page_, d_), 13);
  page_->Count(d_, Counter::kSent, 6);
  page_->Count(d_, Counter::kConsumed, 2);
  page_->Count(d_, Counter::kHandoffOut, 4);
  EXPECT_EQ(AccountingMismatch(*page_, d_), 1);
  page_->Count(d_, DropReason::kNoFlow);
  EXPECT_EQ(AccountingMismatch(*page_, d_), 0);
}

TEST_P(Accounting, EveryDropReasonIsAWayOut) {
  for (int r = 0; r < kDropReasonCount; ++r) {
    page_->Count(d_, static_cast<DropReason>(r));
    EXPECT_EQ(AccountingMismatch(*page_, d_), -(r + 1)) << kDropReasonRows[r].name;
  }
}

TEST_P(Accounting, NothingElseCounts) {
  for (Counter c : {Counter::kReceivedBytes, Counter::kSentBytes, Counter::kBypassed, Counter::kOpenedTcp,
                    Counter::kOpenedUdp, Counter::kOpenedIcmp, Counter::kClosed, Counter::kReleased,
                    Counter::kAliasSpill, Counter::kMade}) {
    page_->Count(d_, c);
    EXPECT_EQ(AccountingMismatch(*page_, d_), 0) << Name(c);
  }
}

TEST_P(Accounting, DirectionsAreApart) {
  Direction other = d_ == Direction::kOutbound ? Direction::kInbound : Direction::kOutbound;
  page_->Count(other, Counter::kReceived);
  page_->Count(other, DropReason::kNoFlow, 5);
  EXPECT_EQ(AccountingMismatch(*page_, d_), 0);
  EXPECT_EQ(AccountingMismatch(*page_, other), -4);
}

INSTANTIATE_TEST_SUITE_P(BothDirections, Accounting,
                         testing::Values(Direction::kOutbound, Direction::kInbound),
                         [](const auto& d) { return std::string(Name(d.param)); });

}  // namespace
}  // namespace cfr
