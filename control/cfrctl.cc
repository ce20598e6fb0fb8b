// SPDX-License-Identifier: BSD-3-Clause
// cfrctl: the command line. The command table (command_table.h) gives parsing and --help, verbs.h what
// each command does; the exit codes are ExitCode.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <csignal>
#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/duration.h"
#include "common/suggestion.h"
#include "common/version.h"
#include "control/render.h"
#include "control/verbs.h"

namespace cfr {
namespace {

using Kind = ArgumentRow::Kind;

// The value of one word; nullopt if it is none.
std::optional<Json> Value(const ArgumentRow& row, const std::string& text) {
  if (row.kind == Kind::kDuration) {
    auto seconds = ParseDuration(text);
    return seconds.has_value() ? std::optional<Json>(*seconds) : std::nullopt;
  }
  if (row.kind != Kind::kNumber) return text;
  uint64_t n = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && n >= row.first && n <= row.last ? std::optional<Json>(n) : std::nullopt;
}

std::string Wanted(const ArgumentRow& row) {
  return row.kind == Kind::kDuration ? "duration like 90s, 10m or 2h"
                                     : absl::StrCat("whole number from ", row.first, " to ", row.last);
}

void AddArgument(const ArgumentRow& row, CLI::App* app, Json* args) {
  const std::string key = row.kind == Kind::kFile ? "config" : row.key();
  if (row.kind == Kind::kFlag) {
    app->add_flag_callback(
        row.name, [=] { (*args)[key] = true; }, row.sentence);
    return;
  }
  const bool many = row.kind == Kind::kTexts;
  auto check = [=](const std::string& word) {
    return Value(row, word).has_value() ? "" : absl::StrCat("'", word, "' is no ", Wanted(row));
  };
  auto store = [=](const std::vector<std::string>& words) {
    (*args)[key] = many ? Json(words) : *Value(row, words.front());
  };
  CLI::Option* option = app->add_option_function<std::vector<std::string>>(row.name, store, row.sentence);
  option->expected(1)->required(row.need == ArgumentRow::Need::kRequired)->check(check);
  option->multi_option_policy(many ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::Throw);
  option->allow_extra_args(false);  // one word each time, or the next positional would be taken too
  if (row.kind == Kind::kNumber) option->type_name("N");
  if (row.kind == Kind::kDuration) option->type_name("DURATION");
  if (row.standard.has_value()) option->default_str(absl::StrCat(*row.standard));
}

class CommandLine {
 public:
  CommandLine() {
    app_.name("cfrctl")->require_subcommand(1)->fallthrough();
    app_.set_version_flag("--version", kVersion);
    app_.add_option("--socket", invocation_.socket, "socket of cfr-control")->capture_default_str();
    app_.add_flag("--json", invocation_.json, "one JSON document on stdout, errors too");
    for (const CommandRow& row : CommandTable()) Add(row);
  }

  ExitCode Obey(std::vector<std::string> words) {
    if (!words.empty() && words.front() == "help") {
      std::rotate(words.begin(), words.begin() + 1, words.end());
      words.back() = "--help";
    }
    invocation_.json = std::find(words.begin(), words.end(), "--json") != words.end();
    if (auto wrong = ChooseCommand(words); wrong.has_value()) return Refuse(*wrong);
    try {
      std::reverse(words.begin(), words.end());  // as the library wants them
      app_.parse(words);
    } catch (const CLI::ExtrasError&) {
      return Refuse(Unexpected());
    } catch (const CLI::ParseError& e) {
      if (e.get_exit_code() == 0) return static_cast<ExitCode>(app_.exit(e));  // --help, --version
      return Refuse({ExitCode::kUsage, e.what(), HelpOf(*invocation_.command)});
    }
    try {
      return Run(invocation_);
    } catch (const Json::exception&) {
      return Refuse({ExitCode::kUnreachable,
                     absl::StrCat(invocation_.socket, ": not the answer of a cfr-control of this release"),
                     "cfrctl version"});
    }
  }

