// SPDX-License-Identifier: Apache-2.0
//
// What a scenario may not say: what cannot work, and what nothing would read. Each is refused with
// its place, its key and what was expected.
#include "sim/run/scenario.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "gen/handoff_pkg.h"

namespace handoff::system {
namespace {

using Set = std::vector<std::string>;

// Cases run side by side, each as a process.
struct ScenarioFile {
  explicit ScenarioFile(std::string_view text) { std::ofstream(path) << text; }
  ~ScenarioFile() { unlink(path.c_str()); }
  ScenarioFile(const ScenarioFile&) = delete;
  ScenarioFile& operator=(const ScenarioFile&) = delete;

  const std::string path = fmt::format("{}scenario_test.{}.yaml", testing::TempDir(), getpid());
};

// The file's text and what --set puts over it, read as a scenario: "" or what was said.
std::string Refusal(std::string_view text, const Set& set = {}) {
  const ScenarioFile file(text);
  try {
    Settings settings = Settings::Load(file.path, set);
    ReadScenario(settings);
  } catch (const SettingsError& e) {
    std::string said = e.what();
    const size_t at = said.find(file.path);
    return at == std::string::npos ? said : said.replace(at, file.path.size(), "FILE");
  }
  return "";
}

std::string OfReplay(const Set& set) {
  Machine::Params machine;
  try {
    Settings settings = Settings::FromSet(set);
    ReadMachine(settings, &machine);
  } catch (const SettingsError& e) {
    return e.what();
  }
  return "";
}

constexpr char kPlain[] = "connections: [{}]\n";

// The file's second line is `line`, of a scenario that is good without it.
std::string OfLine(const std::string& line) { return Refusal(kPlain + line + "\n"); }

TEST(Scenario, IsGoodWithItsConnectionsAlone) { EXPECT_EQ(Refusal(kPlain), ""); }

TEST(Scenario, RefusesRingsLargerThanTheEngineTakes) {
  const std::string most = std::to_string(kLogSizeMax);
  const std::string more = std::to_string(kLogSizeMax + 1);
  for (const std::string ring : {"log_commands", "log_transmit", "log_legacy"}) {
    EXPECT_EQ(OfLine(fmt::format("host: {{driver: {{{}: {}}}}}", ring, most)), "");
    EXPECT_EQ(OfLine(fmt::format("host: {{driver: {{{}: {}}}}}", ring, more)),
              fmt::format("FILE:2:{}: host.driver.{}: expected a whole number (64Ki, 10M and 0x40 "
                          "are numbers too), 4 to {}, found '{}'",
                          19 + ring.size(), ring, most, more));
  }
  EXPECT_EQ(OfLine("host: {driver: {log_notifications: " + most + "}}"), "");
  EXPECT_NE(OfLine("host: {driver: {log_notifications: " + more + "}}"), "");
}

TEST(Scenario, RefusesMoreLegacyBuffersThanTheirRingHolds) {
  EXPECT_EQ(OfLine("host: {driver: {log_legacy: 6, legacy_buffers: 63}}"), "");
  EXPECT_EQ(OfLine("host: {driver: {log_legacy: 6, legacy_buffers: 64}}"),
            "FILE:2:48: host.driver.legacy_buffers: expected at most 63, for log_legacy is 6, "
            "found 64");
  EXPECT_EQ(OfLine("host: {driver: {log_legacy: 6}}"), "") << "what it does not say follows";
}

TEST(Scenario, RefusesInterruptsThatWouldNeverCome) {
  EXPECT_EQ(OfLine("host: {driver: {irq_count: 8, irq_delay_us: 20}}"), "");
  EXPECT_EQ(OfLine("host: {driver: {irq_count: 8}}"),
            "FILE:2:28: host.driver.irq_count: expected irq_delay_us beside it: the last "
            "notifications, fewer than 8, would never be announced");
  EXPECT_EQ(OfLine("host: {driver: {irq_delay_us: 8}}"),
            "FILE:2:31: host.driver.irq_delay_us: nothing reads it: irq_count is 1, so no "
            "notification waits");
}

TEST(Scenario, NamesThePcieKeyThatIsWrongAndWhereItCameFrom) {
  struct Case {
    std::string key, value, expected;
  };
  for (const Case& c : std::vector<Case>{
           {"generation", "6", "a whole number"},
           {"lanes", "3", "1, 2, 4, 8 or 16"},
           {"max_payload", "300", "a power of two, 128 to 4096"},
           {"max_read_request", "300", "a power of two, 128 to 4096"},
           {"read_completion_boundary", "96", "64 or 128"},
           {"tags", "0", "a whole number"},
           {"latency_ns", "49", "a whole number"},
           {"memory_latency_ns", "x", "a whole number"},
           {"memory_jitter_ns", "x", "a whole number"},
           {"credit_latency_ns", "x", "a whole number"},
           {"credits.posted_headers", "0", "a whole number"},
           {"credits.posted_data", "15", "16 or more, to do for one packet of the largest payload"},
           {"credits.non_posted_headers", "0", "a whole number"},
       }) {
    const std::string said = c.key + ": expected " + c.expected;
    const std::string by_set = Refusal(kPlain, {"pcie." + c.key + "=" + c.value});
    EXPECT_EQ(by_set.find("--set: pcie." + said), 0u) << by_set;
    const size_t dot = c.key.find('.');
    const std::string line =
        dot == std::string::npos
            ? fmt::format("pcie: {{{}: {}}}", c.key, c.value)
            : fmt::format("pcie: {{credits: {{{}: {}}}}}", c.key.substr(dot + 1), c.value);
    const std::string at = fmt::format("FILE:2:{}", line.find(fmt::format(": {}", c.value)) + 3);
    const std::string by_file = OfLine(line);
    EXPECT_EQ(by_file.find(fmt::format("{}: pcie.{}", at, said)), 0u) << by_file;
    const std::string by_replay = OfReplay({fmt::format("pcie.{}={}", c.key, c.value)});
    EXPECT_EQ(by_replay.find(fmt::format("--set: pcie.{}", said)), 0u) << by_replay;
  }
  // Of two that do not fit it is the one that was made too small.
  EXPECT_EQ(Refusal(kPlain, {"pcie.tags=3", "pcie.max_read_request=128"}),
            "--set: pcie.tags: expected 4 or more, to do for one read of 512 bytes, found '3'");
  EXPECT_EQ(Refusal(kPlain, {"pcie.credits={non_posted_headers: 3}", "pcie.max_read_request=128"}),
            "--set: pcie.credits.non_posted_headers: expected 4 or more, to do for one read of 512 "
            "bytes, found '3'");
}

TEST(Scenario, RefusesWhatTheApplicationDoesNotRead) {
  struct Case {
    std::string connection, wanted;
  };
  const std::string ping = "host: {app: echo}, peer: {app: ping";
  for (const Case& c : std::vector<Case>{
           {"peer: {messages: 3}",
            "peer.messages: nothing reads it: app source at the peer takes "
            "app, bytes"},
           {"peer: {message_bytes: 3}", "peer.message_bytes: nothing reads it: app source"},
           {"peer: {pause_us: 3}", "peer.pause_us: nothing reads it: app source"},
           {"peer: {user_buffers: {count: 3}}", "peer.user_buffers: nothing reads it: app source"},
           {"host: {bytes: 3}",
            "host.bytes: nothing reads it: app sink at the host takes app, "
            "user_buffers"},
           {"host: {messages: 3}", "host.messages: nothing reads it: app sink"},
           {ping + ", bytes: 3}",
            "peer.bytes: nothing reads it: app ping at the peer takes app, "
            "messages, message_bytes, pause_us"},
           {ping + ", user_buffers: {}}", "peer.user_buffers: nothing reads it: app ping"},
           {"host: {app: echo, messages: 3}, peer: {app: ping}",
            "host.messages: nothing reads it: app echo at the host takes app, user_buffers"},
           {"host: {app: source, user_buffers: {count: 1}}, peer: {app: sink}",
            "host.user_buffers: nothing reads it: app source at the host takes app, bytes"},
           {"host: {app: source}, peer: {app: sink, bytes: 3}",
            "peer.bytes: nothing reads it: app sink at the peer takes app"},
           {"host: {user_buffers: {bytes: 4Ki}}",
            "host.user_buffers.bytes: nothing reads it: count is 0"},
           {"host: {user_buffers: {offset: 3}}",
            "host.user_buffers.offset: nothing reads it: count is 0"},
       }) {
    const std::string said = Refusal("connections:\n  - {" + c.connection + "}\n");
    EXPECT_EQ(said.find("FILE:2:"), 0u) << c.connection << ": " << said;
    EXPECT_NE(said.find(": connections[0]." + c.wanted), std::string::npos)
        << c.connection << ": " << said;
  }
  // Each takes what it takes.
  for (const std::string good : {
           "peer: {bytes: 3}, host: {user_buffers: {count: 1, bytes: 4Ki, offset: 3}}",
           "host: {app: echo, user_buffers: {count: 1}}, peer: {app: ping, messages: 3, "
           "message_bytes: 4, pause_us: 5}",
           "host: {app: ping, user_buffers: {count: 1}, messages: 3}, peer: {app: echo}",
           "host: {app: source, bytes: 3}, peer: {app: sink}",
       }) {
    EXPECT_EQ(Refusal("connections: [{" + good + "}]\n"), "");
  }
}

TEST(Scenario, RefusesWhatThePolicyDoesNotRead) {
  constexpr std::string_view kDelegation = "host: {{delegation: {{policy: {}, {}}}}}";
  for (const std::string key :
       {"priority: {weight: 1}", "duration: {weight: 1}", "frame_rate: {threshold: 1}",
        "delegate_at: 1", "keep_at: 1", "hold_ms: 1", "pause_ms: 1"}) {
    const std::string name = key.substr(0, key.find(':'));
    EXPECT_EQ(OfLine(fmt::format(kDelegation, "weighted", key)), "");
    for (const std::string policy : {"always", "never"}) {
      const std::string said = OfLine(fmt::format(kDelegation, policy, key));
      EXPECT_NE(said.find(fmt::format("host.delegation.{}: nothing reads it: policy is {}, only "
                                      "weighted weighs",
                                      name, policy)),
                std::string::npos)
          << said;
    }
  }
  for (const std::string key :
       {"decide_every_ms: 1", "max_entries: 1", "coalescing: {frames: 1}"}) {
    const std::string name = key.substr(0, key.find(':'));
    EXPECT_EQ(OfLine(fmt::format(kDelegation, "always", key)), "");
    const std::string said = OfLine(fmt::format(kDelegation, "never", key));
    EXPECT_NE(said.find(fmt::format("host.delegation.{}: nothing reads it: policy is never", name)),
              std::string::npos)
        << said;
  }
  EXPECT_EQ(OfLine("host: {delegation: {duration: {weight: 0, threshold: 3}}}"),
            "FILE:2:54: host.delegation.duration.threshold: nothing reads it: weight is 0");
  EXPECT_EQ(OfLine("host: {delegation: {coalescing: {on: false, frames: 3}}}"),
            "FILE:2:53: host.delegation.coalescing.frames: nothing reads it: on is false");
  EXPECT_EQ(OfLine("host: {delegation: {delegate_at: 2, keep_at: 3}}"),
            "FILE:2:46: host.delegation.keep_at: expected at most delegate_at, 2, found 3: what is "
            "delegated would be taken back");
}

TEST(Scenario, RefusesAPriorityThatNoPolicyLooksAt) {
  const std::string urgent = "connections: [{priority: 3}]\n";
  EXPECT_EQ(Refusal(urgent), "");
  EXPECT_EQ(Refusal(urgent, {"host.delegation.policy=always"}),
            "FILE:1:26: connections[0].priority: nothing reads it: host.delegation.policy is "
            "always");
  EXPECT_EQ(Refusal(urgent, {"host.delegation.priority.weight=0"}),
            "FILE:1:26: connections[0].priority: nothing reads it: "
            "host.delegation.priority.weight is 0");
}

TEST(Scenario, RefusesWhatElseWouldGoUnread) {
  EXPECT_EQ(OfLine("link: {to_host: {reorder_ns: 3}}"),
            "FILE:2:30: link.to_host.reorder_ns: nothing reads it: reorder is 0");
  EXPECT_EQ(OfLine("link: {to_host: {reorder_ns: 3, reorder: 0.1}}"), "");
  EXPECT_EQ(OfLine("peer: {driver: {irq_count: 1}}"),
            "FILE:2:16: peer.driver: nothing reads it: the peer has no engine; the host has them");
  EXPECT_EQ(OfLine("peer: {mtu: 9000}"),
            "FILE:2:13: peer.mtu: nothing reads it: host.mtu is of both ends");
  EXPECT_EQ(OfLine("engine: {units: {rx_parse: rtl}}")
                .find("FILE:2:28: engine.units.rx_parse: "
                      "expected unit names (rx_parser"),
            0u);
  EXPECT_EQ(Refusal("connections: [{tcp: {tos: 3}}]\n"),
            "FILE:1:27: connections[0].tcp.tos: expected a multiple of 4, found 3");
}

TEST(Scenario, RefusesBuffersForWhichThereIsNoMemory) {
  const std::string buffers = "host: {user_buffers: {count: 64, bytes: 16Mi}}";
  EXPECT_EQ(Refusal("connections: [{copies: 3, " + buffers + "}]\n"), "");
  EXPECT_EQ(
      Refusal("connections:\n  - {copies: 3, " + buffers + "}\n  - {port: 1, " + buffers + "}\n"),
      "FILE:3:36: connections[1].host.user_buffers: expected at most 3221225472 bytes of all "
      "connections' buffers, for that is the host's memory, found 4294967296");
}

TEST(Scenario, OfAReplayHasItsPolicyFromTheCommandLine) {
  EXPECT_EQ(OfReplay({"host.delegation.policy=always"}),
            "--set: host.delegation.policy: expected --delegate instead, in a replay");
  EXPECT_EQ(OfReplay({"host.delegation.coalescing.frames=3"}), "");
}

TEST(Scenario, SetTakesAKeyOut) {
  const std::string text = "connections: [{peer: {bytes: 3}, priority: 3}]\nlink: {delay_ns: 1}\n";
  EXPECT_EQ(Refusal(text, {"link.delay_ns="}), "");
  EXPECT_EQ(Refusal(text, {"link="}), "");
  EXPECT_EQ(Refusal(text, {"link=", "connections[0].priority=", "host.delegation.policy=always"}),
            "");
  EXPECT_EQ(Refusal(text, {"link.dela_ns="}),
            "--set link.dela_ns=: there is no such key to take out");
  EXPECT_EQ(Refusal(text, {"lin.delay_ns="}),
            "--set lin.delay_ns=: there is no such key to take out");
}

TEST(Scenario, TellsOfSetWhatSetHasMade) {
  EXPECT_EQ(Refusal(kPlain, {"host.delegation.policy=never", "host.delegation.priority.weight=3"}),
            "--set: host.delegation.priority: nothing reads it: policy is never, only weighted "
            "weighs");
}

}  // namespace
}  // namespace handoff::system
