// SPDX-License-Identifier: Apache-2.0
//
// What one operation is expected to bring, for the tests that compute it by the rows.
#pragma once

#include <gtest/gtest.h>

#include "tb/unit/rx_tcp/rig.h"

namespace handoff::rx_tcp_test {

inline Ackev AckFor(Ack kind, Conn conn, const State& n) {
  Ackev a;
  a.kind = kind;
  a.conn = conn;
  a.coalesce_on = n.coalesce_on;
  a.ack_frames = n.ack_frames;
  a.ack_class = n.ack_class;
  return a;
}

inline void ExpectAck(const Result& r, const Ackev& want) {
  ASSERT_TRUE(r.ackev.has_value());
  EXPECT_EQ(*r.ackev, want) << r.ackev->ToString() << "\n" << want.ToString();
}

template <class R>
void ExpectState(R& rig, Conn conn, const State& want) {
  const State s = rig.Look(conn, want.gen);
  EXPECT_EQ(s, want) << s.ToString() << "\n" << want.ToString();
}

}  // namespace handoff::rx_tcp_test