 private:
  void Add(const CommandRow& row) {
    CLI::App*& noun = nouns_[row.noun];
    const std::vector<std::string> verbs = VerbsOf(row.noun);
    if (noun == nullptr)
      noun = app_.add_subcommand(row.noun, verbs.empty() ? row.sentence : absl::StrJoin(verbs, ", "))
                 ->fallthrough();
    CLI::App* command =
        verbs.empty() ? noun
                      : noun->require_subcommand(1)->add_subcommand(row.verb, row.sentence)->fallthrough();
    for (const ArgumentRow& argument : row.arguments) AddArgument(argument, command, &invocation_.args);
  }

  ExitCode Refuse(const Failure& failure) { return invocation_.Print(failure, RenderChange); }

  static std::string HelpOf(const CommandRow& command) {
    return absl::StrCat("cfrctl ", command.name(), " --help");
  }

  // Finds the command, or says which word is none: the library has its own way to do so. A command may be
  // missing where help is asked for.
  std::optional<Failure> ChooseCommand(const std::vector<std::string>& words) {
    static constexpr const char* kHelp[] = {"--help", "-h", "--version"};
    bool help =
        std::find_first_of(words.begin(), words.end(), std::begin(kHelp), std::end(kHelp)) != words.end();
    std::vector<std::string> said;
    for (size_t i = 0; i < words.size(); ++i) {
      if (words[i] == "--socket")
        ++i;
      else if (!words[i].starts_with('-'))
        said.push_back(words[i]);
    }
    auto missing = [&](const std::string& what, const std::string& hint) {
      return help ? std::nullopt : std::optional(Failure{ExitCode::kUsage, what, hint});
    };
    auto is_in = [](const std::string& word, const std::vector<std::string>& known) {
      return std::find(known.begin(), known.end(), word) != known.end();
    };
    const std::vector<std::string> nouns = Nouns();
    if (said.empty()) return missing("no command", absl::StrCat("cfrctl ", absl::StrJoin(nouns, " | ")));
    const std::vector<std::string> verbs = VerbsOf(said[0]);
    if (!is_in(said[0], nouns))
      return Failure{ExitCode::kUsage, absl::StrCat("unknown command '", said[0], "'"),
                     Suggestion(said[0], nouns)};
    if (!verbs.empty() && said.size() == 1)
      return missing(absl::StrCat("'", said[0], "' alone is no command"),
                     absl::StrCat("cfrctl ", said[0], " ", absl::StrJoin(verbs, " | ")));
    if (!verbs.empty() && !is_in(said[1], verbs))
      return Failure{ExitCode::kUsage, absl::StrCat("unknown command '", said[0], " ", said[1], "'"),
                     Suggestion(said[1], verbs)};
    invocation_.command = FindCommand(verbs.empty() ? said[0] : absl::StrCat(said[0], " ", said[1]));
    return std::nullopt;
  }

  // What the library could place nowhere, best known by its first option.
  Failure Unexpected() {
    const CommandRow& command = *invocation_.command;
    std::vector<std::string> rest = app_.remaining(true);
    auto word =
        std::find_if(rest.begin(), rest.end(), [](const std::string& w) { return w.starts_with('-'); });
    if (word == rest.end())
      return {ExitCode::kUsage, absl::StrCat("unexpected argument '", rest.front(), "'"), HelpOf(command)};
    std::vector<std::string> options = {"--json", "--socket", "--help"};
    for (const ArgumentRow& row : command.arguments)
      if (!row.positional()) options.push_back(row.name);
    return {ExitCode::kUsage, absl::StrCat("unknown option '", *word, "'"), Suggestion(*word, options)};
  }

  CLI::App app_{"The command line of the relay. Exit codes and the rest of the manual: cfrctl reference"};
  std::map<std::string, CLI::App*> nouns_;
  Invocation invocation_;
};

}  // namespace
}  // namespace cfr

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return static_cast<int>(cfr::CommandLine().Obey({argv + 1, argv + argc}));
}
