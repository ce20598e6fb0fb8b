// SPDX-License-Identifier: BSD-3-Clause
// The lists of a generation: ports, NAT64 prefixes, and what nobody can have.
#include <gtest/gtest.h>

#include "dataplane/snapshot_builder.h"

namespace cfr {
namespace {

class SnapshotListsTest : public testing::Test {
 protected:
  SnapshotListsTest() : builder_({}, std::vector<uint64_t>(kUnitsMax)) {
    Message begin = MakeMessage(MessageKind::kBegin);
    begin.begin.generation = 1;
    EXPECT_EQ(builder_.Take(begin, 0), AckStatus::kOk);
  }
  AckStatus Take(const Message& m) {
    ++messages_;
    digest_ = MessageDigest(digest_, m);
    return builder_.Take(m, 0);
  }
  AckStatus TakePort(uint8_t list, uint16_t port) {
    Message m = MakeMessage(MessageKind::kListedPort);
    m.listed_port = {port, list};
    return Take(m);
  }
  AckStatus TakeNat64(const char* prefix) {
    Message m = MakeMessage(MessageKind::kNat64Prefix);
    m.nat64_prefix.prefix = ToWire(*ParsePrefix(prefix));
    return Take(m);
  }
  void SetMartians(Martians martians) {
    Message m = MakeMessage(MessageKind::kSetting);
    m.setting = {static_cast<uint64_t>(martians), static_cast<uint16_t>(Setting::kMartians)};
    EXPECT_EQ(Take(m), AckStatus::kOk);
  }
  std::shared_ptr<const Snapshot> Commit() {
    Message m = MakeMessage(MessageKind::kCommit);
    m.commit = {1, messages_, digest_};
    std::shared_ptr<const Snapshot> snapshot;
    uint32_t position = 0;
    EXPECT_EQ(builder_.Commit(m, &snapshot, &position), AckStatus::kOk);
    return snapshot;
  }

  SnapshotBuilder builder_;
  uint32_t messages_ = 0;
  uint64_t digest_ = 0;
};

TEST_F(SnapshotListsTest, PortsStandInTheirListAlone) {
  EXPECT_EQ(TakePort(static_cast<uint8_t>(PortList::kAvoided), 65535), AckStatus::kOk);
  EXPECT_EQ(TakePort(static_cast<uint8_t>(PortList::kUdpWellknown), 53), AckStatus::kOk);
  auto snapshot = Commit();
  for (const PortListRow& row : kPortListRows)
    for (uint32_t port = 0; port < 65536; ++port) {
      const bool listed = (row.id == PortList::kAvoided && port == 65535) ||
                          (row.id == PortList::kUdpWellknown && port == 53);
      ASSERT_EQ(snapshot->Lists(row.id, Be16::From(static_cast<uint16_t>(port))), listed)
          << row.key << " " << port;
    }
}

TEST_F(SnapshotListsTest, OnlyListsAndPortsThereAre) {
  EXPECT_EQ(TakePort(kPortListCount, 53), AckStatus::kMalformed);
}
TEST_F(SnapshotListsTest, PortZeroIsNone) {
  EXPECT_EQ(TakePort(static_cast<uint8_t>(PortList::kAvoided), 0), AckStatus::kMalformed);
}
TEST_F(SnapshotListsTest, APortBeyondTheRangeOfItsList) {
  EXPECT_EQ(TakePort(static_cast<uint8_t>(PortList::kUdpWellknown), 1024), AckStatus::kMalformed);
}

TEST_F(SnapshotListsTest, AListHasAnEnd) {
  for (uint16_t port = 1; port <= kListedPortsMax; ++port)
    ASSERT_EQ(TakePort(static_cast<uint8_t>(PortList::kAvoided), port), AckStatus::kOk);
  EXPECT_EQ(TakePort(static_cast<uint8_t>(PortList::kUdpWellknown), 1), AckStatus::kOk)
      << "the next list is empty";
  EXPECT_EQ(TakePort(static_cast<uint8_t>(PortList::kAvoided), 9000), AckStatus::kTooMany);
}

TEST_F(SnapshotListsTest, Nat64PrefixesAreIpv6) {
  EXPECT_EQ(TakeNat64("2001:db8:64::/96"), AckStatus::kOk);
  auto snapshot = Commit();
  ASSERT_EQ(snapshot->nat64.size(), 2u);
  EXPECT_EQ(Format(snapshot->nat64[0]), "2001:db8:64::/96");
  EXPECT_EQ(Format(snapshot->nat64[1]), "64:ff9b::/96") << "the well-known one is always there";
}
TEST_F(SnapshotListsTest, NoNat64PrefixOfIpv4) {
  EXPECT_EQ(TakeNat64("192.0.2.0/24"), AckStatus::kMalformed);
}
TEST_F(SnapshotListsTest, SixteenNat64Prefixes) {
  for (int i = 0; i < kNat64PrefixesMax; ++i) ASSERT_EQ(TakeNat64("2001:db8:64::/96"), AckStatus::kOk);
  EXPECT_EQ(TakeNat64("2001:db8:64::/96"), AckStatus::kTooMany);
}

// First and last address of every block, and the neighbours that are somebody's.
TEST_F(SnapshotListsTest, PrivateSpaceIsOnTheCoreSideOnly) {
  SetMartians(Martians::kStandard);
  auto snapshot = Commit();
  for (const char* in :
       {"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255",
        "100.64.0.0", "100.127.255.255", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    const Unroutable* unroutable = snapshot->unroutable.Find(*ParseAddress(in));
    ASSERT_NE(unroutable, nullptr) << in;
    EXPECT_FALSE(unroutable->on_access) << in;
  }
  for (const char* out :
       {"9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
        "100.63.255.255", "100.128.0.0", "fbff::", "fe00::", "2001:db8::1", "192.0.2.1"})
    EXPECT_EQ(snapshot->unroutable.Find(*ParseAddress(out)), nullptr) << out;
}

TEST_F(SnapshotListsTest, ProductionAddsDocumentationOnBothSides) {
  SetMartians(Martians::kProduction);
  auto snapshot = Commit();
  for (const char* in :
       {"192.0.2.0", "198.51.100.255", "203.0.113.77", "2001:db8:ffff::1", "3fff::", "3fff:fff::1"}) {
    const Unroutable* unroutable = snapshot->unroutable.Find(*ParseAddress(in));
    ASSERT_NE(unroutable, nullptr) << in;
    EXPECT_TRUE(unroutable->on_access) << in;
  }
  EXPECT_NE(snapshot->unroutable.Find(*ParseAddress("10.0.0.1")), nullptr);
  for (const char* out : {"192.0.3.0", "198.51.101.0", "203.0.112.255", "2001:db9::", "3fff:1000::"})
    EXPECT_EQ(snapshot->unroutable.Find(*ParseAddress(out)), nullptr) << out;
}

TEST_F(SnapshotListsTest, ALabHasNoneOfThem) {
  SetMartians(Martians::kLab);
  auto snapshot = Commit();
  for (const char* text : {"10.0.0.1", "fd00::1", "192.0.2.1"})
    EXPECT_EQ(snapshot->unroutable.Find(*ParseAddress(text)), nullptr) << text;
}

}  // namespace
}  // namespace cfr
