// SPDX-License-Identifier: BSD-3-Clause
// The relay of tests/support/relay.h as a co-process: commands in lines on stdin, what became of them in
// lines on stdout, each answer ended by "done". Runs no checks of its own beside the relay's inspector.
//
//   relay WORKERS FLOWS SUBSCRIBERS SEED    a new relay in the place of the former
//   apply LINES, then the TOML text         applied STATUS
//   epoch | lease SECONDS | stations 0|1 | wait MS
//   burst SIDE WORKER NIC_BAD FRAMES, then a frame a line in hexadecimal digits
//         NUMBER HANDOFFS and: sent SIDE WORKER BYPASSED PIECES FRAME | dropped REASON WORKER | consumed
//         WORKER | held WORKER, one for each frame
//   totals                                  NAME VALUE for counters and flows, DIRECTION REASON VALUE for
//   drops
//
// Any command may also answer: made SIDE FRAME | released and what became of a held frame | violation TEXT
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/support/relay.h"

namespace cfr::test {
namespace {

class Driver {
 public:
  void Run() {
    for (std::string line; std::getline(std::cin, line);) {
      std::istringstream words(line);
      std::string verb;
      words >> verb;
      Take(verb, words);
      Extras();
      std::cout << "done\n" << std::flush;
    }
  }

 private:
  void Take(const std::string& verb, std::istringstream& words) {
    if (verb == "relay") return Begin(words);
    if (verb == "apply") return Apply(Number(words));
    if (verb == "epoch") return relay_->AdvanceEpoch();
    if (verb == "lease") return relay_->RenewLease(Number(words));
    if (verb == "stations") return relay_->SetStationsAnswer(Number(words) != 0);
    if (verb == "wait") return relay_->Wait(Number(words));
    if (verb == "burst") return Burst(words);
    if (verb == "totals") return Totals();
    throw std::invalid_argument("unknown command: " + verb);
  }

  static uint64_t Number(std::istringstream& words) {
    uint64_t number;
    if (!(words >> number)) throw std::invalid_argument("a number is missing");
    return number;
  }
  static std::string NextLine() {
    std::string line;
    if (!std::getline(std::cin, line)) throw std::invalid_argument("the input ends within a command");
    return line;
  }

  void Begin(std::istringstream& words) {
    RelayOptions options;
    options.workers = static_cast<int>(Number(words));
    options.flows_v4 = options.flows_v6 = static_cast<uint32_t>(Number(words));
    options.subscribers_max = Number(words);
    options.seed = static_cast<uint8_t>(Number(words));
    options.affinity_pairs = 1 << 16;                   // the model forgets none
    options.datagrams = options.fragments_held = 8192;  // the model knows no such limit
    relay_ = std::make_unique<Relay>(options);
    violations_ = 0;
  }

  void Apply(uint64_t lines) {
    std::string text;
    for (uint64_t i = 0; i < lines; ++i) absl::StrAppend(&text, NextLine(), "\n");
    ConfigResult result = ParseConfig(text);
    for (const ConfigError& error : result.errors) Violation(Format(error, "configuration"));
    if (result.config.has_value())
      std::cout << "applied " << static_cast<int>(relay_->Apply(*result.config)) << "\n";
  }

  void Burst(std::istringstream& words) {
    std::string side;
    words >> side;
    auto worker = static_cast<int>(Number(words));
    bool nic_bad = Number(words) != 0;
    std::vector<Frame> frames(Number(words));
    for (Frame& frame : frames) {
      std::string bytes = absl::HexStringToBytes(NextLine());
      frame.assign(bytes.begin(), bytes.end());
    }
    for (const Outcome& o :
         relay_->SendBurst(side == "access" ? Side::kAccess : Side::kCore, frames, worker, nic_bad))
      Tell(o);
  }

  static std::string Hex(const Frame& frame) {
    return absl::BytesToHexString({reinterpret_cast<const char*>(frame.data()), frame.size()});
  }
  static void Violation(const std::string& text) {
    std::cout << "violation " << absl::StrReplaceAll(text, {{"\n", " "}}) << "\n";
  }

  static void Tell(const Outcome& o) {
    std::cout << o.number << " " << o.handoffs << " ";
    switch (o.kind) {
      case Outcome::Kind::kSent:
        std::cout << "sent " << Name(o.side) << " " << o.worker << " " << o.bypassed << " " << o.pieces << " "
                  << Hex(o.frame) << "\n";
        return;
      case Outcome::Kind::kDropped:
        std::cout << "dropped " << Name(o.reason) << " " << o.worker << "\n";
        return;
      case Outcome::Kind::kConsumed:
        std::cout << "consumed " << o.worker << "\n";
        return;
      case Outcome::Kind::kHeld:
        std::cout << "held " << o.worker << "\n";
        return;
      case Outcome::Kind::kPending:
        std::cout << "pending " << o.worker << "\n";
        return;
    }
  }

  // What any command may have caused beside its own answer.
  void Extras() {
    if (relay_ == nullptr) return;
    for (const Relay::Made& made : relay_->TakeMade())
      std::cout << "made " << Name(made.side) << " " << Hex(made.frame) << "\n";
    for (const Outcome& o : relay_->TakeReleased()) {
      std::cout << "released ";
      Tell(o);
    }
    for (; violations_ < relay_->violations().size(); ++violations_)
      Violation(relay_->violations()[violations_]);
  }

  void Totals() const {
    for (Family f : {Family::kV4, Family::kV6}) {
      std::string name = f == Family::kV4 ? "v4" : "v6";
      std::cout << "live_" << name << " " << relay_->LiveFlows(f) << "\n";
      std::cout << "quarantined_" << name << " " << relay_->Quarantined(f) << "\n";
    }
    std::cout << "counted " << relay_->SubscriberFlows() << "\n";
    for (Direction d : {Direction::kOutbound, Direction::kInbound}) {
      for (int c = 0; c < kCounterCount; ++c)
        std::cout << Name(d) << "." << kCounterRows[c].name << " "
                  << relay_->Total(d, static_cast<Counter>(c)) << "\n";
      for (int r = 0; r < kDropReasonCount; ++r)
        std::cout << Name(d) << ".drop." << kDropReasonRows[r].name << " "
                  << relay_->Total(d, static_cast<DropReason>(r)) << "\n";
    }
  }

  std::unique_ptr<Relay> relay_;
  size_t violations_ = 0;
};

}  // namespace
}  // namespace cfr::test

int main() {
  std::ios::sync_with_stdio(false);
  std::cin.tie(nullptr);
  try {
    cfr::test::Driver().Run();
  } catch (const std::invalid_argument& e) {
    std::cerr << "relay_driver: " << e.what() << "\n";
    return 1;
  }
  return 0;
}
