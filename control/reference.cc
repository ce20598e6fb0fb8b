// SPDX-License-Identifier: BSD-3-Clause
#include "control/reference.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "control/command_table.h"

namespace cfr {
namespace {

using Kind = ArgumentRow::Kind;
using Need = ArgumentRow::Need;

constexpr const char* kTop =
    R"md(<!-- Made by `cfrctl reference` from control/command_table.cc. Change that and run:
     build/control/cfrctl reference > docs/cli.md -->
# cfrctl

`cfrctl [--socket SOCKET] [--json] NOUN VERB [ARGUMENTS]`

stdout carries data, stderr talk. There is no pager, no colour and no question. `--help` works everywhere,
and `eval "$(cfrctl completion bash)"` completes commands, options and pool names.

`--json` gives one document with `schema_version`; an error is one too:
`{"error": {"code": ..., "message": ..., "hint": ...}, "schema_version": 1}`. `pool drain --wait` gives one a
line. What each command says is in [cfrctl.schema.json](cfrctl.schema.json), under `$defs`. Units are bytes,
seconds and packets.

`--socket` is `/run/cfr/control.sock` when left out: root and its group may use it, and every command that
changes something or names subscribers is logged with the uid and pid of the asker. `/run/cfr/readonly.sock`
is for everybody; it answers only what shows aggregates, marked "read-only" below.

Scripts may talk to the sockets themselves, one JSON object a line, one answer a request:

```
$ echo '{"command": "pool show", "args": {"name": "v4"}}' | socat - UNIX-CONNECT:/run/cfr/readonly.sock
{"result": {...}}
{"error": {"code": "conflict", "message": "...", "hint": "..."}, "exit": 5}
```

`args` are the arguments below in small letters, with `_` for `-`: `"alias_units": 2`, an option without a
value as `true`, one that may be repeated as an array. A FILE travels as its text in `config`.

)md";

std::string Form(const ArgumentRow& row) {
  switch (row.kind) {
    case Kind::kFlag:
      return row.name;
    case Kind::kNumber:
      return absl::StrCat(row.name, " N");
    case Kind::kDuration:
      return absl::StrCat(row.name, " DURATION");
    case Kind::kText:
    case Kind::kTexts:
    case Kind::kFile:
      return row.positional() ? row.name : absl::StrCat(row.name, " TEXT");
  }
  return "";
}

std::string Synopsis(const CommandRow& command) {
  std::string text = absl::StrCat("cfrctl ", command.name());
  for (const ArgumentRow& row : command.arguments)
    absl::StrAppend(&text, row.need == Need::kRequired ? absl::StrCat(" ", Form(row))
                                                       : absl::StrCat(" [", Form(row), "]"));
  return text;
}

std::string ArgumentLine(const ArgumentRow& row) {
  std::string text = absl::StrCat("- `", Form(row), "`: ", row.sentence);
  if (row.kind == Kind::kNumber && row.last < INT64_MAX)
    absl::StrAppend(&text, ", ", row.first, " to ", row.last);
  if (row.standard.has_value()) absl::StrAppend(&text, "; ", *row.standard, " when left out");
  return text + "\n";
}

const char* AccessText(Access access) {
  switch (access) {
    case Access::kLocal:
      return "local";
    case Access::kAggregate:
      return "read-only";
    case Access::kFull:
      return "control";
  }
  return "";
}

std::string Section(const CommandRow& command) {
  std::string text = absl::StrCat("## ", command.name(), "\n\n`", Synopsis(command), "` (",
                                  AccessText(command.access), ")\n\n", command.sentence, "\n");
  std::string lines;
  for (const ArgumentRow& row : command.arguments) lines += ArgumentLine(row);
  return absl::StrCat(text, lines.empty() ? "" : "\n", lines);
}

std::vector<std::string> OptionNames(const CommandRow& command) {
  std::vector<std::string> names;
  for (const ArgumentRow& row : command.arguments)
    if (!row.positional()) names.push_back(row.name);
  return names;
}

// What else may stand there.
std::string Positional(const CommandRow& command) {
  for (const ArgumentRow& row : command.arguments)
    if (row.positional()) return row.kind == Kind::kFile ? " files=yes" : " pools=yes";
  return "";
}

}  // namespace

std::string CommandReference() {
  std::string text = absl::StrCat(kTop, "| exit | code | means |\n|---|---|---|\n");
  for (const ExitCodeRow& row : kExitCodeRows)
    absl::StrAppend(&text, "| ", static_cast<int>(row.code), " | ", row.name, " | ", row.sentence, " |\n");
  for (const CommandRow& command : CommandTable()) absl::StrAppend(&text, "\n", Section(command));
  return text;
}

std::string BashCompletion() {
  std::string cases;
  for (const std::string& noun : Nouns()) {
    std::vector<std::string> verbs = VerbsOf(noun);
    if (!verbs.empty())
      absl::StrAppend(&cases, "    '", noun, "') words='", absl::StrJoin(verbs, " "), "' ;;\n");
  }
  for (const CommandRow& command : CommandTable())
    absl::StrAppend(&cases, "    '", command.name(), "'*) words='", absl::StrJoin(OptionNames(command), " "),
                    "'", Positional(command), " ;;\n");
  // Names of files and pools are no words of a wordlist: the shell would expand those.
  return absl::StrCat(R"(_cfrctl() {
  local word=${COMP_WORDS[COMP_CWORD]} said='' words='' files='' pools='' globals=() i pool
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --socket) globals+=(--socket "${COMP_WORDS[++i]}") ;;
      --*) ;;
      *) said="${said:+$said }${COMP_WORDS[i]}" ;;
    esac
  done
  case $said in
    '') words=')",
                      absl::StrJoin(Nouns(), " "), R"(' ;;
)",
                      cases, R"(  esac
  mapfile -t COMPREPLY < <(compgen -W "$words --json --socket --help" -- "$word")
  [ -z "$files" ] || mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$word")
  [ -z "$pools" ] || while read -r pool _; do
    [[ $pool != "$word"* ]] || COMPREPLY+=("$pool")
  done < <(cfrctl "${globals[@]}" pool list 2>/dev/null | tail -n +2)
}
complete -o default -F _cfrctl cfrctl
)");
}

}  // namespace cfr
