// SPDX-License-Identifier: BSD-3-Clause
// How the control process gets at the shared memory: a Unix socket of the dataplane
// (SOCK_SEQPACKET, mode 0660, peer credentials checked) that hands over two sealed memfds.
//
//   control                                   dataplane
//     connect  ------------------------------>  accept; uid must be root or our own
//              <----- Hello + [page, link] ----  a fresh link region for every attachment
//     map page read-only, link read-write       map link, swap it in; the former one is dropped
//     ... rings ...                             ... rings ...
//     close (or death)  -------------------->   rings idle; packets go on with what is held
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

// Control's end. Destroying it detaches.
class Attachment {
 public:
  // Connects, checks magic, version, sizes and row counts (a refusal names both versions), maps.
  // Does not wait: kUnavailable when nobody listens.
  static absl::StatusOr<std::unique_ptr<Attachment>> Connect(const std::string& socket_path);
  ~Attachment();

  const DataplanePage& page() const;
  int workers() const;
  RingPair& main_rings();
  RingPair& worker_rings(int worker);
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
  // Creates the directory's socket (replacing a stale one), mode 0660, and the page region.
  static absl::StatusOr<std::unique_ptr<AttachServer>> Listen(const std::string& socket_path, int workers);
  ~AttachServer();

  DataplanePage& page();
  // Accepts at most one waiting peer and drops the former attachment if it succeeds. Never blocks.
  // True when there is a new link: link() changed and the former region is returned by TakeFormer().
  bool Poll();
  bool attached();  // a peer is connected now
  RingPair* link(); // pair 0 of the current region, nullptr before the first attachment
  // The region of the former attachment, to be destroyed once no worker can touch it any more.
  SharedRegion TakeFormer();

 private:
  AttachServer() = default;
  std::string path_;
  int listener_ = -1, peer_ = -1, workers_ = 0;
  SharedRegion page_, link_, former_;
};

}  // namespace cfr
