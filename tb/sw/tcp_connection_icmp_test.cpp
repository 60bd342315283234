// SPDX-License-Identifier: Apache-2.0
//
// What a connection makes of ICMP errors that quote a segment of its own.
#include <gtest/gtest.h>

#include "tb/sw/connection_bench.h"

namespace handoff::tcp {
namespace {

using tb::kIss;

class IcmpErrors : public testing::Test, public tb::ConnectionBench {
 protected:
  // The window and the congestion window are open, nothing is in flight.
  void Open() {
    peer_window = 60000;
    Established();
    Input(Ack());
    Forget();
  }
  void ExpectState(State state) const { EXPECT_EQ(ToString(c->state()), ToString(state)); }
};

// RFC 9293, 3.7.2; RFC 1191 and RFC 8201.
TEST_F(IcmpErrors, Rfc9293Section3_7_2PathMtuCutsTheSegmentsAndSendsThemAgain) {
  options.mss = 1460;
  peer_syn.mss = 1460;
  Open();
  Write(1, 2920);
  Forget();
  IcmpError error;
  error.seq = kIss + 1;
  error.path_mtu = 1000;
  c->OnIcmpError(error);
  EXPECT_EQ(c->tcb().snd_mss, 960);
  ASSERT_FALSE(sink.sent.empty());
  EXPECT_EQ(Sent().substr(0, 15), "[.] 1:961 ack 1");
  error.seq = kIss + 90000;
  error.path_mtu = 600;
  c->OnIcmpError(error);
  EXPECT_EQ(c->tcb().snd_mss, 960) << "RFC 5927: about nothing in flight";
}

TEST_F(IcmpErrors, Rfc9293Section3_7_2PathMtuHasALeastValue) {
  peer_syn.mss = 1460;
  IcmpError error;
  error.seq = kIss + 1;
  const auto mss_after = [&](uint32_t mtu) {
    Open();
    Write(1, 1);
    error.path_mtu = mtu;
    c->OnIcmpError(error);
    return c->tcb().snd_mss;
  };
  EXPECT_EQ(mss_after(553), 513);
  EXPECT_EQ(mss_after(0), 512);
  v6 = true;
  EXPECT_EQ(mss_after(1280), 1220);
  EXPECT_EQ(mss_after(1279), 1440) << "RFC 8201, 4: discarded";
}

// RFC 9293, 3.9.2.2, and RFC 5927, 5.2.
TEST_F(IcmpErrors, Rfc9293Section3_9_2_2HardErrorEndsOnlyAnOpeningConnection) {
  IcmpError error;
  error.hard = true;
  SynSent();
  error.seq = kIss + 1;
  c->OnIcmpError(error);
  ExpectState(State::kSynSent);
  error.seq = kIss;
  c->OnIcmpError(error);
  ExpectState(State::kClosed);
  EXPECT_EQ(reason, CloseReason::kRefused);
  Open();
  Write(1, 100);
  error.seq = kIss + 1;
  c->OnIcmpError(error);
  ExpectState(State::kEstablished);
}

TEST_F(IcmpErrors, Rfc9293Section3_9_2_2SoftErrorsEndNothing) {
  IcmpError error;
  error.seq = kIss;
  SynSent();
  c->OnIcmpError(error);
  ExpectState(State::kSynSent);
}

}  // namespace
}  // namespace handoff::tcp
