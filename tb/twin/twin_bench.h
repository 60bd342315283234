// SPDX-License-Identifier: Apache-2.0
//
// Lockstep of one unit: RTL and model on the same input variables, every output compared after
// every edge, valid or not.
//
//   TwinBench<handoff_x> bench;             // both are in reset state
//   Producer frame(bench, bench.to.frame);  // agents drive channels; a test may write bench.in.x
//   too Consumer hdr(bench, bench.from.hdr); bench.Cycle(100);
//
// A difference, or a broken promise of a channel, ends the test with the cycle, the port and field,
// both values decoded, their XOR, the last 16 transfers, and the command that runs it again; so
// does an assertion of the RTL that fails, with its file, line and sentence.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "model/rng.h"
#include "sim/ports.h"
#include "sim/rtl_failure.h"
#include "tb/twin/agents.h"
#include "tb/twin/hits.h"

namespace handoff {

// The command that runs the current test again with this seed, and this run of Runs() if run >= 0.
inline std::string RerunCommand(uint64_t seed, int64_t run) {
  std::string command = "HANDOFF_SEED=" + std::to_string(seed);
  if (run >= 0) command += " HANDOFF_RUN=" + std::to_string(run);
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  command +=
      " " + (std::filesystem::path(".") / std::filesystem::proximate(program, error)).string();
  const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
  if (test) {
    command += std::string(" --gtest_filter=") + test->test_suite_name() + "." + test->name();
  }
  return command;
}

template <class Unit, class RtlClass = typename RtlOf<Unit>::type>
class TwinBench {
 public:
  using Rtl = RtlClass;
  using Pins = typename Rtl::Pins;
  using Out = typename Unit::Out;

 private:
  std::unique_ptr<Rtl> rtl_;
  std::unique_ptr<Unit> model_;

 public:
  Pins in{};                // one variable an input port
  typename Rtl::To to;      // input channels, for Producer
  typename Rtl::From from;  // output channels, for Consumer
  Hits hits;
  std::string_view may_rest;  // an output channel that may be valid while the unit is quiet

  // The model gets the parameters that the RTL was verilated with, unless some are given here.
  template <class... Args>
  explicit TwinBench(Args&&... args)
      : rtl_(std::make_unique<Rtl>(
            RtlOptions{.rand_reset = static_cast<int>(EnvNumber("HANDOFF_RAND_RESET", 0)),
                       .rand_seed = static_cast<int>(TestSeed() & 0x7fffffff)})),
        model_(MakeModel(std::forward<Args>(args)...)),
        to(in, rtl_->out()),
        from(in, rtl_->out()) {
    Rtl::Bind(rtl_->in, in);
    Rtl::Bind(model_->in, in);
    Reset();
  }
  TwinBench(const TwinBench&) = delete;
  // clang-tidy takes a body with only a template's call for an empty one:
  // NOLINTNEXTLINE(modernize-use-equals-default)
  ~TwinBench() { hits.Report(only_run_ < 0 && !testing::Test::HasFailure()); }

  const Out& out() const { return rtl_->out(); }
  Rtl& rtl() { return *rtl_; }
  Unit& model() { return *model_; }
  uint64_t cycle() const { return cycle_; }

  void Declare(std::initializer_list<const char*> names) { hits.Declare(names); }
  void Hit(std::string_view name) { hits.Hit(name); }

  // A stream of this test, of this run.
  Rng MakeRng(std::string_view stream) const {
    return Rng(TestSeed() + Rng::Mix(static_cast<uint64_t>(run_ + 1)), stream);
  }
  void Add(Agent* agent) { agents_.push_back(agent); }

  // An edge with rst_ni = 0; inputs 0, agents empty, history forgotten.
  void Reset() {
    in = Pins{};
    cycle_ = 0;
    OfRtl([](Rtl& rtl) { rtl.Reset(); });
    model_->Reset();
    model_->Commit();
    history_size_ = 0;
    held_ = {};
    for (Agent* agent : agents_) agent->Reset();
    Compare("after reset");
  }

  void Cycle(uint64_t cycles = 1) {
    for (uint64_t i = 0; i < cycles; ++i) OneCycle();
  }

  // Cycles until `condition` holds; a failure after `limit` of them.
  template <class F>
  void Until(F&& condition, const char* what, uint64_t limit = 10000) {
    for (uint64_t i = 0; !condition(); ++i) {
      if (i == limit)
        Fail("did not happen in " + std::to_string(limit) + " cycles: " + what + "\n");
      OneCycle();
    }
  }

