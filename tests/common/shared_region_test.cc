// SPDX-License-Identifier: BSD-3-Clause
#include "common/shared_region.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

namespace cfr {
namespace {

constexpr size_t kBytes = 3 * 4096 + 128;  // no multiple of a page
constexpr int kSizeSeals = F_SEAL_SHRINK | F_SEAL_GROW;

SharedRegion Make(bool peers_read_only) {
  auto region = SharedRegion::Create("cfr-test", kBytes, peers_read_only);
  EXPECT_TRUE(region.ok()) << region.status();
  return std::move(*region);
}

int Memfd(size_t bytes, int seals, unsigned flags = 0) {
  int descriptor = memfd_create("cfr-test", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);
  EXPECT_GE(descriptor, 0);
  EXPECT_EQ(ftruncate(descriptor, static_cast<off_t>(bytes)), 0);
  EXPECT_EQ(seals == 0 ? 0 : fcntl(descriptor, F_ADD_SEALS, seals), 0);
  return descriptor;
}

bool IsOpen(int descriptor) {
  return fcntl(descriptor, F_GETFD) >= 0;
}

// The VmFlags line of the mapping that holds `address`.
std::string FlagsOf(const void* address) {
  std::ostringstream wanted;
  wanted << std::hex << reinterpret_cast<uintptr_t>(address) << '-';
  std::ifstream maps("/proc/self/smaps");
  bool found = false;
  for (std::string line; std::getline(maps, line);) {
    found = found || line.starts_with(wanted.str());
    if (found && line.starts_with("VmFlags:")) return line + " ";
  }
  return "";
}

TEST(SharedRegion, IsZeroedSealedAndOutOfDumps) {
  SharedRegion region = Make(false);
  EXPECT_EQ(region.bytes(), kBytes);
  const auto* bytes = static_cast<const uint8_t*>(region.data());
  EXPECT_TRUE(std::all_of(bytes, bytes + kBytes, [](uint8_t b) { return b == 0; }));
  EXPECT_EQ(fcntl(region.descriptor(), F_GET_SEALS), kSizeSeals | F_SEAL_SEAL);
  EXPECT_EQ(fcntl(region.descriptor(), F_GETFD), FD_CLOEXEC);
  EXPECT_NE(FlagsOf(region.data()).find(" dd "), std::string::npos) << FlagsOf(region.data());
}

TEST(SharedRegion, NobodyCanResizeOrUnseal) {
  SharedRegion region = Make(false);
  EXPECT_NE(ftruncate(region.descriptor(), 0), 0);
  EXPECT_NE(ftruncate(region.descriptor(), 2 * kBytes), 0);
  EXPECT_NE(fcntl(region.descriptor(), F_ADD_SEALS, F_SEAL_WRITE), 0);
}

TEST(SharedRegion, PeersSeeEachOthersWrites) {
  SharedRegion region = Make(false);
  auto peer = SharedRegion::Adopt(dup(region.descriptor()), kBytes, true);
  ASSERT_TRUE(peer.ok()) << peer.status();
  static_cast<uint8_t*>(region.data())[kBytes - 1] = 7;
  EXPECT_EQ(static_cast<uint8_t*>(peer->data())[kBytes - 1], 7);
  static_cast<uint8_t*>(peer->data())[0] = 9;
  EXPECT_EQ(static_cast<uint8_t*>(region.data())[0], 9);
  EXPECT_NE(FlagsOf(peer->data()).find(" dd "), std::string::npos);
}

TEST(SharedRegion, ReadOnlyPeersFindNoWayToWrite) {
  SharedRegion region = Make(true);
  static_cast<uint8_t*>(region.data())[0] = 9;
  EXPECT_FALSE(SharedRegion::Adopt(dup(region.descriptor()), kBytes, true).ok());
  auto peer = SharedRegion::Adopt(dup(region.descriptor()), kBytes, false);
  ASSERT_TRUE(peer.ok()) << peer.status();
  EXPECT_EQ(*static_cast<const uint8_t*>(peer->data()), 9);
  EXPECT_NE(mprotect(peer->data(), kBytes, PROT_READ | PROT_WRITE), 0);
  EXPECT_NE(pwrite(peer->descriptor(), "x", 1, 0), 1);
  EXPECT_NE(fallocate(peer->descriptor(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), 0);
  std::string path = "/proc/self/fd/" + std::to_string(peer->descriptor());
  int reopened = open(path.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(reopened, 0);
  EXPECT_EQ(mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, reopened, 0), MAP_FAILED);
  close(reopened);
  EXPECT_EQ(*static_cast<const uint8_t*>(region.data()), 9);
}

struct Refusal {
  const char* why;
  int (*make)();
};

int OrdinaryFile() {
  char path[] = "/tmp/cfr-region-XXXXXX";
  int descriptor = mkstemp(path);
  unlink(path);
  EXPECT_EQ(ftruncate(descriptor, kBytes), 0);
  return descriptor;
}

TEST(SharedRegion, WhatIsNotAsItMustBeIsRefusedAndClosed) {
  constexpr Refusal kRefusals[] = {
      {"never sealed", [] { return Memfd(kBytes, 0); }},
      {"may grow", [] { return Memfd(kBytes, F_SEAL_SHRINK); }},
      {"may shrink", [] { return Memfd(kBytes, F_SEAL_GROW); }},
      {"one byte short", [] { return Memfd(kBytes - 1, kSizeSeals); }},
      {"one byte long", [] { return Memfd(kBytes + 1, kSizeSeals); }},
      {"empty", [] { return Memfd(0, kSizeSeals); }},
      {"huge pages", [] { return Memfd(0, kSizeSeals, MFD_HUGETLB); }},
      {"a file", OrdinaryFile},
      {"a device", [] { return open("/dev/zero", O_RDWR | O_CLOEXEC); }},
      {"a directory", [] { return open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC); }},
  };
  for (const Refusal& refusal : kRefusals) {
    int descriptor = refusal.make();
    ASSERT_GE(descriptor, 0) << refusal.why;
    auto region = SharedRegion::Adopt(descriptor, kBytes, true);
    EXPECT_EQ(region.status().code(), absl::StatusCode::kInvalidArgument) << refusal.why;
    EXPECT_FALSE(IsOpen(descriptor)) << refusal.why;
  }
  EXPECT_FALSE(SharedRegion::Adopt(-1, kBytes, true).ok());
}

TEST(SharedRegion, HugePagesAreRefusedForBeingHuge) {
  auto region = SharedRegion::Adopt(Memfd(0, kSizeSeals, MFD_HUGETLB), 0, true);
  EXPECT_NE(std::string(region.status().message()).find("ordinary pages"), std::string::npos)
      << region.status();
}

TEST(SharedRegion, SizesTheKernelHasNoRoomForAreAnError) {
  EXPECT_FALSE(SharedRegion::Create("cfr-test", 0, false).ok());
  EXPECT_FALSE(SharedRegion::Create("cfr-test", size_t{1} << 63, false).ok());
}

TEST(SharedRegion, MovesAndEnds) {
  SharedRegion a = Make(false);
  void* data = a.data();
  int descriptor = a.descriptor();
  SharedRegion b(std::move(a));
  EXPECT_FALSE(a);  // NOLINT(bugprone-use-after-move): what is left is part of the contract
  EXPECT_EQ(a.descriptor(), -1);
  EXPECT_EQ(b.data(), data);
  SharedRegion c = Make(false);
  int replaced = c.descriptor();
  c = std::move(b);
  EXPECT_EQ(c.data(), data);
  EXPECT_FALSE(IsOpen(replaced)) << "the former region ends when it is replaced";
  c = SharedRegion();
  EXPECT_FALSE(IsOpen(descriptor));
  EXPECT_EQ(FlagsOf(data), "");
}

}  // namespace
}  // namespace cfr
