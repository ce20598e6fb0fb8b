// SPDX-License-Identifier: BSD-3-Clause
#include <unistd.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/config.h"
#include "control/audit_file.h"
#include "control/core_dumps.h"
#include "control/day_keys.h"
#include "control/record_opening.h"
#include "control/render.h"
#include "control/verbs.h"

namespace cfr {
namespace {

constexpr size_t kCaseBytesMax = 128;

std::string DirectoryOf(const Invocation& invocation) {
  const std::string directory = invocation.Text("dir");
  return directory.empty() ? RecordsConfig{}.directory : directory;
}

ExitCode Refuse(const Invocation& invocation, ExitCode code, const std::string& what,
                const std::string& hint = "") {
  return invocation.Print(Failure{code, what, hint}, RenderChange);
}

ExitCode Failed(const Invocation& invocation, const absl::Status& status) {
  return Refuse(invocation, ExitCode::kFailed, std::string(status.message()));
}

uint8_t ProtocolOf(const std::string& name) {
  return name == "tcp" ? 6 : name == "udp" ? 17 : name == "icmp" ? 1 : name == "icmp6" ? 58 : 0;
}

// What is wrong with the report, or "".
std::string ReadQuery(const Invocation& invocation, RecordQuery* query) {
  auto alias = ParseAddress(invocation.Text("alias")), remote = ParseAddress(invocation.Text("remote"));
  auto time = ParseUtc(invocation.Text("time"));
  if (!alias.has_value()) return "--alias is no address";
  if (!remote.has_value()) return "--remote is no address";
  if (alias->family != remote->family) return "--alias and --remote are of different families";
  if (!time.has_value()) return "--time is no UTC time like 2026-11-25T03:20:05Z";
  query->protocol = ProtocolOf(invocation.Text("protocol"));
  if (query->protocol == 0) return "--protocol is none of tcp, udp, icmp, icmp6";
  if (invocation.Text("case").empty() || invocation.Text("case").size() > kCaseBytesMax)
    return absl::StrCat("--case has 1 to ", kCaseBytesMax, " bytes");
  query->alias = *alias;
  query->remote = *remote;
  query->alias_port = invocation.args.at("alias_port").get<uint16_t>();
  query->remote_port = invocation.args.at("remote_port").get<uint16_t>();
  query->time_s = *time;
  return "";
}

absl::Status Audit(const Invocation& invocation, const char* outcome) {
  return AppendAudit(invocation.Text("audit"), {{"at", FormatUtc(ReadUtcClock().seconds())},
                                                {"uid", getuid()},
                                                {"case", invocation.Text("case")},
                                                {"alias", invocation.Text("alias")},
                                                {"alias_port", invocation.args.at("alias_port")},
                                                {"protocol", invocation.Text("protocol")},
                                                {"time", invocation.Text("time")},
                                                {"outcome", outcome}});
}

const char* Name(RecordAnswer::Outcome outcome) {
  switch (outcome) {
    case RecordAnswer::Outcome::kOne:
      return "one";
    case RecordAnswer::Outcome::kNone:
      return "none";
    case RecordAnswer::Outcome::kSeveral:
      return "several";
  }
  return "";
}

std::string RenderOpened(const Json& opened) {
  return absl::StrCat("subscriber  ", opened.at("subscriber").get<std::string>(), "\nopened      ",
                      opened.at("opened").get<std::string>(), "\npool        ",
                      opened.at("pool").get<std::string>(), "\n");
}

std::string RenderCheck(const Json& check) {
  std::string text;
  for (const char* kind : {"findings", "notes"})
    for (const Json& sentence : check.at(kind)) absl::StrAppend(&text, sentence.get<std::string>(), "\n");
  return absl::StrCat(text,
                      check.at("whole").get<bool>() ? "whole: " : "NOT whole: ", check.at("entries").dump(),
                      " entries in ", check.at("segments").dump(), " files, last ",
                      check.at("chain").get<std::string>(), "\n");
}

}  // namespace

ExitCode RecordKeygen(const Invocation& invocation) {
  ForbidCoreDumps();
  auto from = ParseDay(invocation.Text("from"));
  if (!from.has_value()) return Refuse(invocation, ExitCode::kUsage, "--from is no day like 2026-11-25");
  const auto days = invocation.args.at("days").get<uint32_t>();
  absl::Status status = MakeDayKeys(*from, days, invocation.Text("out"));
  if (!status.ok()) return Failed(invocation, status);
  return invocation.Print(Json{{"first", FormatDay(*from)}, {"last", FormatDay(*from + days - 1)}},
                          [](const Json& made) {
                            return absl::StrCat("made the keys of ", made.at("first").get<std::string>(),
                                                " to ", made.at("last").get<std::string>(), "\n");
                          });
}

// The audit line is on the disk before anything is shown.
ExitCode RecordOpen(const Invocation& invocation) {
  ForbidCoreDumps();
  RecordQuery query;
  if (std::string wrong = ReadQuery(invocation, &query); !wrong.empty())
    return Refuse(invocation, ExitCode::kUsage, wrong, "cfrctl record open --help");
  std::vector<DayKey> keys;
  for (const Json& path : invocation.args.at("day_key")) {
    auto key = ReadDayKey(path);
    if (!key.ok()) return Failed(invocation, key.status());
    keys.push_back(*key);
  }
  RecordAnswer answer = OpenRecord(DirectoryOf(invocation), keys, query);
  if (absl::Status status = Audit(invocation, Name(answer.outcome)); !status.ok())
    return Failed(invocation, status);
  for (const std::string& finding : answer.log.findings) Talk("cfrctl: the log is not whole: " + finding);
  if (answer.outcome != RecordAnswer::Outcome::kOne) return Refuse(invocation, ExitCode::kFailed, answer.why);
  return invocation.Print(Json{{"subscriber", Format(answer.subscriber)},
                               {"opened", FormatUtc(answer.opened_s)},
                               {"pool", answer.pool},
                               {"node", answer.log.node},
                               {"log_whole", answer.log.findings.empty()}},
                          RenderOpened);
}

ExitCode RecordCheck(const Invocation& invocation) {
  RecordLogReport report = CheckRecordLog(DirectoryOf(invocation));
  Json lines = nullptr;
  if (const std::string audit = invocation.Text("audit"); !audit.empty()) {
    auto checked = CheckAudit(audit);
    if (checked.ok())
      lines = *checked;
    else
      report.findings.emplace_back(checked.status().message());
  }
  const bool whole = report.findings.empty();
  const std::string chain(reinterpret_cast<const char*>(report.chain.data()), report.chain.size());
  return invocation.Print(Json{{"whole", whole},
                               {"node", report.node},
                               {"segments", report.segments},
                               {"entries", report.entries},
                               {"bytes", report.bytes},
                               {"chain", absl::BytesToHexString(chain)},
                               {"audit_lines", lines},
                               {"findings", report.findings},
                               {"notes", report.notes}},
                          RenderCheck, whole ? ExitCode::kOk : ExitCode::kFailed);
}

}  // namespace cfr
