// SPDX-License-Identifier: BSD-3-Clause
// How the control process gets at the shared memory: a Unix socket of the dataplane
// (SOCK_SEQPACKET, mode 0660, peer credentials checked) that hands over two sealed memfds.
//
//   control                                   dataplane
//     connect  ------------------------------>  accept; root, the owner or the group of the socket
//              <----- Hello + [page, link] ----  a fresh link region for every attachment
//     map page read-only, link read-write       map link, swap it in; the former one is dropped
//     ... rings ...                             ... rings ...
//     close (or death)  -------------------->   rings idle, openings erased; packets go on with what is held
//
// The socket carries nothing after the Hello; its end of file tells each side that the other is gone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/dataplane_page.h"
#include "common/shared_region.h"
#include "common/shared_ring.h"

namespace cfr {

struct Hello {
  uint32_t magic = kLinkMagic;
  uint16_t version = kLinkVersion;
  uint16_t workers = 0;
  uint64_t boot = 0;
  uint64_t page_bytes = sizeof(DataplanePage);
  uint64_t link_bytes = 0;  // LinkBytes(workers)
};

struct PeerIdentity {
  uint32_t uid, gid;
};
// Who may attach: root, the socket's owner, or somebody whose group is the socket's.
bool MayAttach(const PeerIdentity& peer, const PeerIdentity& socket_owner);

// Control's end. Destroying it detaches.
class Attachment {
 public:
  // Connects, checks magic, version, sizes and row counts, maps. kUnavailable: nobody listens or, within
  // a second, answers; try again. kPermissionDenied: by the socket's mode. kFailedPrecondition: another
  // release, both named. kInvalidArgument: memory that is not as it must be.
  static absl::StatusOr<std::unique_ptr<Attachment>> Connect(const std::string& socket_path);
  ~Attachment();

  const DataplanePage& page() const;
  int workers() const;
  RingPair& main_rings();
  RingPair& worker_rings(int worker);
  OpenedRing& openings(int worker);
  bool alive();  // false once the dataplane's end is closed; never blocks

 private:
  Attachment() = default;
  int socket_ = -1;
  SharedRegion page_, link_;
  int workers_ = 0;
};

// The dataplane's end; used by the main lcore only.
class AttachServer {
 public:
  // Creates the socket, mode 0660 (a dead one is replaced), and the page region; the directory must exist.
  // kAlreadyExists: another process serves it. kFailedPrecondition: `socket_path` is no socket, or its
  // directory is writable by everybody and not sticky. `workers` is 1..kWorkersMax.
  static absl::StatusOr<std::unique_ptr<AttachServer>> Listen(const std::string& socket_path, int workers);
  ~AttachServer();

  DataplanePage& page();
  // Accepts at most one waiting peer and drops the former attachment if it succeeds. Never blocks.
  // True when there is a new link: link() changed and the former region waits for TakeFormer(); until it
  // is taken nobody else is accepted.
  bool Poll();
  bool attached();   // a peer is connected now
  RingPair* link();  // pair 0 of the current region, nullptr before the first attachment
  // What a peer that is gone did not read; once no worker can add to it any more.
  void EraseOpenings();
  // The region of the former attachment, to be destroyed once no worker can touch it any more.
  SharedRegion TakeFormer();

 private:
  AttachServer() = default;
  bool IsAllowed(int peer) const;
  bool Welcome(int peer);

  std::string path_;
  int listener_ = -1, peer_ = -1, workers_ = 0;
  SharedRegion page_, link_, former_;
};

}  // namespace cfr
