// SPDX-License-Identifier: BSD-3-Clause
// A command line of cfrctl, understood: which command, with what, and how its answer is given. stdout
// carries data, stderr talk.
#pragma once

#include <string>

#include "control/answer.h"
#include "control/command_table.h"

namespace cfr {

using Renderer = std::string (*)(const Json& result);

// A line on stderr.
void Talk(const std::string& text);

struct Invocation {
  const CommandRow* command = nullptr;
  std::string socket = "/run/cfr/control.sock";
  bool json = false;
  Json args = Json::object();  // by ArgumentRow::key()

  bool Flag(const char* key) const { return args.contains(key); }
  // Empty if it was left out.
  std::string Text(const char* key) const { return args.value(key, ""); }

  // What cfr-control answers, to this command with its arguments that are not cfrctl's own, or to another.
  Answer Ask() const;
  Answer Ask(const std::string& name, const Json& other_args) const;
  // Gives the answer as text or JSON. Returns its exit code.
  ExitCode Print(const Answer& answer, Renderer render) const;
  // A result that is a finding: printed like one, `code` returned if that worked.
  ExitCode Print(const Json& result, Renderer render, ExitCode code) const;
};

}  // namespace cfr
