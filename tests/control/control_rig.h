// SPDX-License-Identifier: BSD-3-Clause
// The control process without its sockets for people, attached to a dataplane without packets, on a fake
// clock.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "control/commands.h"
#include "control/opening_stream.h"
#include "tests/control/dataplane_double.h"
#include "tests/control/sample_config.h"
#include "tests/support/temp_directory.h"

namespace cfr::test {

class ControlRig : public testing::Test {
 protected:
  // Ready: the sample's generation 1 is committed, with a key and a lease.
  ControlRig() {
    openings_.Add([this](const Opened& opened) { crowd_.Take(opened); });
    StartDataplane();
    Turn();
    EXPECT_EQ(node_.generation(), 1u);
  }

  // Attaching waits for the other side, so that has a thread of its own meanwhile.
  void StartDataplane() {
    double_ = std::make_unique<DataplaneDouble>(directory_.path("dataplane.sock"), workers_,
                                                SampleConfig().egress_allowed);
    now_ms_ += 1000;
    std::atomic<bool> attached = false;
    std::thread dataplane([&] {
      while (!attached) double_->Poll(now_ms_);
    });
    node_.Poll(now_ms_);
    attached = true;
    dataplane.join();
  }
  void StopDataplane() {
    double_.reset();
    Turn();
  }
  // Time passes, and everybody does what there is to do.
  void Turn(uint64_t ms = 1000) {
    now_ms_ += ms;
    for (int i = 0; i < 10; ++i) Step();
  }
  void Step() {
    if (double_ != nullptr && !dataplane_stands_) {
      double_->page().main_rounds.Add(1);
      for (int w = 0; w < workers_; ++w) double_->page().worker[w].rounds.Add(1);
      double_->Poll(now_ms_);
    }
    node_.Poll(now_ms_);
    crowd_.Configure(node_.config(), node_.generation(), node_.assignments());
    openings_.Poll();
    crowd_.Tick(now_ms_);
    listing_.Poll(now_ms_);
    if (node_.link().attached()) heartbeats_.Look(node_.link().page(), node_.link().workers(), now_ms_);
  }

  void Start(const std::string& command, const Json& args = Json::object(), bool read_only = false) {
    answer_.reset();
    commands_.Obey({command, args, read_only, "uid=0,pid=1", now_ms_}, [this](Answer answer) {
      EXPECT_FALSE(answer_.has_value()) << "answered twice";
      answer_ = std::move(answer);
    });
  }
  Answer Ask(const std::string& command, const Json& args = Json::object(), bool read_only = false) {
    Start(command, args, read_only);
    for (int i = 0; i < 10 && !answer_.has_value(); ++i) Step();
    EXPECT_TRUE(answer_.has_value()) << command << " was not answered";
    return answer_.value_or(Json());
  }
  Json Result(const std::string& command, const Json& args = Json::object()) {
    Answer answer = Ask(command, args);
    const auto* failure = std::get_if<Failure>(&answer);
    EXPECT_EQ(failure, nullptr) << command << ": " << (failure == nullptr ? "" : failure->message);
    return failure == nullptr ? std::get<Json>(answer) : Json();
  }
  Failure Refusal(const std::string& command, const Json& args = Json::object(), bool read_only = false) {
    Answer answer = Ask(command, args, read_only);
    const auto* result = std::get_if<Json>(&answer);
    EXPECT_EQ(result, nullptr) << command << ": " << (result == nullptr ? "" : result->dump());
    return result == nullptr ? std::get<Failure>(answer) : Failure{ExitCode::kOk, "", ""};
  }
  // Flows on the units of a pool, spread over the workers.
  void SetFlows(const std::string& pool, uint64_t each) {
    for (const Assignment& a : node_.assignments())
      for (int w = 0; a.pool == pool && w < workers_; ++w)
        double_->page().worker[w].unit_flows[a.index].Set(each);
  }

  static constexpr int workers_ = 2;
  TempDirectory directory_;
  std::unique_ptr<DataplaneDouble> double_;
  bool dataplane_stands_ = false;
  uint64_t now_ms_ = 1'000'000;
  Node node_{{SampleConfig(), 0, {}}, StateFile(directory_.path()), directory_.path("dataplane.sock")};
  FlowListing listing_{node_};
  Heartbeats heartbeats_;
  Crowd crowd_{[n = uint64_t{0}]() mutable { return SipKey{++n, 7}; }};
  OpeningStream openings_{node_.link()};
  Records records_;
  Commands commands_{node_, listing_, heartbeats_, crowd_, records_};
  std::optional<Answer> answer_;
};

}  // namespace cfr::test
