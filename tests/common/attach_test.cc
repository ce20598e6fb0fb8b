// SPDX-License-Identifier: BSD-3-Clause
#include "common/attach.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "tests/support/temp_directory.h"

namespace cfr {
namespace {

constexpr int kWorkers = 2;

size_t OpenDescriptors() {
  size_t n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++n;
  return n;
}

sockaddr_un AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// A page as AttachServer makes it.
DataplanePage* MakePage(void* memory) {
  auto* page = new (memory) DataplanePage{};
  page->workers = kWorkers;
  return page;
}

class Attach : public testing::Test {
 protected:
  void SetUp() override {
    auto server = AttachServer::Listen(path_, kWorkers);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = std::move(*server);
    server_->page().boot = 0x1234;
  }
  // Polls the server, as the main lcore does, until the other end has its answer.
  absl::StatusOr<std::unique_ptr<Attachment>> Connect() {
    absl::StatusOr<std::unique_ptr<Attachment>> result;
    std::atomic<bool> done = false;
    std::thread control([&] {
      result = Attachment::Connect(path_);
      done = true;
    });
    while (!done) polled_ += server_->Poll();
    control.join();
    return result;
  }
  std::unique_ptr<Attachment> Attached() {
    auto attachment = Connect();
    EXPECT_TRUE(attachment.ok()) << attachment.status();
    return attachment.ok() ? std::move(*attachment) : nullptr;
  }

