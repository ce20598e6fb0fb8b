// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/arena.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <type_traits>

namespace cfr {
namespace {

// What the kernel says of the mapping that holds `address`.
struct Mapping {
  std::string flags;
  uint64_t resident_kilobytes = 0;
};
Mapping MappingOf(const void* address) {
  std::ifstream file("/proc/self/smaps");
  Mapping mapping;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    uintptr_t first, last;
    char dash;
    std::istringstream head(line);
    if (head >> std::hex >> first >> dash >> last && dash == '-') {
      auto at = reinterpret_cast<uintptr_t>(address);
      inside = at >= first && at < last;
    }
    if (!inside) continue;
    if (line.starts_with("Rss:")) mapping.resident_kilobytes = std::stoull(line.substr(4));
    if (line.starts_with("VmFlags:")) mapping.flags = line.substr(8) + " ";
  }
  return mapping;
}

TEST(Arena, BeginsZeroedAndKeepsWhatIsWritten) {
  Arena<uint64_t> arena(300'000);
  EXPECT_EQ(arena.count(), 300'000u);
  for (size_t i = 0; i < arena.count(); ++i) ASSERT_EQ(arena[i], 0u);
  for (size_t i = 0; i < arena.count(); ++i) arena[i] = i * 3;
  for (size_t i = 0; i < arena.count(); ++i) ASSERT_EQ(arena[i], i * 3);
}

TEST(Arena, TakesWholeHugePages) {
  constexpr size_t kPage = size_t{2} << 20;
  EXPECT_EQ(Arena<uint8_t>(1).bytes(), kPage);
  EXPECT_EQ(Arena<uint8_t>(kPage).bytes(), kPage);
  EXPECT_EQ(Arena<uint8_t>(kPage + 1).bytes(), 2 * kPage);
}

TEST(Arena, IsLeftOutOfCoreDumps) {
  Arena<uint8_t> arena(1);
  EXPECT_NE(MappingOf(&arena[0]).flags.find(" dd "), std::string::npos) << MappingOf(&arena[0]).flags;
}

TEST(Arena, TakesMemoryOnlyWhenTouched) {
  Arena<uint8_t> arena(size_t{1} << 30);
  EXPECT_LT(MappingOf(&arena[0]).resident_kilobytes, 64u);
  arena[arena.count() - 1] = 1;
  EXPECT_LE(MappingOf(&arena[0]).resident_kilobytes, 2048u);
}

TEST(Arena, GivesItsMemoryBack) {
  void* where;
  size_t bytes;
  {
    Arena<uint8_t> arena(1);
    where = &arena[0];
    bytes = arena.bytes();
    EXPECT_EQ(msync(where, bytes, MS_ASYNC), 0);
  }
  EXPECT_EQ(msync(where, bytes, MS_ASYNC), -1);
  EXPECT_EQ(errno, ENOMEM);
}

static_assert(!std::is_copy_constructible_v<Arena<int>> && !std::is_copy_assignable_v<Arena<int>>,
              "two owners would unmap twice");

}  // namespace
}  // namespace cfr
