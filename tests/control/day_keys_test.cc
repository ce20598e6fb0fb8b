// SPDX-License-Identifier: BSD-3-Clause
#include "control/day_keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>

#include "tests/support/temp_directory.h"

namespace cfr {
namespace {

using test::TempDirectory;

constexpr UtcDay kFirst = 20'782;  // 2026-11-25

mode_t ModeOf(const std::string& path) {
  struct stat facts;
  EXPECT_EQ(stat(path.c_str(), &facts), 0) << path;
  return facts.st_mode & 07777;
}

class DayKeysTest : public testing::Test {
 protected:
  std::string out() const { return directory_.path("keys"); }
  std::string Private(UtcDay day) const { return out() + "/private/" + FormatDay(day) + ".key"; }
  std::string Public(UtcDay day) const { return out() + "/public/" + FormatDay(day) + ".pub"; }
  TempDirectory directory_;
};

TEST_F(DayKeysTest, HalvesOfEachDayBelongTogether) {
  ASSERT_TRUE(MakeDayKeys(kFirst, 40, out()).ok());
  auto halves = ReadPublicDayKeys(out() + "/public");
  ASSERT_TRUE(halves.ok()) << halves.status();
  ASSERT_EQ(halves->size(), 40u);
  std::set<hpke::PublicKey> all;
  for (UtcDay day = kFirst; day < kFirst + 40; ++day) {
    auto key = ReadDayKey(Private(day));
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(key->day, day);
    EXPECT_EQ(hpke::PublicOf(key->key), halves->at(day));
    EXPECT_TRUE(all.insert(halves->at(day)).second);
  }
}

TEST_F(DayKeysTest, PrivateHalvesAreForTheirOwnerWhateverTheUmask) {
  const mode_t former = umask(0);
  ASSERT_TRUE(MakeDayKeys(kFirst, 1, out()).ok());
  umask(former);
  EXPECT_EQ(ModeOf(Private(kFirst)), 0600u);
  EXPECT_EQ(ModeOf(out() + "/private"), 0700u);
  EXPECT_EQ(ModeOf(Public(kFirst)), 0644u);
}

TEST_F(DayKeysTest, NothingIsOverwrittenOrHalfMade) {
  ASSERT_TRUE(MakeDayKeys(kFirst + 2, 1, out()).ok());
  const std::string before = directory_.Read("keys/private/" + FormatDay(kFirst + 2) + ".key");
  absl::Status status = MakeDayKeys(kFirst, 5, out());
  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  EXPECT_NE(status.message().find(FormatDay(kFirst + 2)), std::string::npos);
  EXPECT_EQ(directory_.Read("keys/private/" + FormatDay(kFirst + 2) + ".key"), before);
  EXPECT_FALSE(directory_.Holds("keys/private/" + FormatDay(kFirst) + ".key"));
  std::filesystem::remove(Private(kFirst + 2));
  EXPECT_TRUE(absl::IsAlreadyExists(MakeDayKeys(kFirst, 5, out())))
      << "the public half alone stands in the way, too";
}

TEST_F(DayKeysTest, AKeyOthersMayReadIsRefused) {
  ASSERT_TRUE(MakeDayKeys(kFirst, 1, out()).ok());
  for (mode_t mode : {0640u, 0604u, 0660u}) {
    chmod(Private(kFirst).c_str(), mode);
    EXPECT_TRUE(absl::IsPermissionDenied(ReadDayKey(Private(kFirst)).status())) << mode;
  }
  chmod(Private(kFirst).c_str(), 0400);
  EXPECT_TRUE(ReadDayKey(Private(kFirst)).ok());
}

TEST_F(DayKeysTest, WhatIsNoKeyIsRefused) {
  ASSERT_TRUE(MakeDayKeys(kFirst, 1, out()).ok());
  const std::string good = directory_.Read("keys/private/2026-11-25.key");
  ASSERT_EQ(good.size(), 96u);
  std::vector<std::string> bad = {
      "", "\n", good + "\n", good.substr(1), std::string(96, '\0'), std::string(5000, 'a')};
  for (size_t i = 0; i < good.size(); ++i) {
    bad.push_back(good.substr(0, i));
    std::string changed = good;
    changed[i] = '?';
    bad.push_back(changed);
  }
  for (const std::string& text : bad) {
    directory_.Write("keys/private/2026-11-25.key", text);
    EXPECT_TRUE(absl::IsInvalidArgument(ReadDayKey(Private(kFirst)).status())) << text;
  }
  EXPECT_FALSE(ReadDayKey(Public(kFirst)).ok());
  EXPECT_TRUE(absl::IsNotFound(ReadDayKey(out() + "/none").status()));
}

TEST_F(DayKeysTest, ADirectoryIsReadWholeOrNotAtAll) {
  EXPECT_TRUE(absl::IsNotFound(ReadPublicDayKeys(out()).status()));
  ASSERT_TRUE(MakeDayKeys(kFirst, 2, out()).ok());
  directory_.Write("keys/public/README", "no key");
  EXPECT_EQ(ReadPublicDayKeys(out() + "/public")->size(), 2u);
  std::filesystem::copy(Public(kFirst), out() + "/public/2026-12-24.pub");
  EXPECT_NE(ReadPublicDayKeys(out() + "/public").status().message().find("holds the key of 2026-11-25"),
            std::string::npos);
  directory_.Write("keys/public/2026-12-24.pub", "x");
  EXPECT_FALSE(ReadPublicDayKeys(out() + "/public").ok());
  std::filesystem::copy(Private(kFirst), out() + "/public/2026-12-24.pub",
                        std::filesystem::copy_options::overwrite_existing);
  EXPECT_FALSE(ReadPublicDayKeys(out() + "/public").ok()) << "a private half is told by its name of the half";
}

}  // namespace
}  // namespace cfr
