// SPDX-License-Identifier: BSD-3-Clause
// Tracks under construction: what the tracker believes to be one subscriber each.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "bench/privacy/observer.h"

namespace cfr::privacy {

using TrackId = uint32_t;

struct alignas(64) Track {  // one cache line
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
  Sighting last, other;                              // the newest flow, and the newest towards another server
  uint32_t last_index = kNone, other_index = kNone;  // which sightings these are

  void Add(const Sighting& s, uint32_t index) {
    if (last_index != kNone && last.server != s.server) other = last, other_index = last_index;
    last = s;
    last_index = index;
  }
};

// Merged tracks share a root, the only one whose Track counts.
class Tracks {
 public:
  TrackId Begin() {
    const auto id = static_cast<TrackId>(parent_.size());
    parent_.push_back(id);
    tracks_.emplace_back();
    return id;
  }
  TrackId Root(TrackId id) {
    while (parent_[id] != id) id = parent_[id] = parent_[parent_[id]];
    return id;
  }
  Track& operator[](TrackId root) { return tracks_[root]; }
  size_t size() const { return parent_.size(); }

  void Merge(TrackId into, TrackId from) {
    parent_[from] = into;
    Track &a = tracks_[into], &b = tracks_[from];
    if (a.last_index < b.last_index) std::swap(a, b);
    // `a` has the newer last flow; b's may be the newest towards another server.
    auto offer = [&a](const Sighting& s, uint32_t index) {
      if (index == Track::kNone || s.server == a.last.server) return;
      if (a.other_index == Track::kNone || a.other_index < index) a.other = s, a.other_index = index;
    };
    offer(b.last, b.last_index);
    offer(b.other, b.other_index);
  }

 private:
  std::vector<Track> tracks_;
  std::vector<TrackId> parent_;
};

// The tracks last touched in some respect, oldest first.
class RecentTracks {
 public:
  explicit RecentTracks(size_t most) : most_(most) {}

  void Touch(TrackId track) {
    auto found = std::find(tracks_.begin(), tracks_.end(), track);
    if (found != tracks_.end()) {
      std::rotate(found, found + 1, tracks_.end());
      return;
    }
    if (tracks_.size() == most_) tracks_.erase(tracks_.begin());
    tracks_.push_back(track);
  }

  // Calls `visit(root) -> bool`, newest first, and forgets those it says false to: what was merged is one
  // track, at its newest place.
  template <class Visit>
  void ForEach(Tracks& all, Visit visit) {
    size_t kept = tracks_.size();
    for (size_t i = tracks_.size(); i-- > 0;) {
      const TrackId root = all.Root(tracks_[i]);
      if (visit(root)) tracks_[--kept] = root;
    }
    tracks_.erase(tracks_.begin(), tracks_.begin() + static_cast<std::ptrdiff_t>(kept));
  }

 private:
  size_t most_;
  std::vector<TrackId> tracks_;
};

}  // namespace cfr::privacy
