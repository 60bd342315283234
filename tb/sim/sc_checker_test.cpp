// SPDX-License-Identifier: Apache-2.0
//
// The checker of packets between two sockets: lets good ones pass, and names each thing that is
// wrong.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "model/event/ordered_queue.h"
#include "model/sc/tlm_checker.h"

namespace handoff {
namespace {

using Payload = tlm::tlm_generic_payload;

struct Bench : sc_core::sc_module {
  explicit Bench(sc_core::sc_module_name name) : sc_module(name) {
    initiator.register_nb_transport_bw(this, &Bench::Backward);
    target.register_nb_transport_fw(this, &Bench::Forward);
    initiator.bind(checker.in);
    checker.out.bind(target);
    checker.on_error = [this](const std::string& text) { errors.push_back(text); };
  }
  tlm::tlm_sync_enum Forward(Payload&, tlm::tlm_phase&, sc_core::sc_time&) {
    ++passed;
    return tlm::TLM_ACCEPTED;
  }
  tlm::tlm_sync_enum Backward(Payload&, tlm::tlm_phase&, sc_core::sc_time&) {
    ++answered;
    return tlm::TLM_COMPLETED;
  }
  Tlp& Make(tlm::tlm_command command, uint64_t addr, size_t bytes, uint8_t tag = 0) {
    Tlp& tlp = pool.Get(command, addr, bytes);
    tlp.extension.EnableBytes(addr, bytes);
    tlp.extension.tag = tag;
    return tlp;
  }
  void Send(Payload& tlp, double ns = 10) {
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay(ns, sc_core::SC_NS);
    initiator->nb_transport_fw(tlp, phase, delay);
  }
  void Answer(Payload& tlp, tlm::tlm_phase phase) {
    sc_core::sc_time delay(10, sc_core::SC_NS);
    target->nb_transport_bw(tlp, phase, delay);
  }
  // What was said since the last call, and "" if nothing was.
  std::string Said() {
    std::string text;
    for (const std::string& error : errors) text += error + "\n";
    errors.clear();
    return text;
  }

  OrderedQueue queue{"queue"};
  TlmChecker checker{"checker", queue};
  tlm_utils::simple_initiator_socket<Bench, 32, PcieProtocol> initiator;
  tlm_utils::simple_target_socket<Bench, 32, PcieProtocol> target;
  TlpPool pool;
  std::vector<std::string> errors;
  int passed = 0, answered = 0;
};

TEST(TlmChecker, LetsGoodPacketsPass) {
  Bench bench("bench");
  Tlp& write = bench.Make(tlm::TLM_WRITE_COMMAND, 0x1003, 100);
  Tlp& read = bench.Make(tlm::TLM_READ_COMMAND, 0x2000, 512, 7);
  bench.Send(write);
  bench.Send(read);
  EXPECT_EQ(bench.checker.outstanding(), 2u);
  bench.Answer(write, tlm::END_REQ);
  bench.Answer(read, tlm::END_REQ);
  read.set_response_status(tlm::TLM_OK_RESPONSE);
  bench.Answer(read, tlm::BEGIN_RESP);
  EXPECT_EQ(bench.checker.outstanding(), 0u);
  EXPECT_EQ(bench.Said(), "");
  EXPECT_EQ(bench.passed, 2);
  EXPECT_EQ(bench.answered, 3);
}

TEST(TlmChecker, NamesWhatIsWrongWithARequest) {
  Bench bench("bench");
  const auto expect = [&](Tlp& tlp, const char* text, double ns = 10) {
    bench.Send(tlp, ns);
    EXPECT_NE(bench.Said().find(text), std::string::npos) << text;
  };
  Tlp& ignore = bench.Make(tlm::TLM_IGNORE_COMMAND, 0, 4);
  expect(ignore, "it neither reads nor writes");
  Tlp& empty = bench.Make(tlm::TLM_WRITE_COMMAND, 0, 0);
  expect(empty, "it has no data");
  Tlp& narrow = bench.Make(tlm::TLM_WRITE_COMMAND, 0, 8);
  narrow.set_streaming_width(4);
  expect(narrow, "its streaming width is not its length");
  Tlp& early = bench.Make(tlm::TLM_WRITE_COMMAND, 0, 8);
  early.set_response_status(tlm::TLM_OK_RESPONSE);
  expect(early, "it has a response before anybody answered");
  expect(bench.Make(tlm::TLM_WRITE_COMMAND, 0xffe, 4), "it crosses 4 KiB");
  Tlp& enables = bench.Make(tlm::TLM_WRITE_COMMAND, 0x101, 2);
  enables.extension.first_be = 0xf;
  expect(enables, "its byte enables are not those");
  Tlp& first = bench.Make(tlm::TLM_READ_COMMAND, 0x1000, 64, 9);
  bench.Send(first);
  expect(first, "it is on its way already");
  expect(bench.Make(tlm::TLM_READ_COMMAND, 0x1000, 64, 9), "another read has its tag");
  expect(bench.Make(tlm::TLM_WRITE_COMMAND, 0x1000, 64), "it arrives before the request before it",
         9);
  bench.Send(bench.Make(tlm::TLM_WRITE_COMMAND, kMsiAddress, 4), 5);
  EXPECT_EQ(bench.Said(), "");  // messages have an order of their own
  expect(bench.Make(tlm::TLM_WRITE_COMMAND, kMsiAddress, 4),
         "it arrives before the request before it", 4);
  tlm::tlm_phase phase = tlm::END_RESP;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  bench.initiator->nb_transport_fw(first, phase, delay);
  EXPECT_NE(bench.Said().find("a phase other than BEGIN_REQ went forward"), std::string::npos);
}

TEST(TlmChecker, NamesWhatIsWrongWithAnAnswer) {
  Bench bench("bench");
  const auto expect = [&](Tlp& tlp, tlm::tlm_phase phase, const char* text) {
    bench.Answer(tlp, phase);
    EXPECT_NE(bench.Said().find(text), std::string::npos) << text;
  };
  Tlp& unknown = bench.Make(tlm::TLM_WRITE_COMMAND, 0, 8);
  expect(unknown, tlm::END_REQ, "it is answered but not on its way");
  Tlp& read = bench.Make(tlm::TLM_READ_COMMAND, 0x40, 64, 1);
  bench.Send(read);
  bench.Answer(read, tlm::END_REQ);
  expect(read, tlm::END_REQ, "END_REQ came twice");
  expect(read, tlm::BEGIN_RESP, "its response says nothing");
  Tlp& hasty = bench.Make(tlm::TLM_READ_COMMAND, 0x40, 64, 2);
  bench.Send(hasty);
  hasty.set_response_status(tlm::TLM_OK_RESPONSE);
  expect(hasty, tlm::BEGIN_RESP, "BEGIN_RESP came before END_REQ");
  Tlp& write = bench.Make(tlm::TLM_WRITE_COMMAND, 0x40, 64);
  bench.Send(write);
  expect(write, tlm::BEGIN_RESP, "a write got a response");
  Tlp& moved = bench.Make(tlm::TLM_WRITE_COMMAND, 0x40, 64);
  bench.Send(moved);
  moved.set_address(0x80);
  expect(moved, tlm::END_REQ, "command, address or length changed on its way");
}

}  // namespace
}  // namespace handoff
