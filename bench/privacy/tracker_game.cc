// SPDX-License-Identifier: BSD-3-Clause
#include "bench/privacy/tracker_game.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "bench/privacy/tracks.h"

namespace cfr::privacy {
namespace {

constexpr size_t kTracksPerUnit = 96, kTracksRecent = 64;
constexpr float kNearlyAsGood = 4, kScoreMax = 50;

class Tracker {
 public:
  Tracker(const LinkModel& model, std::span<const Sighting> sightings, uint32_t subscribers)
      : model_(model),
        sightings_(sightings),
        subscribers_(subscribers),
        merge_above_(std::log(static_cast<float>(subscribers)) + 1),
        recent_(kTracksRecent) {}

  // Puts the next sighting into a track.
  void Take(uint32_t index) {
    const Sighting& s = sightings_[index];
    RecentTracks& of_unit = of_unit_.try_emplace(s.unit, kTracksPerUnit).first->second;
    Gather(s, of_unit);
    TrackId track = Choose();
    if (track == Track::kNone) {
      track = tracks_.Begin();
      seen_.push_back(0);
    } else {
      linked_after_.push_back({tracks_[track].last_index, index});
    }
    tracks_[track].Add(s, index);
    of_unit.Touch(track);
    recent_.Touch(track);
    if (s.timestamp_line != 0) of_line_[LineKey(s)] = track;
    track_of_.push_back(track);
  }

  TrackId TrackOf(uint32_t index) { return tracks_.Root(track_of_[index]); }
  const Pairs& links() const { return linked_after_; }

 private:
  struct Candidate {
    TrackId track;
    float score;
  };

  static uint64_t LineKey(const Sighting& s) { return uint64_t{s.timestamp_line} << 32 | s.server; }

  // The candidates, each once; the stamps say in which list a track was met.
  void Gather(const Sighting& s, RecentTracks& of_unit) {
    candidates_.clear();
    const uint32_t unit_stamp = ++stamp_, recent_stamp = ++stamp_;
    of_unit.ForEach(tracks_, [&](TrackId root) {
      if (seen_[root] == unit_stamp) return false;
      Consider(root, s);
      seen_[root] = unit_stamp;
      return true;
    });
    recent_.ForEach(tracks_, [&](TrackId root) {
      if (seen_[root] == recent_stamp) return false;
      if (seen_[root] != unit_stamp) Consider(root, s);
      seen_[root] = recent_stamp;
      return true;
    });
    if (s.timestamp_line == 0) return;
    auto found = of_line_.find(LineKey(s));
    if (found == of_line_.end()) return;
    const TrackId root = tracks_.Root(found->second);
    if (seen_[root] < unit_stamp) Consider(root, s);
  }

  void Consider(TrackId root, const Sighting& s) {
    const Track& track = tracks_[root];
    float score = model_.Score(track.last, s);
    if (track.other_index != Track::kNone && track.other.server == s.server)
      score = std::max(score, model_.Score(track.other, s));
    candidates_.push_back({root, score});
  }

  // The track to join; kNone: begin one.
  TrackId Choose() {
    if (candidates_.empty()) return Track::kNone;
    const Candidate best =
        *std::max_element(candidates_.begin(), candidates_.end(),
                          [](const Candidate& a, const Candidate& b) { return a.score < b.score; });
    if (best.score <= 0) return Track::kNone;
    for (Candidate& c : candidates_) {
      if (c.track == best.track || c.score < best.score - kNearlyAsGood || !LookAlike(best.track, c.track))
        continue;
      tracks_.Merge(best.track, c.track);
      c.track = best.track;
    }
    // Any of the unseen subscribers is as likely as a score of 0 says.
    const double likelihood = Likelihood(best.score);
    double others =
        std::max(1.0, static_cast<double>(subscribers_) - static_cast<double>(candidates_.size()));
    if (likelihood <= others) return Track::kNone;
    for (const Candidate& c : candidates_)
      if (c.track != best.track) others += Likelihood(c.score);
    return likelihood > others ? best.track : Track::kNone;
  }

  bool LookAlike(TrackId a, TrackId b) {
    const Track *earlier = &tracks_[a], *later = &tracks_[b];
    if (earlier->last_index > later->last_index) std::swap(earlier, later);
    return model_.Score(earlier->last, later->last) > merge_above_;
  }

  static double Likelihood(float score) { return std::exp(std::min(score, kScoreMax)); }

