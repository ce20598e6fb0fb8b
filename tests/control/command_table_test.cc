// SPDX-License-Identifier: BSD-3-Clause
#include "control/command_table.h"

#include <gtest/gtest.h>

#include <set>

namespace cfr {
namespace {

const CommandRow& Command(const char* name) {
  const CommandRow* row = FindCommand(name);
  EXPECT_NE(row, nullptr) << name;
  return *row;
}

// "" if the arguments are taken, else the sentence.
std::string Complaint(const char* command, const Json& args) {
  auto result = CompleteArguments(Command(command), args);
  const auto* failure = std::get_if<Failure>(&result);
  if (failure == nullptr) return "";
  EXPECT_EQ(failure->code, ExitCode::kUsage);
  EXPECT_NE(failure->hint, "");
  return failure->message;
}

TEST(CommandTable, NamesAreUniqueAndNounsStayTogether) {
  std::set<std::string> names;
  for (const CommandRow& row : CommandTable()) EXPECT_TRUE(names.insert(row.name()).second) << row.name();
  std::vector<std::string> nouns = Nouns();
  EXPECT_EQ(std::set<std::string>(nouns.begin(), nouns.end()).size(), nouns.size());
  EXPECT_EQ(VerbsOf("pool"),
            (std::vector<std::string>{"list", "show", "add", "del", "drain", "undrain", "merge", "unmerge"}));
  EXPECT_TRUE(VerbsOf("health").empty());
  EXPECT_TRUE(VerbsOf("nothing").empty());
  EXPECT_EQ(FindCommand("pool"), nullptr);
}

TEST(CommandTable, SaysSomethingOfEverything) {
  for (const CommandRow& row : CommandTable()) {
    EXPECT_EQ(std::string(row.sentence).back(), '.') << row.name();
    for (const ArgumentRow& argument : row.arguments) {
      EXPECT_STRNE(argument.sentence, "") << row.name() << " " << argument.name;
      EXPECT_EQ(argument.kind == ArgumentRow::Kind::kNumber, argument.last > 0)
          << row.name() << " " << argument.name;
    }
  }
}

// What names a subscriber or changes something must not be on the socket for everybody.
TEST(CommandTable, TheReadOnlySocketShowsAggregatesOnly) {
  std::set<std::string> open;
  for (const CommandRow& row : CommandTable())
    if (row.access == Access::kAggregate) open.insert(row.name());
  EXPECT_EQ(open, (std::set<std::string>{"counters", "epoch show", "flow stats", "geofeed export", "health",
                                         "pool list", "pool show", "port list", "privacy show", "version",
                                         "worker list"}));
}

TEST(Arguments, KeysAreTheirNamesInJson) {
  EXPECT_EQ(Command("pool add").arguments[0].key(), "name");
  EXPECT_EQ(Command("pool add").arguments[3].key(), "alias_units");
}

TEST(Arguments, StandardsAreFilledIn) {
  auto result = CompleteArguments(Command("flow list"), Json::object());
  EXPECT_EQ(std::get<Json>(result), Json({{"limit", 100}}));
  result = CompleteArguments(Command("flow list"), {{"limit", 7}, {"pool", "milan"}});
  EXPECT_EQ(std::get<Json>(result), Json({{"limit", 7}, {"pool", "milan"}}));
}

TEST(Arguments, TheUnknownIsToldWithTheNearest) {
  EXPECT_EQ(Complaint("config apply", {{"config", ""}, {"if_generaton", 3}}),
            "config apply: unknown argument 'if_generaton'");
  auto result = CompleteArguments(Command("config apply"), {{"config", ""}, {"if_generaton", 3}});
  EXPECT_EQ(std::get<Failure>(result).hint, "did you mean 'if_generation'?");
  EXPECT_EQ(Complaint("pool list", {{"x", 1}}), "pool list: unknown argument 'x'");
}

TEST(Arguments, OfCfrctlAloneAreUnknownHere) {
  EXPECT_EQ(Complaint("pool drain", {{"name", "milan"}, {"wait", true}}),
            "pool drain: unknown argument 'wait'");
}

TEST(Arguments, TheRequiredMustBeThere) {
  EXPECT_EQ(Complaint("pool show", Json::object()), "pool show: argument 'name' is missing");
  EXPECT_EQ(Complaint("config apply", {{"file", "x"}}), "config apply: argument 'config' is missing");
  EXPECT_EQ(Complaint("config apply", {{"config", "x"}}), "");
}

TEST(Arguments, EachKindTakesItsOwn) {
  const Json values[] = {nullptr, true, "text", 5, -5, 1.5, {"a"}, Json::object(), {1}};
  struct {
    const char* command;
    const char* key;
    std::set<size_t> taken;  // indices of `values`
  } rows[] = {{"counters", "all", {1}}, {"flow list", "pool", {2}}, {"flow list", "limit", {3}}};
  for (const auto& row : rows)
    for (size_t i = 0; i < std::size(values); ++i)
      EXPECT_EQ(Complaint(row.command, {{row.key, values[i]}}).empty(), row.taken.contains(i))
          << row.command << " " << values[i];
  const Json good = {{"name", "a"}, {"region", "b"}};
  for (size_t i = 0; i < std::size(values); ++i) {
    Json args = good;
    args["prefix"] = values[i];
    EXPECT_EQ(Complaint("pool add", args).empty(), i == 6) << values[i];
  }
}

TEST(Arguments, NumbersStayInTheirRange) {
  EXPECT_EQ(Complaint("flow list", {{"limit", 0}}), "flow list: argument 'limit' is 0; allowed: 1 to 10000");
  EXPECT_EQ(Complaint("flow list", {{"limit", 1}}), "");
  EXPECT_EQ(Complaint("flow list", {{"limit", 10000}}), "");
  EXPECT_NE(Complaint("flow list", {{"limit", 10001}}), "");
  EXPECT_NE(Complaint("flow list", {{"limit", ~uint64_t{0}}}), "");
  EXPECT_EQ(Complaint("config apply", {{"config", ""}, {"if_generation", 0}}), "");
}

}  // namespace
}  // namespace cfr
