// SPDX-License-Identifier: Apache-2.0
//
// The main of every test. After a failure its last line is the command that runs that test again.

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <utility>

namespace {

class RerunPrinter : public testing::EmptyTestEventListener {
 public:
  explicit RerunPrinter(std::string program) : program_(std::move(program)) {}

 private:
  void OnTestPartResult(const testing::TestPartResult& part) override {
    // A bench knows the seed as well: its command is the better one.
    bench_said_it_ |= part.failed() && std::strstr(part.message(), "--gtest_filter");
  }
  void OnTestEnd(const testing::TestInfo& test) override {
    if (test.result()->Failed()) {
      failed_ += failed_.empty() ? "" : ":";
      failed_ += std::string(test.test_suite_name()) + "." + test.name();
    }
  }
  void OnTestProgramEnd(const testing::UnitTest&) override {
    if (!failed_.empty() && !bench_said_it_) {
      const char* seed = std::getenv("HANDOFF_SEED");
      std::cout << "rerun: " << (seed ? std::string("HANDOFF_SEED=") + seed + " " : "") << program_
                << " --gtest_filter='" << failed_ << "'" << std::endl;
    }
  }

  std::string program_;
  std::string failed_;  // names so far, in the notation of --gtest_filter
  bool bench_said_it_ = false;
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
