// SPDX-License-Identifier: BSD-3-Clause
#include "control/state_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/limits.h"
#include "common/text_file.h"
#include "control/answer.h"

namespace cfr {
namespace {

constexpr int kSchema = 1;
// The configuration as text, escaped, and the assignments.
constexpr size_t kBytesMax = size_t{4} * kConfigBytesMax;

absl::Status Failed(const std::string& what) {
  return absl::InternalError(absl::StrCat(what, ": ", std::strerror(errno)));
}

Json ToJson(const Assignment& a) {
  return {{"index", a.index},
          {"address", Format(a.address)},
          {"pool", a.pool},
          {"region", a.region},
          {"state", Name(a.state)},
          {"port_mode", Name(a.port_mode)},
          {"drawn_from_ms", a.drawn_from_ms},
          {"drawn_until_ms", a.drawn_until_ms}};
}

// The clock begins anew with the machine, and so does the dataplane: no epoch is under way.
void ForgetOtherClock(uint64_t now_ms, Assignment* a) {
  if (std::max(a->drawn_from_ms, a->drawn_until_ms) <= now_ms + kAssignmentLeadMs) return;
  a->drawn_until_ms = a->IsRetiring() ? now_ms : 0;
  a->drawn_from_ms = 0;
}

bool FromJson(const Json& j, uint64_t now_ms, Assignment* a) {
  auto address = ParseAddress(j.at("address").get<std::string>());
  auto state = j.at("state").get<std::string>();
  a->index = j.at("index").get<UnitIndex>();
  a->pool = j.at("pool").get<std::string>();
  a->region = j.at("region").get<std::string>();
  // A state written before there was a choice has per-remote units only.
  const auto mode = j.value("port_mode", std::string(Name(PortMode::kPerRemote)));
  if (mode == Name(PortMode::kExclusive))
    a->port_mode = PortMode::kExclusive;
  else if (mode != Name(PortMode::kPerRemote))
    return false;
  a->quiet_since_ms = now_ms;
  a->drawn_from_ms = j.value("drawn_from_ms", uint64_t{0});
  a->drawn_until_ms = j.value("drawn_until_ms", uint64_t{0});
  if (!address.has_value() || a->index >= kUnitsMax) return false;
  a->address = *address;
  for (PrefixState s : {PrefixState::kActive, PrefixState::kDraining, PrefixState::kQuarantined})
    if (state == Name(s)) {
      a->state = s;
      ForgetOtherClock(now_ms, a);
      return true;
    }
  return false;
}

Json ToJson(const PrefixLife& life) {
  return {{"pool", life.pool},
          {"prefix", Format(life.prefix)},
          {"state", Name(life.state)},
          {"since_ms", life.since_ms}};
}

// The clock starts anew with the machine: what began later than now began before that.
bool FromJson(const Json& j, uint64_t now_ms, PrefixLife* life) {
  auto prefix = ParsePrefix(j.at("prefix").get<std::string>());
  auto state = j.at("state").get<std::string>();
  life->pool = j.at("pool").get<std::string>();
  life->since_ms = std::min(j.at("since_ms").get<uint64_t>(), now_ms);
  if (!prefix.has_value()) return false;
  life->prefix = *prefix;
  for (int s = 0; s < kPrefixStates; ++s)
    if (state == Name(static_cast<PrefixState>(s))) return life->state = static_cast<PrefixState>(s), true;
  return false;
}

bool Decode(const std::string& text, uint64_t now_ms, State* state) {
  Json j = ParseJson(text);
  if (!j.is_object()) return false;
  try {
    if (j.at("schema") != kSchema) return false;
    ConfigResult config = ParseConfig(j.at("config").get<std::string>());
    if (!config.config.has_value()) return false;
    state->config = *config.config;
    state->generation = j.at("generation").get<Generation>();
    std::set<UnitIndex> indices;
    std::set<Address> addresses;
    for (const Json& item : j.at("assignments")) {
      Assignment a;
      if (!FromJson(item, now_ms, &a) || !indices.insert(a.index).second ||
          !addresses.insert(a.address).second)
        return false;
      state->assignments.push_back(a);
    }
    // A state written before there were merges and ages has none.
    for (const Json& pool : j.value("merged", Json::array())) state->merges.insert(pool.get<std::string>());
    for (const Json& item : j.value("prefixes", Json::array()))
      if (!FromJson(item, now_ms, &state->prefixes.emplace_back())) return false;
    return state->generation > 0;
  } catch (const Json::exception&) {
    return false;
  }
}

absl::Status WriteAll(int file, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    ssize_t n = write(file, text.data() + done, text.size() - done);
    if (n < 0 && errno != EINTR) return Failed("write");
    if (n > 0) done += static_cast<size_t>(n);
  }
  return fsync(file) == 0 ? absl::OkStatus() : Failed("fsync");
}

}  // namespace

absl::Status StateFile::Save(const State& state) const {
  Json j = {{"schema", kSchema},
            {"generation", state.generation},
            {"config", WriteConfig(state.config)},
            {"assignments", Json::array()},
            {"merged", state.merges},
            {"prefixes", Json::array()}};
  for (const Assignment& a : state.assignments) j["assignments"].push_back(ToJson(a));
  for (const PrefixLife& life : state.prefixes) j["prefixes"].push_back(ToJson(life));
  const std::string aside = path_ + ".new";
  int file = open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return Failed(aside);
  absl::Status status = WriteAll(file, j.dump(1) + "\n");
  close(file);
  if (status.ok() && rename(aside.c_str(), path_.c_str()) != 0) status = Failed(path_);
  if (!status.ok()) return status;
  // The rename itself must reach the disk before anybody is told.
  int directory = open(path_.substr(0, path_.find_last_of('/')).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0 || fsync(directory) != 0) status = Failed("fsync of the state directory");
  if (directory >= 0) close(directory);
  return status;
}

absl::StatusOr<State> StateFile::Load(uint64_t now_ms) const {
  auto text = ReadTextFile(path_, kBytesMax);
  State state;
  if (text.ok() && Decode(*text, now_ms, &state)) return state;
  if (!text.ok() && !absl::IsOutOfRange(text.status())) return text.status();
  if (std::rename(path_.c_str(), (path_ + ".bad").c_str()) != 0) return Failed(path_);
  return absl::DataLossError(absl::StrCat(path_, " is no state of this program; kept as ", path_, ".bad"));
}

}  // namespace cfr
