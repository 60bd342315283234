// SPDX-License-Identifier: Apache-2.0
#include "model/event/ordered_queue.h"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>

namespace handoff {
namespace {

TEST(OrderedQueue, DispatchesByTimeThenComponentThenPosting) {
  OrderedQueue queue("queue");
  const auto a = queue.AddComponent("a"), b = queue.AddComponent("b");
  std::string seen;
  const auto post = [&](uint64_t ps, OrderedQueue::Component c, const char* what) {
    return queue.Post(ps, c, [&seen, what] { seen += what; });
  };
  post(2000, b, "4");
  post(1000, b, "2");
  post(2000, a, "3");
  post(1000, a, "1");
  post(2000, b, "5");
  const auto cancelled = post(1500, a, "x");
  queue.Cancel(cancelled);
  queue.Cancel(cancelled);
  EXPECT_EQ(queue.next_ps(), 1000);
  sc_core::sc_start(1500, sc_core::SC_PS);
  EXPECT_EQ(seen, "12");
  sc_core::sc_start(1, sc_core::SC_NS);
  EXPECT_EQ(seen, "12345");
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.next_ps(), OrderedQueue::kNone);
  EXPECT_EQ(queue.dispatched(), 5);
  EXPECT_THROW(post(100, a, "late"), std::logic_error);
}

TEST(OrderedQueue, TakesEventsFromEvents) {
  OrderedQueue queue("queue");
  const auto a = queue.AddComponent("a"), b = queue.AddComponent("b");
  std::string seen;
  OrderedQueue::Handle later = 0;
  queue.Post(10, b, [&] {
    seen += "b";
    queue.Post(10, a, [&] { seen += "a"; });
    queue.Post(10, b, [&] { seen += "B"; });
    later = queue.Post(11, a, [&] { seen += "x"; });
    queue.Post(20, a, [&] { seen += "c"; });
  });
  queue.Post(10, b, [&] {
    seen += "2";
    queue.Cancel(later);
  });
  sc_core::sc_start(15, sc_core::SC_PS);
  EXPECT_EQ(seen, "ba2B") << "a waits no longer than b's second";
  queue.Post(17, a, [&] { seen += "e"; });  // earlier than what the process waits for
  sc_core::sc_start(15, sc_core::SC_PS);
  EXPECT_EQ(seen, "ba2Bec");
}

}  // namespace
}  // namespace handoff
