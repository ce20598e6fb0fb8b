// SPDX-License-Identifier: BSD-3-Clause
// A directory of this test alone, gone with it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace cfr::test {

class TemporaryDirectory {
 public:
  TemporaryDirectory() { EXPECT_NE(mkdtemp(path_), nullptr); }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  std::string operator/(const char* name) const { return std::string(path_) + "/" + name; }
  const char* path() const { return path_; }

 private:
  char path_[32] = "/tmp/cfr-test-XXXXXX";
};

}  // namespace cfr::test