  // Runs `body` n times, each from reset and with other random streams; HANDOFF_RUN picks one.
  template <class F>
  void Runs(int64_t n, F&& body) {
    for (int64_t i = 0; i < n; ++i) {
      if (only_run_ >= 0 && i != only_run_) continue;
      run_ = i;
      Reset();
      body();
      if (testing::Test::HasFailure()) Fail("");
    }
    run_ = -1;
  }

  // Ends the test with a message, the last transfers and the command that runs it again.
  [[noreturn]] void Fail(const std::string& message) {
    const std::string text = message + History() + RerunCommand(TestSeed(), run_);
    ADD_FAILURE() << Rtl::kName << ", cycle " << cycle_ << "\n" << text;
    // The one exception that GoogleTest takes for "reported already".
    throw testing::AssertionException(
        testing::TestPartResult(testing::TestPartResult::kFatalFailure, "", 0, ""));
  }

 private:
  static constexpr size_t kHistory = 16;
  struct Transfer {
    uint64_t cycle;
    uint32_t channel;
    std::array<uint64_t, Rtl::kPayloadWords> words;
  };
  struct Held {  // a channel that was valid and not ready before the edge
    bool held = false;
    std::array<uint64_t, Rtl::kPayloadWords> words;
  };

  template <class... Args>
  static std::unique_ptr<Unit> MakeModel(Args&&... args) {
    if constexpr (sizeof...(Args) == 0 && requires { typename Unit::Params; }) {
      return std::make_unique<Unit>(Rtl::template ModelParams<typename Unit::Params>());
    } else {
      return std::make_unique<Unit>(std::forward<Args>(args)...);
    }
  }

  // What makes the RTL go on, where one of its assertions may fail.
  template <class F>
  void OfRtl(F&& step) {
    try {
      rtl_->context().time(cycle_);  // which Verilator's own line of a failure begins with
      step(*rtl_);
    } catch (const RtlFailure& failure) {
      Fail(failure.what());
    }
  }

  void OneCycle() {
    NoteTransfers();
    for (Agent* agent : agents_) agent->Sample(cycle_);
    OfRtl([](Rtl& rtl) { rtl.Tick(); });
    model_->Tick();
    rtl_->Commit();
    model_->Commit();
    Compare("after this cycle's edge");
    for (Agent* agent : agents_) agent->Drive();
    ++cycle_;
  }

  void Compare(const char* when) {
    Mismatch mismatch;
    if (Rtl::CompareOut(rtl_->out(), model_->out(), &mismatch)) return;
    Fail(std::string("RTL and model differ ") + when + "\n" + mismatch.ToString());
  }

  // Keeps the transfers of the coming edge, and holds both sides to the promises of a channel.
  void NoteTransfers() {
    bool any_valid_out = false;
    uint32_t index = 0;
    Rtl::ForEachChannel(in, rtl_->out(), [&](bool valid, bool ready, const auto& payload) {
      const uint32_t i = index++;
      const ChannelInfo& channel = Rtl::kChannels[i];
      any_valid_out |= valid && !channel.is_input && channel.name != may_rest;
      Held& held = held_[i];
      if (!valid && !held.held) return;
      std::array<uint64_t, Rtl::kPayloadWords> words{};
      PackPort(payload, words.data());
      if (held.held && (!valid || words != held.words)) {
        Fail(std::string(channel.is_input ? "the test" : "the unit") + " broke channel " +
             channel.name +
             (valid ? ": payload changed before it was taken\n"
                    : ": valid fell before it was taken\n"));
      }
      held.held = valid && !ready;
      held.words = words;
      if (valid && ready) history_[history_size_++ % kHistory] = {cycle_, i, words};
    });
    if constexpr (requires(const Out& o) { o.quiet; }) {
      if (rtl_->out().quiet && any_valid_out) Fail("quiet while an output is valid\n");
    }
  }

  std::string History() const {
    std::string text = "last transfers:\n";
    const uint64_t first = history_size_ > kHistory ? history_size_ - kHistory : 0;
    for (uint64_t i = first; i < history_size_; ++i) {
      const Transfer& transfer = history_[i % kHistory];
      const ChannelInfo& channel = Rtl::kChannels[transfer.channel];
      text += "  cycle " + std::to_string(transfer.cycle) + (channel.is_input ? " -> " : " <- ");
      text += std::string(channel.name) + " ";
      text += PortText(Rtl::kPorts[channel.payload_port], transfer.words.data()) + "\n";
    }
    return text;
  }

  std::vector<Agent*> agents_;
  std::array<Transfer, kHistory> history_;
  uint64_t history_size_ = 0;
  std::array<Held, Rtl::kNumChannels + 1> held_{};
  uint64_t cycle_ = 0;
  int64_t run_ = -1;
  int64_t only_run_ = static_cast<int64_t>(EnvNumber("HANDOFF_RUN", ~uint64_t{0}));
};

}  // namespace handoff
