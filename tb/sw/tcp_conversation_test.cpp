// SPDX-License-Identifier: Apache-2.0
//
// Every conversation in tb/conversations is held as it is written; and the runner notices when one
// is not.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tb/conversations/conversation.h"

namespace handoff::tb {
namespace {

constexpr const char* kFolder = "tb/conversations";

std::vector<std::string> AllScripts() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".pkt") names.insert(entry.path().stem());
  }
  return {names.begin(), names.end()};
}

std::string Hold(const std::string& text) {
  const Script script = ParseScript(text);
  PlainMachine machine(SettingsOf(script));
  return Converse(script, machine);
}

class TcpConversation : public testing::TestWithParam<std::string> {};

TEST_P(TcpConversation, IsHeld) {
  std::ifstream file(std::string(kFolder) + "/" + GetParam() + ".pkt");
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(Hold(text.str()), "");
}

INSTANTIATE_TEST_SUITE_P(Script, TcpConversation, testing::ValuesIn(AllScripts()),
                         [](const auto& test) { return test.param; });

// -- The runner itself --

constexpr const char* kOpen = R"(
+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 5) = 0
+0 < S 0:0(0) win 20000 <mss 1000>
+0 > S. 0:0(0) ack 1 <mss 1460>
+0.1 < . 1:1(0) ack 1 win 20000
+0 accept(3, ..., ...) = 4
)";

void ExpectWrong(const std::string& lines, const std::string& part) {
  const std::string wrong = Hold(kOpen + lines);
  EXPECT_NE(wrong.find(part), std::string::npos) << lines << wrong;
}

TEST(ConversationRunner, HoldsTheBeginning) { EXPECT_EQ(Hold(kOpen), ""); }

TEST(ConversationRunner, NoticesEveryDifferenceOfASegment) {
  const std::string write = "+0 write(4, ..., 10) = 10\n";
  EXPECT_EQ(Hold(kOpen + write + "+0 > P. 1:11(10) ack 1"), "");
  for (const char* line :
       {"+0 > . 1:11(10) ack 1", "+0 > P. 2:12(10) ack 1", "+0 > P. 1:11(10) ack 2",
        "+0 > P. 1:10(9) ack 1", "+0 > P. 1:11(10) ack 1 win 7",
        "+0 > P. 1:11(10) ack 1 <nop,nop,sack 1:2>"}) {
    ExpectWrong(write + line, "this left: > P. 1:11(10) ack 1");
  }
}

TEST(ConversationRunner, NoticesTheWrongTime) {
  ExpectWrong("+0 write(4, ..., 10) = 10\n+0.1 > P. 1:11(10) ack 1", "at 0.100000, not 0.200000");
  ExpectWrong("+0 < P. 1:11(10) ack 1 win 20000\n+0 > . 1:1(0) ack 11", "nothing left");
  EXPECT_EQ(
      Hold(std::string(kOpen) + "+0 < P. 1:11(10) ack 1 win 20000\n+0.01~+0.05 > . 1:1(0) ack 11"),
      "");
}

TEST(ConversationRunner, NoticesWhatNoLineSpeaksOf) {
  ExpectWrong("+0 write(4, ..., 10) = 10", "no line speaks of");
}

TEST(ConversationRunner, NoticesWhatACallReturns) {
  ExpectWrong("+0 read(4, ..., 10) = 10", "read returned -1 EAGAIN");
  ExpectWrong("+0 accept(3, ..., ...) = 5", "accept returned -1 EAGAIN");
}

TEST(ConversationRunner, ACallMayBlockForATime) {
  const std::string data = "+0.1 < P. 1:11(10) ack 1 win 20000\n+0~+0.05 > . 1:1(0) ack 11\n";
  EXPECT_EQ(Hold(kOpen + ("+0...0.2 read(4, ..., 10) = 10\n" + data)), "");
  ExpectWrong("+0...0.05 read(4, ..., 10) = 10\n" + data, "read still blocks");
}

TEST(ConversationRunner, NoticesAnAssertionThatDoesNotHold) {
  EXPECT_EQ(Hold(kOpen + std::string("+0 %{ assert tcpi_state == TCP_ESTABLISHED }%")), "");
  ExpectWrong("+0 %{ assert tcpi_state == TCP_CLOSE_WAIT }%", "tcpi_state is 1");
}

TEST(ConversationRunner, TimestampsAreTheScripts) {
  const char* open = R"(
+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 5) = 0
+0 < S 0:0(0) win 20000 <mss 1000,nop,nop,TS val 100 ecr 0>
+0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,TS val 700 ecr 100>
+0.1024 < . 1:1(0) ack 1 win 20000 <nop,nop,TS val 200 ecr 700>
+0 accept(3, ..., ...) = 4
+0 write(4, ..., 10) = 10
)";
  EXPECT_EQ(Hold(open + std::string("+0 > P. 1:11(10) ack 1 <nop,nop,TS val 800 ecr 200>")), "");
  for (const char* stamps : {"val 900 ecr 200", "val 800 ecr 201"}) {
    EXPECT_NE(Hold(open + ("+0 > P. 1:11(10) ack 1 <nop,nop,TS " + std::string(stamps) + ">")), "");
  }
}

TEST(ConversationRunner, RefusesWhatItCannotRead) {
  for (const char* line :
       {"socket(...) = 3", "+0 < X 0:0(0) win 1", "+0 < S 0:5(4) win 1", "+0 < . 1:1(0) win 1",
        "+0 > icmp unreachable frag_needed mtu 1040 [1:2(1)]", "+0 < S 0:0(0) <what 3>",
        "+0 < S 0:0(0) <...>", "+0 `rm -r /`", "+0 fork() = 1", "+0.5~+0.1 > . 1:1(0) ack 1",
        "+0 %{ assert 1 }%", "+0 < icmp nonsense [1:2(1)]", "+0 connect(9, ..., ...) = 0",
        "--colour=red", "+0 < S 0:0(0) win 1 <mss many>"}) {
    EXPECT_THROW(Hold(line), ScriptError) << line;
  }
}

}  // namespace
}  // namespace handoff::tb
