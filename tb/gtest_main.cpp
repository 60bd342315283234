// SPDX-License-Identifier: Apache-2.0
//
// The main of every test. After a failure its last line is the command that runs that test again.

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <utility>

namespace {

class RerunPrinter : public testing::EmptyTestEventListener {
 public:
  explicit RerunPrinter(std::string program) : program_(std::move(program)) {}

 private:
  void OnTestPartResult(const testing::TestPartResult& part) override {
    if (!part.failed()) return;
    std::istringstream lines(part.message());
    for (std::string line; std::getline(lines, line);) {
      if (line.rfind("HANDOFF_SEED=", 0) == 0) bench_said_ = line;
    }
  }
  void OnTestEnd(const testing::TestInfo& test) override {
    if (!test.result()->Failed()) return;
    ++num_failed_;
    failed_ += failed_.empty() ? "" : ":";
    failed_ += std::string(test.test_suite_name()) + "." + test.name();
  }
  void OnTestProgramEnd(const testing::UnitTest&) override {
    if (num_failed_ == 0) return;
    std::cout << "rerun: ";
    if (num_failed_ == 1 && !bench_said_.empty()) {
      std::cout << bench_said_ << std::endl;
      return;
    }
    const char* seed = std::getenv("HANDOFF_SEED");
    if (seed) std::cout << "HANDOFF_SEED=" << seed << ' ';
    std::cout << program_ << " --gtest_filter='" << failed_ << "'" << std::endl;
  }

  std::string program_;
  std::string failed_;  // names so far, in the notation of --gtest_filter
  int num_failed_ = 0;
  std::string bench_said_;  // a bench knows the run as well: its command is the better one
};

}  // namespace

// SystemC's library asks for it, though its own main is not used.
extern "C" int sc_main(int, char*[]) { return 0; }

int main(int argc, char** argv) {
  const std::string program = argv[0];
  testing::InitGoogleTest(&argc, argv);
  // After the default printer, so that it has the last word.
  testing::UnitTest::GetInstance()->listeners().Append(new RerunPrinter(program));
  return RUN_ALL_TESTS();
}