  test::TempDirectory directory_;
  std::string path_ = directory_.path("dataplane.sock");
  std::unique_ptr<AttachServer> server_;
  int polled_ = 0;  // times Poll reported a new link
};

TEST_F(Attach, GivesThePageAndTheRings) {
  EXPECT_EQ(server_->link(), nullptr);
  EXPECT_FALSE(server_->attached());
  auto control = Attached();
  ASSERT_NE(control, nullptr);
  EXPECT_EQ(polled_, 1);
  EXPECT_TRUE(server_->attached());
  EXPECT_TRUE(control->alive());
  EXPECT_EQ(control->workers(), kWorkers);
  EXPECT_EQ(control->page().boot, 0x1234u);
  server_->page().generation.Set(42);
  EXPECT_EQ(control->page().generation.Get(), 42u);
  EXPECT_FALSE(server_->TakeFormer()) << "there was none before";
}

TEST_F(Attach, EachPairIsTheSameOnBothSides) {
  auto control = Attached();
  ASSERT_NE(control, nullptr);
  for (int pair = 0; pair <= kWorkers; ++pair) {
    RingPair& ours = pair == 0 ? control->main_rings() : control->worker_rings(pair - 1);
    RingPair& theirs = server_->link()[pair];
    Message m = MakeMessage(MessageKind::kFlowQuery);
    m.sequence = static_cast<uint32_t>(100 + pair);
    EXPECT_EQ(RingProducer(&ours.commands).Push(m), RingResult::kOk);
    EXPECT_EQ(RingProducer(&theirs.events).Push(m), RingResult::kOk);
    Message there, back;
    EXPECT_EQ(RingConsumer(&theirs.commands).Pop(&there), RingResult::kOk);
    EXPECT_EQ(RingConsumer(&ours.events).Pop(&back), RingResult::kOk);
    EXPECT_EQ(there.sequence, m.sequence);
    EXPECT_EQ(back.sequence, m.sequence);
  }
}

TEST_F(Attach, TheOpeningsOfEachWorkerComeAcross) {
  auto control = Attached();
  for (int w = 0; w < kWorkers; ++w) {
    Opened opened{}, received{};
    opened.unit = static_cast<UnitIndex>(40 + w);
    EXPECT_EQ(OpenedProducer(&OpeningsIn(server_->link(), kWorkers)[w]).Push(opened), RingResult::kOk);
    EXPECT_EQ(OpenedConsumer(&control->openings(w)).Pop(&received), RingResult::kOk);
    EXPECT_EQ(received.unit, 40 + w);
  }
}

TEST_F(Attach, WhatADeadControlDidNotReadIsErased) {
  auto control = Attached();
  Opened opened{};
  std::memset(opened.subscriber, 0x5a, sizeof opened.subscriber);
  for (int w = 0; w < kWorkers; ++w) OpenedProducer(&OpeningsIn(server_->link(), kWorkers)[w]).Push(opened);
  control.reset();
  const char* region = reinterpret_cast<const char*>(server_->link());
  auto names_somebody = [&] {
    return std::string_view(region, LinkBytes(kWorkers)).find("\x5a\x5a") != std::string_view::npos;
  };
  ASSERT_TRUE(names_somebody());
  server_->EraseOpenings();
  EXPECT_FALSE(names_somebody());
}

TEST_F(Attach, DeathOfControlIsSeen) {
  auto control = Attached();
  control.reset();
  EXPECT_FALSE(server_->attached());
  EXPECT_NE(server_->link(), nullptr) << "the rings stay mapped, workers may still look at them";
}

TEST_F(Attach, DeathOfTheDataplaneIsSeen) {
  auto control = Attached();
  server_.reset();
  EXPECT_FALSE(control->alive());
  EXPECT_EQ(control->page().boot, 0x1234u) << "the last counters remain readable";
  EXPECT_EQ(Attachment::Connect(path_).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(Attach, KilledControlIsSeenAndReplaced) {
  pid_t child = fork();
  if (child == 0) {
    auto control = Attachment::Connect(path_);
    for (;;) pause();
  }
  while (!server_->attached()) server_->Poll();
  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_FALSE(server_->attached());
  auto next = Attached();
  ASSERT_NE(next, nullptr);
  EXPECT_TRUE(server_->attached());
  EXPECT_TRUE(server_->TakeFormer());
}

TEST_F(Attach, SecondControllerReplacesTheFirst) {
  auto first = Attached();
  RingPair* former_link = server_->link();
  former_link->commands.tail.store(5);
  auto second = Attached();
  ASSERT_NE(second, nullptr);
  EXPECT_FALSE(first->alive());
  EXPECT_TRUE(second->alive());
  EXPECT_NE(server_->link(), former_link);
  EXPECT_EQ(server_->link()->commands.tail.load(), 0u) << "each attachment starts with fresh rings";
  EXPECT_EQ(former_link->commands.tail.load(), 5u) << "a worker may still read the former ones";
  SharedRegion former = server_->TakeFormer();
  EXPECT_EQ(former.data(), former_link);
  EXPECT_FALSE(server_->TakeFormer());
}

TEST_F(Attach, NobodyIsAcceptedWhileAFormerRegionIsInUse) {
  auto first = Attached(), second = Attached();
  auto waiting = Connect();
  EXPECT_EQ(waiting.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(second->alive());
  server_->TakeFormer();
  EXPECT_FALSE(server_->Poll()) << "the one that gave up gets nothing and costs nothing";
  EXPECT_TRUE(second->alive());
  EXPECT_NE(Attached(), nullptr);
}

TEST_F(Attach, ManyAttachmentsLeakNothing) {
  auto control = Attached();
  size_t before = OpenDescriptors();
  for (int i = 0; i < 50; ++i) {
    control = Attached();
    server_->TakeFormer();
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

// A peer that speaks is cut off; the descriptors it sent are never received.
TEST_F(Attach, SpeakingPeersAreCutOff) {
  int peer = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  sockaddr_un address = AddressOf(path_);
  ASSERT_EQ(connect(peer, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_TRUE(server_->Poll());
  EXPECT_TRUE(server_->attached());
  ASSERT_EQ(send(peer, "hello", 5, 0), 5);
  EXPECT_FALSE(server_->attached());
  close(peer);
}

TEST_F(Attach, RunningOutOfDescriptorsHarmsNobody) {
  auto control = Attached();
  rlimit former;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &former), 0);
  int peer = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  sockaddr_un address = AddressOf(path_);
  ASSERT_EQ(connect(peer, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  rlimit tight = former;
  tight.rlim_cur = static_cast<rlim_t>(peer) + 1;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  bool accepted = server_->Poll();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &former), 0);
  EXPECT_FALSE(accepted);
  EXPECT_TRUE(control->alive());
  EXPECT_TRUE(server_->Poll()) << "it waited and is served once there is room";
  close(peer);
}

TEST_F(Attach, SocketHasItsModeWhateverTheUmask) {
  for (mode_t mask : {0000, 0777}) {
    server_.reset();
    mode_t former = umask(mask);
    auto server = AttachServer::Listen(path_, kWorkers);
    umask(former);
    ASSERT_TRUE(server.ok()) << server.status();
    struct stat facts;
    ASSERT_EQ(lstat(path_.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode, static_cast<mode_t>(S_IFSOCK | 0660));
  }
}

TEST_F(Attach, ServerTidiesUpItsSocket) {
  server_.reset();
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

TEST_F(Attach, LiveSocketIsNotReplacedAndNotDisturbed) {
  auto control = Attached();
  EXPECT_EQ(AttachServer::Listen(path_, kWorkers).status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_FALSE(server_->Poll());
  EXPECT_TRUE(control->alive());
}

TEST_F(Attach, PagesOfAnotherBuildAreRefused) {
  struct Change {
    const char* what;
    std::function<void(DataplanePage*)> apply;
  };
  const Change changes[] = {
      {"magic", [](DataplanePage* p) { p->magic ^= 1; }},
      {"version", [](DataplanePage* p) { ++p->version; }},
      {"workers", [](DataplanePage* p) { ++p->workers; }},
      {"counters", [](DataplanePage* p) { ++p->counter_rows; }},
      {"drop reasons", [](DataplanePage* p) { --p->drop_rows; }},
      {"settings", [](DataplanePage* p) { ++p->setting_rows; }},
  };
  for (const Change& change : changes) {
    change.apply(MakePage(&server_->page()));
    EXPECT_EQ(Connect().status().code(), absl::StatusCode::kFailedPrecondition) << change.what;
    server_->TakeFormer();
  }
}

TEST(MayAttach, RootTheOwnerAndTheGroupMay) {
  constexpr PeerIdentity kSocket{1000, 2000};
  EXPECT_TRUE(MayAttach({0, 0}, kSocket));
  EXPECT_TRUE(MayAttach({0, 9999}, kSocket));
  EXPECT_TRUE(MayAttach({1000, 9999}, kSocket));
  EXPECT_TRUE(MayAttach({1001, 2000}, kSocket));
  EXPECT_FALSE(MayAttach({1001, 2001}, kSocket));
  EXPECT_FALSE(MayAttach({2000, 1000}, kSocket)) << "a uid is no gid";
  EXPECT_FALSE(MayAttach({65534, 65534}, kSocket));
  EXPECT_FALSE(MayAttach({1001, 0}, kSocket)) << "the group of root is no root";
}

// Even if the mode were opened by mistake, credentials decide.
TEST_F(Attach, StrangersAreTurnedAway) {
  if (getuid() != 0)
    GTEST_SKIP() << "connects as other users, which only root may; the rule itself: MayAttach above";
  ASSERT_EQ(chmod(directory_.path().c_str(), 0755), 0);
  auto connect_as = [&](uid_t uid, gid_t gid) {
    pid_t child = fork();
    if (child == 0) {
      bool became = setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0;
      _exit(became ? static_cast<int>(Attachment::Connect(path_).status().code()) : 99);
    }
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0) polled_ += server_->Poll();
    return static_cast<absl::StatusCode>(WEXITSTATUS(status));
  };
  EXPECT_EQ(connect_as(12345, 12345), absl::StatusCode::kPermissionDenied) << "by the mode";
  ASSERT_EQ(chmod(path_.c_str(), 0666), 0);
  size_t before = OpenDescriptors();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(connect_as(12345, 12345), absl::StatusCode::kUnavailable);
  EXPECT_EQ(polled_, 0);
  EXPECT_EQ(OpenDescriptors(), before);
  ASSERT_EQ(chown(path_.c_str(), 0, 23456), 0);
  EXPECT_EQ(connect_as(12345, 23456), absl::StatusCode::kOk) << "by the group";
}

TEST(Listen, RefusesWhatItCannotServe) {
  test::TempDirectory directory;
  std::string path = directory.path("dataplane.sock");
  EXPECT_EQ(AttachServer::Listen(path, 0).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(AttachServer::Listen(path, kWorkersMax + 1).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(AttachServer::Listen("", 1).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(AttachServer::Listen("/tmp/" + std::string(108, 'x'), 1).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(AttachServer::Listen(directory.path("missing/dataplane.sock"), 1).ok());
  std::ofstream(path) << "precious";
  EXPECT_EQ(AttachServer::Listen(path, 1).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(std::filesystem::exists(path)) << "what is no socket is never removed";
}

TEST(Listen, DirectoriesOfEverybodyMustBeSticky) {
  test::TempDirectory directory;
  std::string path = directory.path("dataplane.sock");
  ASSERT_EQ(chmod(directory.path().c_str(), 0777), 0);
  auto refused = AttachServer::Listen(path, 1);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(refused.status().message(), "chmod o-w")) << refused.status();
  ASSERT_EQ(chmod(directory.path().c_str(), 01777), 0);
  EXPECT_TRUE(AttachServer::Listen(path, 1).ok());
}

TEST(Listen, DeadSocketIsReplaced) {
  test::TempDirectory directory;
  std::string path = directory.path("dataplane.sock");
  pid_t child = fork();
  if (child == 0) {
    auto server = AttachServer::Listen(path, 1);
    kill(getpid(), SIGKILL);
  }
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  ASSERT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(Attachment::Connect(path).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(AttachServer::Listen(path, 1).ok());
}

// A process that pretends to be the dataplane: one message with any bytes and descriptors.
class Impostor : public testing::Test {
 protected:
  absl::Status ConnectTo(const void* bytes, size_t count, std::vector<int> descriptors) {
    int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    sockaddr_un address = AddressOf(path_);
    EXPECT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener, 1), 0);
    absl::Status status;
    std::thread control([&] { status = Attachment::Connect(path_).status(); });
    int peer = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    Send(peer, bytes, count, descriptors);
    control.join();
    close(peer);
    close(listener);
    unlink(path_.c_str());
    return status;
  }
  static void Send(int peer, const void* bytes, size_t count, const std::vector<int>& descriptors) {
    iovec part{const_cast<void*>(bytes), count};
    std::vector<char> control(CMSG_SPACE(descriptors.size() * sizeof(int)));
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!descriptors.empty()) {
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      cmsghdr* rights = CMSG_FIRSTHDR(&message);
      rights->cmsg_level = SOL_SOCKET;
      rights->cmsg_type = SCM_RIGHTS;
      rights->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
      std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size() * sizeof(int));
    }
    EXPECT_EQ(sendmsg(peer, &message, 0), static_cast<ssize_t>(count));
  }
  Hello Good() const {
    Hello hello;
    hello.workers = kWorkers;
    hello.link_bytes = LinkBytes(kWorkers);
    return hello;
  }

  test::TempDirectory directory_;
  std::string path_ = directory_.path("impostor.sock");
  SharedRegion page_ = *SharedRegion::Create("cfr-test", sizeof(DataplanePage), true);
  SharedRegion link_ = *SharedRegion::Create("cfr-test", LinkBytes(kWorkers), false);
};

TEST_F(Impostor, WellFormedIsBelieved) {
  MakePage(page_.data());
  Hello hello = Good();
  EXPECT_TRUE(ConnectTo(&hello, sizeof hello, {page_.descriptor(), link_.descriptor()}).ok());
}

TEST_F(Impostor, RefusedHellosLeaveNoDescriptor) {
  MakePage(page_.data());
  int page = page_.descriptor(), link = link_.descriptor();
  struct Row {
    const char* what;
    std::function<void(Hello*)> change;
    size_t bytes;
    std::vector<int> descriptors;
  };
  auto same = [](Hello*) {};
  const Row rows[] = {
      {"no descriptor", same, sizeof(Hello), {}},
      {"one descriptor", same, sizeof(Hello), {page}},
      {"three descriptors", same, sizeof(Hello), {page, link, link}},
      {"as many as the kernel carries", same, sizeof(Hello), std::vector<int>(253, page)},
      {"a short hello", same, sizeof(Hello) - 1, {page, link}},
      {"a long hello", same, sizeof(Hello) + 1, {page, link}},
      {"swapped", same, sizeof(Hello), {link, page}},
      {"no memory", same, sizeof(Hello), {STDIN_FILENO, STDIN_FILENO}},
      {"magic", [](Hello* h) { h->magic = 0; }, sizeof(Hello), {page, link}},
      {"version", [](Hello* h) { h->version = kLinkVersion + 1; }, sizeof(Hello), {page, link}},
      {"no worker", [](Hello* h) { h->workers = 0; }, sizeof(Hello), {page, link}},
      {"too many workers", [](Hello* h) { h->workers = 0xffff; }, sizeof(Hello), {page, link}},
      {"other workers", [](Hello* h) { h->workers = 1; }, sizeof(Hello), {page, link}},
      {"other page", [](Hello* h) { ++h->page_bytes; }, sizeof(Hello), {page, link}},
      {"other rings", [](Hello* h) { --h->link_bytes; }, sizeof(Hello), {page, link}},
  };
  for (const Row& row : rows) {
    size_t before = OpenDescriptors();
    Hello bytes[2] = {Good(), Hello{}};
    row.change(bytes);
    EXPECT_FALSE(ConnectTo(bytes, row.bytes, row.descriptors).ok()) << row.what;
    EXPECT_EQ(OpenDescriptors(), before) << row.what;
  }
}

TEST_F(Impostor, RefusalNamesBothVersions) {
  Hello hello = Good();
  hello.version = 77;
  absl::Status status = ConnectTo(&hello, sizeof hello, {page_.descriptor(), link_.descriptor()});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(status.message(), "link version 77")) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "this program 3")) << status;
}

TEST(Connect, NobodyThereIsUnavailable) {
  test::TempDirectory directory;
  EXPECT_EQ(Attachment::Connect(directory.path("nobody.sock")).status().code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace cfr
