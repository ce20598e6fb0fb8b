// SPDX-License-Identifier: BSD-3-Clause
#include "tests/packet/row.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace cfr::test {
namespace {

using Words = std::vector<std::string>;

bool ParsePlus(const std::string& text, EndpointText* e) {
  std::pair<std::string, std::string> range = absl::StrSplit(text, absl::MaxSplits('-', 1));
  if (!absl::SimpleAtoi(range.first, &e->plus_first)) return false;
  e->plus_last = e->plus_first;
  return range.second.empty() || absl::SimpleAtoi(range.second, &e->plus_last);
}

// NAME[+N[-M]][:PORT], a dotted quad, or a bracketed IPv6 address in the place of NAME.
bool ParseEndpoint(std::string text, EndpointText* e) {
  if (text.empty()) return false;
  if (text[0] == '[') {
    size_t close = text.find(']');
    if (close == std::string::npos) return false;
    e->name = text.substr(1, close - 1);
    text = text.substr(close + 1);
    if (!text.empty() && text[0] != ':') return false;
    e->port = text.empty() ? "" : text.substr(1);
    return true;
  }
  std::pair<std::string, std::string> halves = absl::StrSplit(text, absl::MaxSplits(':', 1));
  e->port = halves.second;
  std::pair<std::string, std::string> name = absl::StrSplit(halves.first, absl::MaxSplits('+', 1));
  e->name = name.first;
  return !e->name.empty() && (name.second.empty() || ParsePlus(name.second, e));
}

bool TakesDetail(const std::string& protocol) {
  return protocol == "tcp" || protocol == "icmp" || protocol == "proto" || protocol == "arp";
}

// "FROM>TO PROTOCOL [DETAIL] key=value ... [quoting FROM>TO ...]"; an expectation may leave TO or the
// protocol away.
bool ParsePacket(const std::string& side, const Words& words, PacketText* p) {
  p->side = side;
  if (words.empty()) return false;
  std::pair<std::string, std::string> ends = absl::StrSplit(words[0], absl::MaxSplits('>', 1));
  if (!ParseEndpoint(ends.first, &p->from)) return false;
  if (!ends.second.empty() && !ParseEndpoint(ends.second, &p->to)) return false;
  for (size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "quoting") {
      p->quoted.emplace_back();
      return ParsePacket(side, Words(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end()),
                         &p->quoted[0]);
    }
    size_t equals = words[i].find('=');
    if (equals != std::string::npos) {
      p->fields.emplace_back(words[i].substr(0, equals), words[i].substr(equals + 1));
    } else if (p->protocol.empty()) {
      p->protocol = words[i];
      bool more = i + 1 < words.size() && words[i + 1].find('=') == std::string::npos;
      if (more && TakesDetail(p->protocol)) p->detail = words[++i];
    } else {
      return false;
    }
  }
  return true;
}

bool ParseExpectation(const Words& words, Step* step) {
  if (words.empty()) return false;
  step->expected = std::string(absl::StripSuffix(words[0], ":"));
  Words rest(words.begin() + 1, words.end());
  if (step->expected == "core" || step->expected == "access")
    return rest.empty() || ParsePacket(step->expected, rest, &step->out);
  if (step->expected == "refused") {
    if (rest.empty() || !absl::StartsWith(rest[0], "drop=")) return false;
    step->drop = std::string(absl::StripSuffix(rest[0].substr(5), ":"));
    return rest.size() == 1 || ParsePacket("", Words(rest.begin() + 1, rest.end()), &step->out);
  }
  for (const std::string& word : rest) {
    if (!absl::StartsWith(word, "drop=")) return false;
    step->dropped_too.push_back(word.substr(5));
  }
  if (step->expected == "nothing") {
    if (rest.empty()) return false;
    step->drop = step->dropped_too.front();
    step->dropped_too.erase(step->dropped_too.begin());
    return true;
  }
  return (rest.empty() || step->expected == "held") &&
         (step->expected == "consumed" || step->expected == "answered" || step->expected == "held");
}

bool ParseStep(const Words& words, Step* step) {
  auto arrow = std::find(words.begin(), words.end(), "=>");
  Words before(words.begin(), arrow), after(arrow == words.end() ? arrow : arrow + 1, words.end());
  if (before.empty()) return false;
  step->verb = before[0];
  step->words.assign(before.begin() + 1, before.end());
  if (step->verb == "access:" || step->verb == "core:") {
    std::string side(absl::StripSuffix(step->verb, ":"));
    step->verb = "packet";
    return ParsePacket(side, step->words, &step->packet) && ParseExpectation(after, step);
  }
  if (step->verb == "released" || step->verb == "made")
    return step->words.empty() && ParseExpectation(after, step);
  return arrow == words.end();
}

