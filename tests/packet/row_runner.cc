// SPDX-License-Identifier: BSD-3-Clause
#include "tests/packet/row_runner.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/config.h"
#include "tests/packet/row_packet.h"
#include "tests/support/dissection.h"
#include "tests/support/relay.h"

namespace cfr::test {
namespace {

using Words = std::vector<std::string>;
using Counts = std::map<std::string, uint64_t>;

std::optional<uint64_t> ParseMs(const std::string& text) {
  size_t digits = text.find_first_not_of("0123456789");
  static const std::map<std::string, uint64_t> kUnits = {
      {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
  auto unit = digits == std::string::npos ? kUnits.end() : kUnits.find(text.substr(digits));
  uint64_t number;
  if (unit == kUnits.end() || !absl::SimpleAtoi(text.substr(0, digits), &number)) return std::nullopt;
  return number * unit->second;
}

class RowRun {
 public:
  RowRun(const Row& row, Family family, int workers, const std::string& configurations)
      : row_(row),
        family_(family),
        configurations_(configurations),
        names_(family),
        relay_({workers, Table("flows", 4096), Table("flows", 4096), Table("datagrams", 256),
                Table("held", 64), Table("subscribers", 1024), 7}) {}

  std::vector<RowFailure> Run() {
    line_ = row_.line;
    if (Begin()) {
      drops_ = Drops();
      counters_ = Counters();
      for (const Step& step : row_.steps) {
        if (!step.family.empty() && step.family != FamilyText()) continue;
        line_ = step.line;
        Take(step);
        CheckDrops();
        for (; violations_ < relay_.violations().size(); ++violations_)
          Fail(relay_.violations()[violations_]);
        if (!failures_.empty()) break;  // what follows would fail for the same reason
      }
    }
    return failures_;
  }

 private:
  uint32_t Table(const std::string& name, uint32_t otherwise) const {
    auto found = row_.tables.find(name);
    return found == row_.tables.end() ? otherwise : static_cast<uint32_t>(found->second);
  }
  std::string FamilyText() const { return family_ == Family::kV4 ? "4" : "6"; }
  bool Without(const char* what) const {
    return std::find(row_.without.begin(), row_.without.end(), what) != row_.without.end();
  }
  void Fail(std::string sentence) { failures_.push_back({line_, std::move(sentence)}); }

  bool Begin() {
    if (!ReadConfiguration(row_.configuration) || !Override(row_.overrides)) return false;
    if (!Without("snapshot")) Apply();
    if (!Without("key")) relay_.AdvanceEpoch();
    if (!Without("lease")) relay_.RenewLease(1'000'000);
    return failures_.empty();
  }

  bool ReadConfiguration(const std::string& name) {
    std::ifstream file(absl::StrCat(configurations_, "/", name, ".toml"));
    std::stringstream text;
    text << file.rdbuf();
    return Parse(text.str(), name);
  }
  bool Parse(const std::string& text, const std::string& name) {
    ConfigResult result = ParseConfig(text);
    for (const ConfigError& error : result.errors) Fail(Format(error, name));
    if (result.config.has_value()) config_ = *result.config;
    return result.config.has_value();
  }

  // "section.key=value" of a plain setting or a list of ports ("53,123"); "alias_units=N" and
  // "port_mode=MODE" of all pools; "access.mtu=N", "core.mtu=N".
  bool Override(const Words& words) {
    for (const std::string& word : words) {
      std::pair<std::string, std::string> pair = absl::StrSplit(word, absl::MaxSplits('=', 1));
      if (OverridePorts(pair.first, pair.second)) continue;
      uint64_t value = 0;
      if (auto ms = ParseMs(pair.second); ms.has_value())
        value = *ms / 1000;
      else if (!ParseChoice(pair.first, pair.second, &value) && !absl::SimpleAtoi(pair.second, &value))
        return Fail("no value in '" + word + "'"), false;
      if (!OverrideOne(pair.first, value)) return Fail("unknown setting '" + pair.first + "'"), false;
    }
    return words.empty() || Parse(WriteConfig(config_), "overridden configuration");
  }
  bool OverridePorts(const std::string& key, const std::string& text) {
    for (const PortListRow& row : kPortListRows) {
      if (key != absl::StrCat(row.section, ".", row.key)) continue;
      config_.ports[row.id].clear();
      for (const std::string& word : Words(absl::StrSplit(text, ',', absl::SkipEmpty())))
        config_.ports[row.id].push_back(static_cast<uint16_t>(std::stoul(word)));
      return true;
    }
    return false;
  }
  static bool ParseChoice(const std::string& key, const std::string& word, uint64_t* position) {
    if (key == "port_mode") return *position = word == Name(PortMode::kExclusive) ? 1 : 0, true;
    for (const SettingRow& row : kSettingRows)
      for (uint64_t i = 0; row.type == SettingType::kChoice && i <= row.max; ++i)
        if (key == absl::StrCat(row.section, ".", row.key) && word == WordAt(row.words, i))
          return *position = i, true;
    return false;
  }
  bool OverrideOne(const std::string& key, uint64_t value) {
    if (key == "access.mtu") return config_.port[0].mtu = static_cast<uint32_t>(value), true;
    if (key == "core.mtu") return config_.port[1].mtu = static_cast<uint32_t>(value), true;
    if (key == "alias_units") {
      for (PoolConfig& pool : config_.pools) pool.alias_units = static_cast<uint32_t>(value);
      return true;
    }
    if (key == "port_mode") {
      for (PoolConfig& pool : config_.pools) pool.port_mode = static_cast<PortMode>(value);
      return true;
    }
    for (const SettingRow& setting : kSettingRows) {
      if (key != absl::StrCat(setting.section, ".", setting.key)) continue;
      config_.settings.Set(setting.id, value);
      return true;
    }
    return false;
  }
  void Apply() {
    AckStatus status = relay_.Apply(config_, merges_);
    if (status != AckStatus::kOk)
      Fail(absl::StrCat("the relay refuses the generation: ", static_cast<int>(status)));
  }

  void Take(const Step& step) {
    if (step.verb == "packet") return Packets(step);
    if (step.verb == "released") return Released(step);
    if (step.verb == "made") return MadeStep(step);
    using Do = void (RowRun::*)(const Words&);
    static const std::map<std::string, Do> kVerbs = {
        {"wait", &RowRun::Wait},        {"epoch", &RowRun::Epoch}, {"apply", &RowRun::ApplyStep},
        {"pool", &RowRun::Pool},        {"lease", &RowRun::Lease}, {"stations", &RowRun::Stations},
        {"counters", &RowRun::Compare}, {"flows", &RowRun::Flows}, {"same", &RowRun::Same},
        {"differs", &RowRun::Differs},  {"fault", &RowRun::Fault}};
    auto verb = kVerbs.find(step.verb);
    if (verb == kVerbs.end()) return Fail(absl::StrCat("unknown step '", step.verb, "'"));
    (this->*verb->second)(step.words);
  }

  void Packets(const Step& step) {
    PacketsIn in = MakePackets(step.packet, names_);
    if (!in.error.empty()) return Fail(in.error);
    Side side = step.packet.side == "access" ? Side::kAccess : Side::kCore;
    relay_.TakeMade();
    for (size_t done = 0; done < in.frames.size(); done += kBurstMax) {
      auto first = in.frames.begin() + static_cast<std::ptrdiff_t>(done);
      auto last = first + std::min<std::ptrdiff_t>(kBurstMax, in.frames.end() - first);
      int worker = in.worker >= 0 ? in.worker % relay_.workers() : arrival_++ % relay_.workers();
      std::vector<Frame> burst(first, last);
      auto outcomes = relay_.SendBurst(side, burst, worker, in.nic_bad);
      for (size_t i = 0; i < burst.size(); ++i) Check(step, side, burst[i], outcomes[i]);
    }
    for (const std::string& reason : step.dropped_too)
      ++expected_drops_[absl::StrCat(side == Side::kAccess ? "outbound " : "inbound ", reason)];
    std::vector<Relay::Made> made = relay_.TakeMade();
    bool told = step.expected == "answered" || step.expected == "refused";
    size_t wanted = told ? in.frames.size() : 0;
    if (made.size() != wanted)
      Fail(absl::StrCat("the relay made ", made.size(), " frames, not ", wanted,
                        made.empty() ? "" : absl::StrCat(": ", Describe(made[0].frame))));
    if (step.expected == "refused") CheckMade(step, side, made);
  }

  // made => SIDE: FROM>TO ...: the frames the relay made since the last packet, while time passed
  void MadeStep(const Step& step) {
    std::vector<Relay::Made> made = relay_.TakeMade();
    if (made.empty()) return Fail("the relay made nothing");
    CheckMade(step, step.expected == "access" ? Side::kAccess : Side::kCore, made);
  }
  void CheckMade(const Step& step, Side side, const std::vector<Relay::Made>& made) {
    for (const Relay::Made& m : made) {
      if (m.side != side) return Fail(absl::StrCat("what the relay made left on ", Name(m.side)));
      if (step.out.to.name.empty()) continue;  // nothing was said of its looks
      std::string wrong = CompareOut(step.out, m.frame, &names_);
      if (!wrong.empty()) Fail(absl::StrCat("what the relay made: ", wrong, "\n    out ", Describe(m.frame)));
    }
  }

  void Released(const Step& step) {
    std::vector<Outcome> outcomes = relay_.TakeReleased();
    if (outcomes.empty()) return Fail("no packet was released");
    for (const Outcome& o : outcomes) Check(step, Opposite(o.side), {}, o);
  }

  void Check(const Step& step, Side arrival, const Frame& in, const Outcome& o) {
    if (step.expected == "nothing" || step.expected == "refused") {
      ++expected_drops_[absl::StrCat(arrival == Side::kAccess ? "outbound " : "inbound ", step.drop)];
      if (o.kind == Outcome::Kind::kDropped && Name(o.reason) == step.drop) return;
      return Fail(absl::StrCat("expected a drop for ", step.drop, ", but ", Tell(o), InText(in)));
    }
    if (step.expected == "core" || step.expected == "access") {
      if (o.kind != Outcome::Kind::kSent || Name(o.side) != step.expected)
        return Fail(absl::StrCat("expected a packet on ", step.expected, ", but ", Tell(o), InText(in)));
      PacketText out = step.out;
      std::string wrong = ComparePieces(&out, o);
      if (wrong.empty()) wrong = CompareOut(out, o.frame, &names_);
      if (!wrong.empty()) Fail(absl::StrCat(wrong, "\n    out ", Describe(o.frame), InText(in)));
      return;
    }
    auto wanted = step.expected == "held" ? Outcome::Kind::kHeld : Outcome::Kind::kConsumed;
    if (o.kind != wanted) Fail(absl::StrCat("expected ", step.expected, ", but ", Tell(o), InText(in)));
  }

  // Takes pieces=N out of the expectation; without it the packet left whole.
  static std::string ComparePieces(PacketText* out, const Outcome& o) {
    std::string wanted = "1";
    std::erase_if(out->fields, [&](const auto& field) {
      if (field.first == "pieces") wanted = field.second;
      return field.first == "pieces";
    });
    if (absl::StrCat(o.pieces) == wanted) return "";
    return absl::StrCat("left in ", o.pieces, " pieces, not ", wanted);
  }

  static std::string InText(const Frame& in) { return in.empty() ? "" : "\n    in  " + Describe(in); }
  static std::string Tell(const Outcome& o) {
    switch (o.kind) {
      case Outcome::Kind::kSent:
        return absl::StrCat("it left on ", Name(o.side), "\n    out ", Describe(o.frame));
      case Outcome::Kind::kDropped:
        return absl::StrCat("it was dropped for ", Name(o.reason));
      case Outcome::Kind::kConsumed:
        return "it was consumed";
      case Outcome::Kind::kHeld:
        return "it waits for its station or its first fragment";
      case Outcome::Kind::kPending:
        break;
    }
    return "nothing became of it";
  }

  // wait DURATION [drop=REASON ...]: what is dropped meanwhile, in either direction
  void Wait(const Words& words) {
    auto ms = words.empty() ? std::nullopt : ParseMs(words[0]);
    if (!ms.has_value()) return Fail("wait needs a duration such as 299s, 500ms, 5m");
    Counts before = Drops();
    relay_.Wait(*ms);
    Counts after = Drops();
    for (size_t i = 1; i < words.size(); ++i) {
      if (!absl::StartsWith(words[i], "drop=")) return Fail("wait knows drop=REASON only");
      const std::string outbound = "outbound " + words[i].substr(5);
      const std::string inbound = "inbound " + words[i].substr(5);
      ++expected_drops_[after[inbound] - before[inbound] > expected_drops_[inbound] ? inbound : outbound];
    }
  }
  // epoch advance|rotate: a key for every epoch at once, or for those that begin from now on
  void Epoch(const Words& words) {
    if (words == Words{"advance"}) return relay_.AdvanceEpoch();
    if (words == Words{"rotate"}) return relay_.RotateKey();
    Fail("epoch advance|rotate");
  }
  void ApplyStep(const Words& words) {
    bool named = !words.empty() && words[0].find('=') == std::string::npos;
    if (named && !ReadConfiguration(words[0])) return;
    if (Override(Words(words.begin() + named, words.end()))) Apply();
  }
  // pool [NAME] staged|active|draining|removed|merged|unmerged: all pools, or those whose name starts with
  // NAME
  void Pool(const Words& words) {
    static const std::map<std::string, PrefixState> kStates = {{"staged", PrefixState::kStaged},
                                                               {"active", PrefixState::kActive},
                                                               {"draining", PrefixState::kDraining}};
    if (words.empty() || words.size() > 2)
      return Fail("pool [NAME] staged|active|draining|removed|merged|unmerged");
    auto named = [&](const PoolConfig& pool) {
      return words.size() == 1 || absl::StartsWith(pool.name, words[0]);
    };
    if (words.back() == "removed") {
      std::erase_if(config_.pools, named);
      return Apply();
    }
    if (words.back() == "merged" || words.back() == "unmerged") {
      for (const PoolConfig& pool : config_.pools)
        if (named(pool))
          words.back() == "merged" ? void(merges_.insert(pool.name)) : void(merges_.erase(pool.name));
      return Apply();
    }
    auto state = kStates.find(words.back());
    if (state == kStates.end()) return Fail("unknown state of a pool");
    for (PoolConfig& pool : config_.pools)
      if (named(pool)) pool.state = state->second;
    Apply();
  }
  void Lease(const Words& words) {
    if (words == Words{"lapses"}) return relay_.RenewLease(0);
    if (words == Words{"renewed"}) return relay_.RenewLease(1'000'000);
    const std::map<std::string, OpeningRule> kRules = {
        {"any", OpeningRule::kAny}, {"told", OpeningRule::kTold}, {"none", OpeningRule::kNone}};
    auto rule = words.size() == 2 && words[0] == "opens" ? kRules.find(words[1]) : kRules.end();
    if (rule == kRules.end()) return Fail("lease lapses|renewed, or lease opens any|told|none");
    relay_.SetOpeningRule(rule->second);
  }
  void Stations(const Words& words) {
    if (words.size() != 1) return Fail("stations silent|answer");
    relay_.SetStationsAnswer(words[0] == "answer");
  }

  // counters NAME=N ...: how much each named counter grew since the last such step, all directions
  void Compare(const Words& words) {
    Counts now = Counters();
    for (const std::string& word : words) {
      std::pair<std::string, std::string> pair = absl::StrSplit(word, absl::MaxSplits('=', 1));
      uint64_t wanted;
      if (!now.contains(pair.first) || !absl::SimpleAtoi(pair.second, &wanted))
        return Fail("unknown counter or value in '" + word + "'");
      uint64_t grown = now[pair.first] - counters_[pair.first];
      if (grown != wanted) Fail(absl::StrCat(pair.first, " grew by ", grown, ", not ", wanted));
    }
    counters_ = now;
  }
  // flows live=N quarantined=N of the row's family
  void Flows(const Words& words) {
    Counts now = {{"live", relay_.LiveFlows(family_)},
                  {"quarantined", relay_.Quarantined(family_)},
                  {"counted", relay_.SubscriberFlows()}};
    for (const std::string& word : words) {
      std::pair<std::string, std::string> pair = absl::StrSplit(word, absl::MaxSplits('=', 1));
      uint64_t wanted;
      if (!now.contains(pair.first) || !absl::SimpleAtoi(pair.second, &wanted))
        return Fail("flows live=N quarantined=N counted=N");
      if (now[pair.first] != wanted)
        Fail(absl::StrCat(now[pair.first], " flows ", pair.first, ", not ", wanted));
    }
  }
  void Same(const Words& words) { Relate(words, true); }
  void Differs(const Words& words) { Relate(words, false); }
  void Relate(const Words& words, bool same) {
    auto equal = words.size() == 2 ? names_.Same(words[0], words[1]) : std::nullopt;
    if (!equal.has_value()) return Fail("two names bound by earlier steps are needed");
    if (*equal != same) Fail(absl::StrCat(words[0], " and ", words[1], same ? " differ" : " are the same"));
  }
  // fault reassigned_units: a control process that gives the numbers of live units to other addresses
  // fault withdrawn_units: one that takes them away
  // fault no_buffers: none is left for packets of the relay's own making
  void Fault(const Words& words) {
    std::vector<Assignment> assignments = relay_.assignments();
    if (words == Words{"no_buffers"}) return relay_.SetBuffers(false);
    if (words == Words{"withdrawn_units"}) {
      assignments.clear();
    } else if (words == Words{"reassigned_units"}) {
      for (size_t i = 1; i < assignments.size(); ++i)
        if (assignments[i].pool == assignments[i - 1].pool)
          std::swap(assignments[i].address, assignments[i - 1].address);
    } else {
      return Fail("fault reassigned_units|withdrawn_units|no_buffers");
    }
    relay_.ApplyAssignments(assignments);
  }

  Counts Drops() const {
    Counts counts;
    for (Direction d : {Direction::kOutbound, Direction::kInbound})
      for (int r = 0; r < kDropReasonCount; ++r)
        counts[absl::StrCat(Name(d), " ", kDropReasonRows[r].name)] =
            relay_.Total(d, static_cast<DropReason>(r));
    return counts;
  }
  Counts Counters() const {
    Counts counts;
    for (Direction d : {Direction::kOutbound, Direction::kInbound})
      for (int c = 0; c < kCounterCount; ++c)
        counts[kCounterRows[c].name] += relay_.Total(d, static_cast<Counter>(c));
    return counts;
  }
  // Exactly the expected drop counters moved since the step before.
  void CheckDrops() {
    Counts now = Drops();
    for (auto& [name, count] : now) {
      uint64_t grown = count - drops_[name];
      uint64_t wanted = expected_drops_.contains(name) ? expected_drops_[name] : 0;
      if (grown != wanted) Fail(absl::StrCat("drop counter ", name, " grew by ", grown, ", not ", wanted));
    }
    for (const auto& [name, count] : expected_drops_)
      if (!now.contains(name)) Fail(absl::StrCat("no such drop reason: ", name));
    drops_ = now;
    expected_drops_.clear();
  }

  const Row& row_;
  const Family family_;
  const std::string configurations_;
  RowNames names_;
  Relay relay_;
  Config config_;
  Merges merges_;
  Counts drops_, expected_drops_, counters_;
  size_t violations_ = 0;
  int arrival_ = 0, line_ = 0;
  std::vector<RowFailure> failures_;
};

}  // namespace

std::vector<RowFailure> RunRow(const Row& row, Family family, int workers,
                               const std::string& configurations) {
  return RowRun(row, family, workers, configurations).Run();
}

}  // namespace cfr::test
