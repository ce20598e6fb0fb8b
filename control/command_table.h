// SPDX-License-Identifier: BSD-3-Clause
// Every command there is, once: what cfrctl parses, helps with, completes and documents (docs/cli.md), and
// what the local API accepts. Commands of the API are {"command": "NOUN VERB", "args": {...}}.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "control/answer.h"

namespace cfr {

enum class Access : uint8_t {
  kLocal,      // cfrctl does it alone
  kAggregate,  // either socket may ask
  kFull,       // control.sock only, and logged: changes something or names subscribers
};

struct ArgumentRow {
  enum class Kind : uint8_t { kFlag, kText, kTexts, kNumber, kDuration, kFile };
  enum class Need : uint8_t { kOptional, kRequired };
  enum class Use : uint8_t { kSent, kLocal };  // kLocal: cfrctl's own, no argument of the API

  const char* name;  // "--limit", or "NAME" for one by its position; in JSON "limit" and "name"
  Kind kind;         // kFile: in JSON "config", the text, and "file", its name for error messages;
                     // kDuration: in JSON a number of seconds
  Need need;
  Use use;
  const char* sentence;
  uint64_t first = 0, last = 0;           // kNumber: both inclusive
  std::optional<uint64_t> standard = {};  // kNumber: when left out

  bool positional() const { return *name != '-'; }
  std::string key() const;  // in JSON
};

struct CommandRow {
  const char* noun;
  const char* verb;  // "" for a command that stands alone
  Access access;
  const char* sentence;
  std::vector<ArgumentRow> arguments;

  std::string name() const;  // "NOUN VERB"
};

const std::vector<CommandRow>& CommandTable();
const CommandRow* FindCommand(std::string_view name);  // nullptr if there is none
// In the order of the table.
std::vector<std::string> Nouns();
std::vector<std::string> VerbsOf(std::string_view noun);

// The arguments of a request with those left out that have a standard, or what is wrong with them.
std::variant<Json, Failure> CompleteArguments(const CommandRow& command, const Json& args);

}  // namespace cfr
