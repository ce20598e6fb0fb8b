// SPDX-License-Identifier: BSD-3-Clause
#include "control/record_log.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "control/record_check.h"
#include "tests/control/record_rig.h"

namespace cfr {
namespace {

using namespace test;

// No file of this process grows past `bytes` while it lives: a disk that is full.
class FullDisk {
 public:
  explicit FullDisk(uint64_t bytes) {
    former_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &former_);
    rlimit limit{bytes, former_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &former_);
    std::signal(SIGXFSZ, former_handler_);
  }

 private:
  rlimit former_;
  void (*former_handler_)(int);
};

class RecordLogTest : public testing::Test {
 protected:
  RecordLogReport Check(const std::string& directory = "") {
    return CheckRecordLog(directory.empty() ? rig_.directory() : directory);
  }
  void ExpectWhole(size_t notes = 0) {
    RecordLogReport report = Check();
    EXPECT_TRUE(report.findings.empty()) << report.findings.front();
    EXPECT_EQ(report.notes.size(), notes);
  }
  std::vector<std::string> Files() {
    std::vector<std::string> names;
    auto files = ListSegments(rig_.directory(), nullptr);
    EXPECT_TRUE(files.ok());
    for (const SegmentFile& file : *files) names.push_back(SegmentName(file.sequence, file.day));
    return names;
  }
  std::string Newest() { return rig_.directory() + "/" + Files().back(); }
  // The writer is killed now, and the next one starts.
  void Kill() {
    TempDirectory frozen;
    rig_.CopyTo(frozen.path());
    rig_.End();
    std::filesystem::remove_all(rig_.directory());
    std::filesystem::copy(frozen.path(), rig_.directory());
  }
  RecordRig rig_{RecordMode::kTuple};
};

TEST_F(RecordLogTest, IsForItsOwnerAlone) {
  const mode_t former = umask(0);
  RecordRig rig(RecordMode::kBatch);
  rig.Take(1, kBeginUtcS);
  rig.End();
  umask(former);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(rig.directory())) {
    struct stat facts;
    ASSERT_EQ(stat(entry.path().c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0600u) << entry.path();
  }
  struct stat facts;
  ASSERT_EQ(stat(rig.directory().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0700u);
}

TEST_F(RecordLogTest, EachDayHasFilesOfItsOwn) {
  for (uint64_t hours : {0, 1, 22, 23, 24, 50})
    rig_.Take(static_cast<uint32_t>(hours), kBeginUtcS + hours * 3600);
  rig_.End();
  EXPECT_EQ(Files(),
            (std::vector<std::string>{"0000000001-2024-10-04.records", "0000000002-2024-10-05.records",
                                      "0000000003-2024-10-06.records"}));
  ExpectWhole();
}

TEST_F(RecordLogTest, ALargeFileIsFollowedByAnother) {
  const SealedEntry minute{SealedEntry::Kind::kMinute, DayOf(kBeginUtcS), 0, "minute"};
  const SealedEntry block{SealedEntry::Kind::kBlock, DayOf(kBeginUtcS), 1,
                          std::string(RecordLog::kRotateBytes / 2, 'x')};
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(rig_.log().Append(minute).ok());
    ASSERT_TRUE(rig_.log().Append(block).ok());
  }
  rig_.End();
  EXPECT_EQ(Files().size(), 3u);
  ExpectWhole();
}

TEST_F(RecordLogTest, AWriterStartedAnewBeginsAFile) {
  for (int i = 0; i < 5; ++i) {
    rig_.Take(1, kBeginUtcS);
    rig_.End();
    rig_.Start();
  }
  EXPECT_EQ(Files().size(), 5u);
  ExpectWhole();
}

TEST_F(RecordLogTest, OneWriterAtATime) {
  EXPECT_TRUE(absl::IsFailedPrecondition(RecordLog::Open(rig_.directory(), kNode).status()));
  rig_.End();
  EXPECT_TRUE(RecordLog::Open(rig_.directory(), kNode).ok());
}

TEST_F(RecordLogTest, MayBeCheckedWhileItIsWritten) {
  for (uint32_t i = 0; i < 20; ++i) {
    rig_.Take(i, kBeginUtcS + i * 10);
    rig_.Write();
    ExpectWhole();
  }
}

TEST_F(RecordLogTest, AKillLosesNothingThatWasWritten) {
  const Opened flow = rig_.Take(1, kBeginUtcS);
  rig_.Write();
  Kill();
  ExpectWhole();
  rig_.Start();
  const Opened next = rig_.Take(2, kBeginUtcS + 1);
  rig_.End();
  ExpectWhole();
  EXPECT_EQ(rig_.Open(QueryOf(flow, kBeginUtcS)).outcome, RecordAnswer::Outcome::kOne);
  EXPECT_EQ(rig_.Open(QueryOf(next, kBeginUtcS + 1)).outcome, RecordAnswer::Outcome::kOne);
}

// Killed within a write: any part of the entry may be there, and the head does not know it.
TEST_F(RecordLogTest, AnEntryThatWasNotFinishedIsCutOff) {
  const Opened flow = rig_.Take(1, kBeginUtcS);
  rig_.Write();
  TempDirectory before;
  rig_.CopyTo(before.path());
  const std::string name = Files().back();
  rig_.Take(2, kBeginUtcS + 1);
  rig_.End();
  std::string longer;
  {
    std::ifstream file(rig_.directory() + "/" + name, std::ios::binary);
    longer.assign(std::istreambuf_iterator<char>(file), {});
  }
  const size_t whole = before.Read(name).size();
  for (size_t bytes = whole; bytes < longer.size() - 1; ++bytes) {
    std::filesystem::remove_all(rig_.directory());
    std::filesystem::copy(before.path(), rig_.directory());
    std::ofstream(rig_.directory() + "/" + name, std::ios::binary) << longer.substr(0, bytes);
    RecordLogReport report = Check();
    ASSERT_TRUE(report.findings.empty()) << bytes << " " << report.findings.front();
    rig_.Start();
    rig_.Take(3, kBeginUtcS + 2);
    rig_.End();
    ExpectWhole();
    EXPECT_EQ(rig_.Open(QueryOf(flow, kBeginUtcS)).outcome, RecordAnswer::Outcome::kOne);
  }
}

TEST_F(RecordLogTest, AFileThatWasJustBegunIsBegunAgain) {
  rig_.Take(1, kBeginUtcS);
  rig_.Write();
  Kill();
  const std::string next = rig_.directory() + "/" + SegmentName(2, DayOf(kBeginUtcS));
  for (const std::string& text : {std::string(), std::string(3, 0)}) {
    std::ofstream(next, std::ios::binary) << text;
    ExpectWhole(1);
    rig_.Start();
    EXPECT_FALSE(std::filesystem::exists(next));
    rig_.End();
    ExpectWhole();
  }
}

TEST_F(RecordLogTest, WhatIsMissingAtAStartIsSaidForEver) {
  rig_.Take(1, kBeginUtcS);
  rig_.Write();
  rig_.Take(2, kBeginUtcS);
  rig_.Write();
  Kill();
  std::filesystem::resize_file(Newest(), std::filesystem::file_size(Newest()) - 100);
  rig_.Start();
  rig_.Take(3, kBeginUtcS);
  rig_.End();
  RecordLogReport report = Check();
  ASSERT_FALSE(report.findings.empty());
  bool told = false;
  for (const std::string& finding : report.findings)
    told |= finding.find("were missing") != std::string::npos;
  EXPECT_TRUE(told);
}

TEST_F(RecordLogTest, AHeadThatIsGoneIsSaidForEver) {
  rig_.Take(1, kBeginUtcS);
  rig_.End();
  std::filesystem::remove(rig_.directory() + "/head");
  EXPECT_FALSE(Check().findings.empty());
  rig_.Start();
  rig_.Take(2, kBeginUtcS);
  rig_.End();
  ASSERT_EQ(Check().findings.size(), 1u);
  EXPECT_NE(Check().findings[0].find("the head and an unknown part of the log before were missing"),
            std::string::npos);
}

TEST_F(RecordLogTest, AFullDiskTakesAnEntryWholeOrNotAtAll) {
  const Opened flow = rig_.Take(1, kBeginUtcS);
  rig_.Write();
  for (uint32_t i = 0; i < 50; ++i) rig_.Take(i + 2, kBeginUtcS + 1);
  rig_.sealer().Flush();
  const SealedEntry entry = rig_.sealer().entries().at(0);
  const uint64_t bytes = std::filesystem::file_size(Newest());
  for (uint64_t room : {0, 1, 8, 500, 2000}) {
    FullDisk full(bytes + room);
    absl::Status status = rig_.log().Append(entry);
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(std::filesystem::file_size(Newest()), bytes);
    ExpectWhole();
  }
  rig_.Write();
  rig_.End();
  ExpectWhole();
  EXPECT_EQ(rig_.Open(QueryOf(flow, kBeginUtcS)).outcome, RecordAnswer::Outcome::kOne);
}

TEST_F(RecordLogTest, AFileThatCannotBeBegunIsNotThere) {
  const SealedEntry minute{SealedEntry::Kind::kMinute, DayOf(kBeginUtcS), 0, "minute"};
  {
    FullDisk full(50);
    EXPECT_FALSE(rig_.log().Append(minute).ok());
    EXPECT_TRUE(Files().empty());
  }
  EXPECT_TRUE(rig_.log().Append(minute).ok());
  rig_.End();
  ExpectWhole();
}

TEST_F(RecordLogTest, ADirectoryThatIsLostIsTold) {
  rig_.Take(1, kBeginUtcS);
  std::filesystem::remove_all(rig_.directory());
  rig_.sealer().Flush();
  EXPECT_FALSE(rig_.log().Append(rig_.sealer().entries()[0]).ok());
  EXPECT_FALSE(RecordLog::Open("/proc/none", kNode).ok());
}

TEST_F(RecordLogTest, RetentionRemovesWholeDaysAndStaysVerifiable) {
  const UtcDay first = DayOf(kBeginUtcS);
  for (uint64_t day = 0; day < 3; ++day)
    rig_.Take(static_cast<uint32_t>(day), kBeginUtcS + day * kDaySeconds);
  rig_.Write();
  EXPECT_TRUE(rig_.log().RemoveBefore(first).ok());
  EXPECT_EQ(Files().size(), 3u);
  EXPECT_TRUE(rig_.log().RemoveBefore(first + 1).ok());
  EXPECT_EQ(Files().size(), 2u);
  ExpectWhole();
  EXPECT_TRUE(rig_.log().RemoveBefore(first + 3).ok());
  EXPECT_TRUE(Files().empty()) << "the open file, too";
  ExpectWhole();
  rig_.sealer().EndMinute();
  rig_.Take(9, kBeginUtcS + 2 * kDaySeconds + 100);
  rig_.End();
  EXPECT_EQ(Files(), std::vector<std::string>{"0000000004-2024-10-06.records"});
  ExpectWhole();
}

TEST_F(RecordLogTest, ARemovedFileThatIsBackIsFoundAndRemovedAgain) {
  rig_.Take(0, kBeginUtcS);
  rig_.Write();
  TempDirectory old;
  rig_.CopyTo(old.path());
  rig_.Take(1, kBeginUtcS + kDaySeconds);
  rig_.Write();
  ASSERT_TRUE(rig_.log().RemoveBefore(DayOf(kBeginUtcS) + 1).ok());
  rig_.End();
  const std::string name = SegmentName(1, DayOf(kBeginUtcS));
  std::filesystem::copy(old.path(name), rig_.directory() + "/" + name);
  EXPECT_EQ(Check().findings, std::vector<std::string>{name + ": does not belong here, or twice"});
  rig_.Start();
  EXPECT_FALSE(std::filesystem::exists(rig_.directory() + "/" + name));
  rig_.End();
  ExpectWhole();
}

}  // namespace
}  // namespace cfr
