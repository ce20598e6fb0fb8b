// SPDX-License-Identifier: BSD-3-Clause
#include "common/attach.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/unix_socket.h"

namespace cfr {
namespace {

constexpr int kDescriptors = 2;       // page, link
constexpr int kDescriptorsMax = 253;  // the kernel's SCM_MAX_FD: nothing that arrives can be overlooked
constexpr int kHelloWaitMs = 1000;    // the main lcore answers between two rounds
constexpr mode_t kSocketMode = 0660;

absl::Status Failed(const std::string& what) {
  return absl::InternalError(absl::StrCat(what, ": ", std::strerror(errno)));
}

absl::Status SendHello(int peer, const Hello& hello, const int (&descriptors)[kDescriptors]) {
  iovec part{const_cast<Hello*>(&hello), sizeof hello};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptors)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof descriptors);
  std::memcpy(CMSG_DATA(rights), descriptors, sizeof descriptors);
  return sendmsg(peer, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof hello ? absl::OkStatus()
                                                                              : Failed("sending the hello");
}

std::vector<int> DescriptorsOf(msghdr* message) {
  std::vector<int> descriptors;
  for (cmsghdr* c = CMSG_FIRSTHDR(message); c != nullptr; c = CMSG_NXTHDR(message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    size_t former = descriptors.size();
    descriptors.resize(former + (c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    std::memcpy(descriptors.data() + former, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
  }
  return descriptors;
}

// The hello and exactly the expected descriptors; whatever else arrives is closed.
absl::Status ReceiveHello(int socket, Hello* hello, int (&descriptors)[kDescriptors]) {
  pollfd wait{socket, POLLIN, 0};
  if (poll(&wait, 1, kHelloWaitMs) != 1) return absl::UnavailableError("the dataplane does not answer");
  iovec part{hello, sizeof *hello};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kDescriptorsMax)];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t bytes = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (bytes <= 0)
    return absl::UnavailableError(
        "the dataplane closed the connection: this user may not attach, or it is stopping");
  std::vector<int> received = DescriptorsOf(&message);
  if (bytes == sizeof *hello && (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
      received.size() == kDescriptors) {
    std::memcpy(descriptors, received.data(), sizeof descriptors);
    return absl::OkStatus();
  }
  for (int descriptor : received) close(descriptor);
  return absl::FailedPreconditionError("the peer is no cfr-dataplane: its hello has another form");
}

absl::Status CheckHello(const Hello& hello) {
  if (hello.magic != kLinkMagic) return absl::FailedPreconditionError("the peer is no cfr-dataplane");
  if (hello.version != kLinkVersion)
    return absl::FailedPreconditionError(absl::StrCat("cfr-dataplane speaks link version ", hello.version,
                                                      ", this program ", kLinkVersion,
                                                      "; install the same release"));
  if (hello.workers >= 1 && hello.workers <= kWorkersMax && hello.page_bytes == sizeof(DataplanePage) &&
      hello.link_bytes == LinkBytes(hello.workers)) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("cfr-dataplane is another build: ", hello.workers, " workers, page of ", hello.page_bytes,
                   " bytes, rings of ", hello.link_bytes, "; this program expects ", sizeof(DataplanePage),
                   " and ", LinkBytes(hello.workers), "; install the same release"));
}

absl::Status CheckPage(const DataplanePage& page, const Hello& hello) {
  if (page.magic == kLinkMagic && page.version == kLinkVersion && page.workers == hello.workers &&
      page.counter_rows == kCounterCount && page.drop_rows == kDropReasonCount &&
      page.setting_rows == kSettingCount) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("cfr-dataplane is another build: ", page.counter_rows, " counters, ", page.drop_rows,
                   " drop reasons, ", page.setting_rows, " settings; this program has ", kCounterCount, ", ",
                   kDropReasonCount, ", ", kSettingCount, "; install the same release"));
}

// Nothing is ever said after the Hello, so whatever can be read, an end of file included, ends the
// attachment. It is not read: descriptors a peer sends here never become ours.
bool HasEnded(int socket) {
  pollfd state{socket, POLLIN | POLLRDHUP, 0};
  return poll(&state, 1, 0) > 0;
}

}  // namespace

bool MayAttach(const PeerIdentity& peer, const PeerIdentity& socket_owner) {
  return peer.uid == 0 || peer.uid == socket_owner.uid || peer.gid == socket_owner.gid;
}

absl::StatusOr<std::unique_ptr<Attachment>> Attachment::Connect(const std::string& socket_path) {
  auto address = SocketAddress(socket_path);
  if (!address.ok()) return address.status();
  std::unique_ptr<Attachment> attachment(new Attachment);
  attachment->socket_ = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (attachment->socket_ < 0) return Failed("socket");
  if (connect(attachment->socket_, Generic(*address), sizeof *address) != 0) {
    std::string reason = absl::StrCat(socket_path, ": ", std::strerror(errno));
    return errno == EACCES ? absl::PermissionDeniedError(reason) : absl::UnavailableError(reason);
  }
  Hello hello;
  int descriptors[kDescriptors];
  if (auto status = ReceiveHello(attachment->socket_, &hello, descriptors); !status.ok()) return status;
  auto page = SharedRegion::Adopt(descriptors[0], sizeof(DataplanePage), false);
  auto link = SharedRegion::Adopt(descriptors[1], LinkBytes(hello.workers), true);
  if (auto status = CheckHello(hello); !status.ok()) return status;
  if (!page.ok()) return page.status();
  if (!link.ok()) return link.status();
  attachment->page_ = std::move(*page);
  attachment->link_ = std::move(*link);
  attachment->workers_ = hello.workers;
  if (auto status = CheckPage(attachment->page(), hello); !status.ok()) return status;
  return attachment;
}

Attachment::~Attachment() {
  if (socket_ >= 0) close(socket_);
}

const DataplanePage& Attachment::page() const {
  return *static_cast<const DataplanePage*>(page_.data());
}
int Attachment::workers() const {
  return workers_;
}
RingPair& Attachment::main_rings() {
  return *static_cast<RingPair*>(link_.data());
}
RingPair& Attachment::worker_rings(int worker) {
  return static_cast<RingPair*>(link_.data())[1 + worker];
}
OpenedRing& Attachment::openings(int worker) {
  return OpeningsIn(&main_rings(), workers_)[worker];
}
bool Attachment::alive() {
  return !HasEnded(socket_);
}

absl::StatusOr<std::unique_ptr<AttachServer>> AttachServer::Listen(const std::string& socket_path,
                                                                   int workers) {
  if (workers < 1 || workers > kWorkersMax)
    return absl::InvalidArgumentError(absl::StrCat(workers, " workers: 1 to ", kWorkersMax, " are possible"));
  auto page = SharedRegion::Create("cfr-page", sizeof(DataplanePage), true);
  if (!page.ok()) return page.status();
  auto listener = OpenListener(socket_path, SOCK_SEQPACKET, kSocketMode);
  if (!listener.ok()) return listener.status();
  std::unique_ptr<AttachServer> server(new AttachServer);
  server->page_ = std::move(*page);
  new (server->page_.data()) DataplanePage{};
  server->page().workers = static_cast<uint16_t>(workers);
  server->workers_ = workers;
  server->listener_ = *listener;
  server->path_ = socket_path;
  return server;
}

AttachServer::~AttachServer() {
  if (peer_ >= 0) close(peer_);
  if (listener_ >= 0) close(listener_);
  if (!path_.empty()) unlink(path_.c_str());
}

DataplanePage& AttachServer::page() {
  return *static_cast<DataplanePage*>(page_.data());
}
RingPair* AttachServer::link() {
  return static_cast<RingPair*>(link_.data());
}
void AttachServer::EraseOpenings() {
  if (link_)
    std::memset(static_cast<void*>(OpeningsIn(link(), workers_)), 0,
                sizeof(OpenedRing) * static_cast<size_t>(workers_));
}
SharedRegion AttachServer::TakeFormer() {
  return std::move(former_);
}

bool AttachServer::attached() {
  if (peer_ >= 0 && HasEnded(peer_)) {
    close(peer_);
    peer_ = -1;
  }
  return peer_ >= 0;
}

bool AttachServer::IsAllowed(int peer) const {
  ucred credentials{};
  socklen_t length = sizeof credentials;
  struct stat owner;
  return getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 &&
         stat(path_.c_str(), &owner) == 0 &&
         MayAttach({credentials.uid, credentials.gid}, {owner.st_uid, owner.st_gid});
}

bool AttachServer::Welcome(int peer) {
  if (!IsAllowed(peer)) return false;
  auto link = SharedRegion::Create("cfr-link", LinkBytes(workers_), false);
  if (!link.ok()) return false;
  Hello hello;
  hello.workers = static_cast<uint16_t>(workers_);
  hello.boot = page().boot;
  hello.link_bytes = LinkBytes(workers_);
  if (!SendHello(peer, hello, {page_.descriptor(), link->descriptor()}).ok()) return false;
  former_ = std::move(link_);
  link_ = std::move(*link);
  return true;
}

bool AttachServer::Poll() {
  if (former_) return false;
  int peer = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (peer < 0) return false;
  if (!Welcome(peer)) {
    close(peer);
    return false;
  }
  if (peer_ >= 0) close(peer_);
  peer_ = peer;
  return true;
}

}  // namespace cfr
