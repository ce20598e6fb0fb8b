// SPDX-License-Identifier: BSD-3-Clause
// A log that ended in order, changed in 100,000 ways by somebody who does not recompute the chain: each is
// found.
#include "control/record_check.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <random>

#include "tests/control/record_rig.h"

namespace cfr {
namespace {

using namespace test;

using Files = std::map<std::string, std::string>;  // content by name

Files ReadAll(const std::string& directory) {
  Files files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    std::ifstream file(entry.path(), std::ios::binary);
    files[entry.path().filename()].assign(std::istreambuf_iterator<char>(file), {});
  }
  return files;
}

// Where the entries of a file begin, and its end. Reads the lengths on its own.
std::vector<size_t> Bounds(const std::string& file) {
  std::vector<size_t> bounds = {0};
  while (bounds.back() < file.size()) {
    size_t length = 0;
    for (int i = 0; i < 4; ++i)
      length = length << 8 | static_cast<uint8_t>(file[bounds.back() + static_cast<size_t>(i)]);
    bounds.push_back(bounds.back() + 8 + length + 32);
  }
  return bounds;
}

class RecordCheckTest : public testing::Test {
 protected:
  RecordCheckTest() {
    for (uint64_t day = 0; day < 3; ++day)
      for (uint32_t i = 0; i < 5; ++i) {
        rig_.Take(i, kBeginUtcS + day * kDaySeconds + i * 25);
        rig_.Write();
        heads_.push_back(ReadAll(rig_.directory()).at("head"));
      }
    rig_.End();
    heads_.pop_back();  // one entry behind is what a kill may leave
    heads_.pop_back();
    original_ = ReadAll(rig_.directory());
  }

  uint64_t Below(uint64_t bound) { return std::uniform_int_distribution<uint64_t>(0, bound - 1)(draw_); }
  std::string& AnyFile(Files* files) {
    return std::next(files->begin(), static_cast<long>(Below(files->size())))->second;
  }
  std::string& AnySegment(Files* files) {
    return std::next(files->begin(), static_cast<long>(Below(files->size() - 1)))
        ->second;  // "head" is the last name
  }
  std::pair<size_t, size_t> AnyEntry(const std::string& file) {
    const std::vector<size_t> bounds = Bounds(file);
    const size_t i = Below(bounds.size() - 1);
    return {bounds[i], bounds[i + 1] - bounds[i]};
  }
  std::string AnyBytes(size_t bytes_max) {
    std::string bytes(Below(bytes_max) + 1, '\0');
    for (char& c : bytes) c = static_cast<char>(Below(256));
    return bytes;
  }

  // One of everything a hostile or failing disk may do.
  const char* Manipulate(Files* files) {
    std::string& file = AnySegment(files);
    auto [at, bytes] = AnyEntry(file);
    switch (Below(17)) {
      case 0: {
        std::string& any = AnyFile(files);
        any[Below(any.size())] ^= static_cast<char>(1 << Below(8));
        return "a bit";
      }
      case 1: {
        std::string& any = AnyFile(files);
        const std::string put = AnyBytes(64);
        const size_t where = Below(any.size());
        any.replace(where, put.size(), put);
        return "some bytes";
      }
      case 2:
        file.resize(Below(file.size()));
        return "truncated anywhere";
      case 3:
        file.resize(at);
        return "truncated at an entry";
      case 4:
        file.erase(at, bytes);
        return "an entry taken out";
      case 5:
        file.insert(at, file.substr(at, bytes));
        return "an entry twice";
      case 6: {
        std::string& other = AnySegment(files);
        const std::string entry = file.substr(at, bytes);
        other.insert(AnyEntry(other).first, entry);
        return "an entry replayed elsewhere";
      }
      case 7: {
        auto [other_at, other_bytes] = AnyEntry(file);
        if (other_at < at) std::swap(at, other_at), std::swap(bytes, other_bytes);
        const std::string first = file.substr(at, bytes), second = file.substr(other_at, other_bytes);
        if (at != other_at) file.replace(other_at, other_bytes, first).replace(at, bytes, second);
        return "two entries exchanged";
      }
      case 8:
        std::swap(file, AnySegment(files));
        return "two files exchanged";
      case 9:
        files->erase(std::next(files->begin(), static_cast<long>(Below(files->size()))));
        return "a file taken out";
      case 10:
        (*files)[SegmentName(Below(6), DayOf(kBeginUtcS) + static_cast<UtcDay>(Below(4)))] = file;
        return "a file under another name";
      case 11:
        file += AnyBytes(200);
        return "something behind the end";
      case 12:
        file.insert(Below(file.size()), AnyBytes(100));
        return "something put in";
      case 13:
        file.erase(Below(file.size()), Below(100) + 1);
        return "something taken out";
      case 14:
        files->at("head") = heads_[Below(heads_.size())];
        return "an older head";
      case 15: {  // the last files, and the head as it was then
        const size_t keep = Below(2) + 1;
        while (files->size() > keep + 1) files->erase(std::prev(files->end(), 2));
        return "the last files taken out";
      }
      default: {
        std::string& head = files->at("head");
        const size_t half = head.size() / 2;
        head = Below(2) == 0 ? head.substr(0, half) + head.substr(0, half)
                             : head.substr(half) + head.substr(half);
        return "one half of the head twice";
      }
    }
  }

  void Write(const Files& files, const Files& before) {
    for (const auto& [name, content] : before)
      if (!files.contains(name)) std::filesystem::remove(rig_.directory() + "/" + name);
    for (const auto& [name, content] : files) {
      auto old = before.find(name);
      if (old != before.end() && old->second == content) continue;
      // Not emptied first: some file systems then write to the disk at every close.
      int file = open((rig_.directory() + "/" + name).c_str(), O_WRONLY | O_CREAT, 0600);
      ASSERT_EQ(pwrite(file, content.data(), content.size(), 0), static_cast<ssize_t>(content.size()));
      ASSERT_EQ(ftruncate(file, static_cast<off_t>(content.size())), 0);
      close(file);
    }
  }

  RecordRig rig_{RecordMode::kTuple};
  std::mt19937_64 draw_{1};
  std::vector<std::string> heads_;
  Files original_;
};

TEST_F(RecordCheckTest, AWholeLogHasNoFindings) {
  RecordLogReport report = CheckRecordLog(rig_.directory());
  EXPECT_TRUE(report.findings.empty()) << report.findings.front();
  EXPECT_TRUE(report.notes.empty());
  EXPECT_EQ(report.segments, 3u);
  EXPECT_EQ(report.node, kNode);
  uint64_t bytes = 0, entries = 0;
  for (const auto& [name, content] : original_)
    if (name != "head") bytes += content.size(), entries += Bounds(content).size() - 1;
  EXPECT_EQ(report.bytes, bytes);
  EXPECT_EQ(report.entries, entries);
}

TEST_F(RecordCheckTest, AHundredThousandManipulationsAreFound) {
  constexpr int kManipulations = 100'000;
  std::map<std::string, int> missed, made;
  for (int done = 0; done < kManipulations;) {
    Files files = original_;
    const char* what = Manipulate(&files);
    if (files == original_) continue;  // exchanged with itself
    Write(files, original_);
    ++made[what];
    if (CheckRecordLog(rig_.directory()).findings.empty() && ++missed[what] <= 3)
      ADD_FAILURE() << "not found: " << what << ", number " << done;
    Write(original_, files);
    ++done;
  }
  EXPECT_EQ(made.size(), 17u);
  EXPECT_TRUE(missed.empty());
}

}  // namespace
}  // namespace cfr
