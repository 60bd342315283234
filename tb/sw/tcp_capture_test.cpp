// SPDX-License-Identifier: Apache-2.0
//
// Every captured TCP frame, read and built again, is the same bytes.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "sim/pcap/reader.h"
#include "sw/tcp/ethernet.h"
#include "sw/tcp/ipv4.h"
#include "sw/tcp/ipv6.h"
#include "sw/tcp/segment.h"

namespace handoff::tcp {
namespace {

enum class Outcome { kSame, kDifferent, kNotTcp, kBadChecksum };

Outcome Rebuild(ByteView frame) {
  const auto eth = ParseEthernet(frame);
  if (!eth) return Outcome::kNotTcp;
  Bytes built;
  AppendEthernet(built, eth->header);
  ParsedSegment tcp;
  if (const auto v4 = ParseIpv4(eth->payload); v4 && v4->header.protocol == kProtocolTcp) {
    tcp = ParseSegment(v4->header.src, v4->header.dst, v4->payload);
    if (tcp.error == SegmentError::kChecksum) return Outcome::kBadChecksum;
    AppendIpv4(built, v4->header, v4->payload.size());
    const ByteView payload[] = {tcp.segment.payload};
    AppendSegment(built, v4->header.src, v4->header.dst, tcp.segment, payload);
  } else if (const auto v6 = ParseIpv6(eth->payload);
             v6 && v6->header.next_header == kProtocolTcp) {
    tcp = ParseSegment(v6->header.src, v6->header.dst, v6->payload);
    if (tcp.error == SegmentError::kChecksum) return Outcome::kBadChecksum;
    AppendIpv6(built, v6->header, v6->payload.size());
    const ByteView payload[] = {tcp.segment.payload};
    AppendSegment(built, v6->header.src, v6->header.dst, tcp.segment, payload);
  } else {
    return Outcome::kNotTcp;
  }
  if (tcp.error != SegmentError::kNone) return Outcome::kNotTcp;
  return std::equal(built.begin(), built.end(), frame.begin(), frame.end()) ? Outcome::kSame
                                                                            : Outcome::kDifferent;
}

std::vector<std::string> AllCaptures() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(pcap::CapturePath(""))) {
    if (entry.path().extension() == ".pcap") names.insert(entry.path().filename());
  }
  return {names.begin(), names.end()};
}

TEST(TcpCapture, EveryFrameBuildsAgainToTheSameBytes) {
  const auto names = AllCaptures();
  ASSERT_GE(names.size(), 30u);
  for (const std::string& name : names) {
    std::map<Outcome, int> outcomes;
    for (const auto& frame : pcap::ReadFile(pcap::CapturePath(name)))
      ++outcomes[Rebuild(frame.bytes)];
    EXPECT_GT(outcomes[Outcome::kSame], 0) << name;
    EXPECT_EQ(outcomes[Outcome::kDifferent], 0) << name;
    EXPECT_EQ(outcomes[Outcome::kBadChecksum], name == "corrupt.b.pcap" ? 9 : 0) << name;
  }
}

TEST(TcpCapture, DamagedFramesNeverReadOutside) {
  std::mt19937 random(7);
  for (const char* name : {"vlan.pcap", "ipv6.pcap", "reorder.pcap"}) {
    for (const auto& frame : pcap::ReadFile(pcap::CapturePath(name))) {
      Bytes bad = frame.bytes;
      for (int i = 0; i < 4; ++i) {
        bad[random() % std::min<size_t>(bad.size(), 90)] = static_cast<uint8_t>(random());
      }
      bad.resize(random() % (bad.size() + 1));
      const Bytes exact(bad.begin(), bad.end());  // no spare capacity for an overread to hide in
      Rebuild(exact);
    }
  }
}

}  // namespace
}  // namespace handoff::tcp