// Lines that say under which circumstances the row runs; false if `words` is none.
bool ParseCircumstance(const Words& words, Row* row) {
  Words rest(words.begin() + 1, words.end());
  if (words[0] == "on" && !rest.empty()) {
    row->configuration = rest[0];
    row->overrides.assign(rest.begin() + 1, rest.end());
    return true;
  }
  if (words[0] == "family" && rest.size() == 1) {
    row->families = rest;
    return true;
  }
  if (words[0] == "workers" && rest.size() == 1) {
    row->workers.resize(1);
    return absl::SimpleAtoi(rest[0], &row->workers[0]);
  }
  if (words[0] == "without") {
    row->without.insert(row->without.end(), rest.begin(), rest.end());
    return true;
  }
  if (words[0] != "tables") return false;
  for (const std::string& word : rest) {
    std::pair<std::string, std::string> pair = absl::StrSplit(word, absl::MaxSplits('=', 1));
    if (!absl::SimpleAtoi(pair.second, &row->tables[pair.first])) return false;
  }
  return true;
}

// "UDP-1": what docs/compliance.md numbers.
bool IsRequirement(const std::string& word) {
  const size_t dash = word.find('-');
  if (dash == 0 || dash == std::string::npos) return false;
  const std::string group = word.substr(0, dash), number = word.substr(dash + 1);
  auto capital = [](unsigned char c) { return std::isupper(c) != 0; };
  auto digit = [](unsigned char c) { return std::isdigit(c) != 0; };
  return std::all_of(group.begin(), group.end(), capital) && !number.empty() && number[0] != '0' &&
         std::all_of(number.begin(), number.end(), digit);
}

bool IsLiteral(const std::string& name) {
  return name.find_first_of(".:") != std::string::npos;
}

// What the names and literals of a step say of the family.
std::string FamilyOf(const Step& step) {
  for (const PacketText* p : {&step.packet, &step.out})
    for (const EndpointText* e : {&p->from, &p->to}) {
      if (e->name.empty()) continue;
      if (IsLiteral(e->name)) return e->name.find(':') == std::string::npos ? "4" : "6";
      if (e->name.back() == '4' || e->name.back() == '6') return e->name.substr(e->name.size() - 1);
    }
  return "";
}

// A row whose steps say nothing of a family stands for both.
void ChooseFamilies(Row* row) {
  bool v4 = false, v6 = false;
  for (Step& step : row->steps) {
    step.family = FamilyOf(step);
    v4 |= step.family == "4";
    v6 |= step.family == "6";
  }
  if (!row->families.empty()) return;
  if (v4 || !v6) row->families.push_back("4");
  if (v6 || !v4) row->families.push_back("6");
}

}  // namespace

RowFile ParseRows(const std::string& file, std::string_view text) {
  RowFile result;
  int number = 0;
  auto wrong = [&](std::string what) {
    result.errors.push_back(absl::StrCat(file, ":", number, ": ", what));
  };
  for (const std::string& whole : Words(absl::StrSplit(std::string(text), '\n'))) {
    ++number;
    const std::string line = whole.substr(0, whole.find('#'));
    bool indented = !line.empty() && line[0] == ' ';
    Words words = absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (words.empty()) continue;
    if (!indented) {
      if (words[0] != "row" || words.size() < 2) {
        wrong("expected 'row NAME REQUIREMENT...'");
        continue;
      }
      Row row;
      row.id = words[1];
      row.file = file;
      row.line = number;
      row.proves.assign(words.begin() + 2, words.end());
      for (const std::string& id : row.proves)
        if (!IsRequirement(id)) wrong(absl::StrCat("'", id, "' is no requirement such as UDP-1"));
      result.rows.push_back(row);
      continue;
    }
    if (result.rows.empty()) {
      wrong("a step before the first row");
      continue;
    }
    Row& row = result.rows.back();
    if (row.sentence.empty()) {
      row.sentence = std::string(absl::StripAsciiWhitespace(line));
      continue;
    }
    if (ParseCircumstance(words, &row)) continue;
    Step step;
    step.line = number;
    if (!ParseStep(words, &step)) wrong(absl::StrCat("cannot read '", absl::StripAsciiWhitespace(line), "'"));
    row.steps.push_back(step);
  }
  for (Row& row : result.rows) {
    ChooseFamilies(&row);
    number = row.line;
    if (row.configuration.empty()) wrong(absl::StrCat("row ", row.id, " says no configuration ('on NAME')"));
    if (row.steps.empty()) wrong(absl::StrCat("row ", row.id, " has no steps"));
  }
  return result;
}

}  // namespace cfr::test