  const LinkModel& model_;
  std::span<const Sighting> sightings_;
  const uint32_t subscribers_;
  const float merge_above_;
  Tracks tracks_;
  RecentTracks recent_;
  std::unordered_map<uint32_t, RecentTracks> of_unit_;
  std::unordered_map<uint64_t, TrackId> of_line_;
  std::vector<Candidate> candidates_;
  std::vector<uint32_t> seen_;  // by track: the stamp of the list it was last found in
  uint32_t stamp_ = 0;
  std::vector<TrackId> track_of_;
  Pairs linked_after_;  // the track's last flow, and the one that joined
};

// What the referee finds in the tracks.
class Verdict {
 public:
  Verdict(const Observer& observer, Tracker& tracker) : observer_(observer) {
    rows_.reserve(observer.size());
    for (uint32_t i = 0; i < observer.size(); ++i)
      rows_.push_back({tracker.TrackOf(i), observer.Truth(i).subscriber, i});
    std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) {
      if (a.track != b.track) return a.track < b.track;
      return a.subscriber != b.subscriber ? a.subscriber < b.subscriber : a.sighting < b.sighting;
    });
    const size_t subscribers = observer.trace().population.subscribers.size();
    tracked_ms_.resize(subscribers);
    sites_.resize(subscribers);
    for (size_t begin = 0, end; begin < rows_.size(); begin = end) {
      for (end = begin; end < rows_.size() && rows_[end].track == rows_[begin].track;) ++end;
      GiveToOwner(begin, end);
    }
  }

  TrackerResult Result(const Pairs& links) const {
    TrackerResult result{};
    std::vector<double> minutes;
    for (uint32_t s = 0; s < tracked_ms_.size(); ++s) {
      if (observer_.Of(s).size() < 2) continue;
      minutes.push_back(tracked_ms_[s] / 60e3);
      result.tracked_mean_min += minutes.back();
      result.profile += static_cast<double>(sites_[s]) / static_cast<double>(SitesOf(observer_.Of(s)));
    }
    if (minutes.empty()) return result;
    const auto count = static_cast<double>(minutes.size());
    result.tracked_mean_min /= count;
    result.profile /= count;
    const auto p95 = minutes.begin() + static_cast<std::ptrdiff_t>(.95 * (count - 1));
    std::nth_element(minutes.begin(), p95, minutes.end());
    result.tracked_p95_min = *p95;
    result.purity = static_cast<double>(owned_) / static_cast<double>(rows_.size());
    const auto right = std::count_if(links.begin(), links.end(), [&](const Pair& p) {
      return observer_.Truth(p.earlier).subscriber == observer_.Truth(p.later).subscriber;
    });
    result.link_precision =
        links.empty() ? 0 : static_cast<double>(right) / static_cast<double>(links.size());
    return result;
  }

 private:
  struct Row {
    TrackId track;
    uint32_t subscriber, sighting;
  };

  // A track, rows [begin, end), belongs to the subscriber with most flows in it.
  void GiveToOwner(size_t begin, size_t end) {
    size_t owned_begin = begin, owned_end = begin;
    for (size_t i = begin, next; i < end; i = next) {
      for (next = i; next < end && rows_[next].subscriber == rows_[i].subscriber;) ++next;
      if (next - i > owned_end - owned_begin) owned_begin = i, owned_end = next;
    }
    owned_ += owned_end - owned_begin;
    std::vector<uint32_t> own;
    for (size_t i = owned_begin; i < owned_end; ++i) own.push_back(rows_[i].sighting);
    const uint32_t owner = rows_[owned_begin].subscriber;
    const uint32_t lasted = observer_.Truth(own.back()).time_ms - observer_.Truth(own.front()).time_ms;
    tracked_ms_[owner] = std::max(tracked_ms_[owner], lasted);
    sites_[owner] = std::max(sites_[owner], SitesOf(own));
  }

  size_t SitesOf(std::span<const uint32_t> sightings) const {
    std::vector<uint32_t> sites;
    for (uint32_t i : sightings) sites.push_back(observer_.Truth(i).site);
    std::sort(sites.begin(), sites.end());
    return static_cast<size_t>(std::unique(sites.begin(), sites.end()) - sites.begin());
  }

  const Observer& observer_;
  std::vector<Row> rows_;
  std::vector<uint32_t> tracked_ms_;  // by subscriber
  std::vector<size_t> sites_;
  size_t owned_ = 0;
};

}  // namespace

TrackerResult PlayTracker(const Observer& observer, std::span<const Sighting> sightings,
                          const ConsecutivePairs& training) {
  const LinkModel model = LinkModel::Fit(sightings, training.same, training.stranger);
  Tracker tracker(model, sightings, static_cast<uint32_t>(observer.trace().population.subscribers.size()));
  for (uint32_t i = 0; i < sightings.size(); ++i) tracker.Take(i);
  return Verdict(observer, tracker).Result(tracker.links());
}

}  // namespace cfr::privacy
