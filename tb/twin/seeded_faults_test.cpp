// SPDX-License-Identifier: Apache-2.0
//
// Seeded faults: one bit of a register of the model is flipped while the register is in use, and
// the comparison with the RTL sees it.

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "gen/handoff_dma_rtl.h"
#include "gen/handoff_notify_small_rtl.h"
#include "gen/handoff_rx_parser_rtl.h"
#include "gen/handoff_rx_tcp_small_rtl.h"
#include "gen/handoff_tx_rtl.h"
#include "model/handoff_dma.h"
#include "model/handoff_notify.h"
#include "model/handoff_rx_parser.h"
#include "model/handoff_rx_tcp.h"
#include "model/handoff_tx.h"
#include "tb/twin/twin_bench.h"
#include "tb/unit/rx_parser/frames.h"
#include "tb/unit/rx_tcp/rig.h"
#include "tb/unit/tx/rig.h"

namespace handoff {
namespace {

struct Fault {
  std::string_view reg;
  uint32_t bit;
};

// Flips the bit at the end of a cycle, once a run.
template <class Bench>
class Flipper : public Agent {
 public:
  explicit Flipper(Bench& bench) : bench_(bench) { bench.Add(this); }
  void Set(const Fault& fault, uint64_t after) { fault_ = fault, left_ = after, set_ = true; }
  bool flipped() const { return flipped_; }

  void Reset() override { set_ = flipped_ = false; }
  void Sample(uint64_t) override {}
  void Drive() override {
    if (!set_ || left_-- != 0) return;
    flipped_ = bench_.model().Flip(fault_.reg, fault_.bit);
    set_ = false;
  }

 private:
  Bench& bench_;
  Fault fault_{};
  uint64_t left_ = 0;
  bool set_ = false, flipped_ = false;
};

// What the bench of a unit reported as a difference; empty: nothing.
template <class F>
std::string Caught(F&& run) {
  testing::TestPartResultArray results;
  {
    const testing::ScopedFakeTestPartResultReporter reporter(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
    try {
      run();
    } catch (const testing::AssertionException&) {
    }
  }
  return results.size() == 0 ? "" : results.GetTestPartResult(0).message();
}

// `start` makes the unit ready, `run` lets it work for `cycles` cycles and more. Without a fault
// nothing is reported; with each of `faults`, after some of those cycles, a difference is.
template <class Bench, class Start, class Run>
void ExpectEachCaught(Bench& bench, uint64_t cycles, const std::vector<Fault>& faults,
                      Start&& start, Run&& run) {
  Flipper<Bench> flipper(bench);
  EXPECT_EQ(Caught([&] { start(), run(); }), "");
  for (const Fault& fault : faults) {
    uint64_t caught = 0;
    std::string first;
    for (uint64_t after = 0; after < cycles; ++after) {
      const std::string text = Caught([&] {
        start();
        flipper.Set(fault, after);
        run();
      });
      ASSERT_TRUE(flipper.flipped()) << fault.reg << " has no bit " << fault.bit;
      caught += text.find("RTL and model differ") != std::string::npos;
    }
    EXPECT_GT(caught, 0u) << "a flip of " << fault.reg << "[" << fault.bit << "] is never seen";
    std::printf("%8llu of %llu cycles: %s[%u]\n", static_cast<unsigned long long>(caught),
                static_cast<unsigned long long>(cycles), std::string(fault.reg).c_str(), fault.bit);
  }
}

TEST(SeededFaults, OfDmaAreCaught) {
  TwinBench<handoff_dma, handoff_dma_rtl> bench;
  Producer<RdReq> tx_rd_req(bench, bench.to.tx_rd_req), cmd_rd_req(bench, bench.to.cmd_rd_req);
  Producer<AxiR> r(bench, bench.to.r);
  Consumer<AxiAddr> ar(bench, bench.from.ar);
  ExpectEachCaught(
      bench, 24, {{"tag_client0", 1}, {"tag_beats0", 0}, {"tag_cnt0", 1}, {"u_r_skid.count", 0}},
      [&] { bench.Reset(); },
      [&] {
        tx_rd_req.Push({.addr = 0x1000, .bytes = 256});
        cmd_rd_req.Push({.addr = 0x2000, .bytes = 64});
        for (int i = 0; i < 40; ++i) {
          bench.Cycle();
          while (!ar.empty()) {
            const AxiAddr read = ar.Take();
            for (uint32_t beat = 0; beat <= read.len; ++beat) {
              r.Push({.last = beat == read.len, .id = read.id, .data = {{read.addr + beat}}});
            }
          }
        }
      });
}

// Updates of one connection in each cycle, so that the next one sees the word before it is in the
// RAM, and so does the read for the ring.
TEST(SeededFaults, OfNotifyAreCaught) {
  TwinBench<handoff_notify, handoff_notify_small_rtl> bench;
  Producer<Progress> progress(bench, bench.to.progress);
  ExpectEachCaught(
      bench, 16, {{"last.snd_una", 0}, {"pg.snd_una", 31}, {"pg.dup", 3}, {"u_queue.count", 0}},
      [&] {
        bench.Reset();
        bench.in.ntf_ring = {.enable = true, .base = 0x1000, .log_size = 6};
        bench.in.notify_wr_ready = bench.in.irq_ready = true;
        bench.Until([&] { return bench.out().quiet; }, "cleared");
      },
      [&] {
        for (uint32_t i = 1; i <= 8; ++i) progress.Push({.conn = 5, .snd_una = i});
        bench.Cycle(40);
      });
}

// Two frames with options behind the twentieth byte: an unknown one that ends with them, and
// timestamps.
TEST(SeededFaults, OfRxParserAreCaught) {
  TwinBench<handoff_rx_parser> bench;
  Producer<Axis> rx(bench, bench.to.rx);
  rx_parser::FrameSpec unknown, timestamps;
  unknown.options.assign(20, 1);
  unknown.options.insert(unknown.options.end(), {2, 4, 5, 6, 30, 4, 7, 8});
  timestamps.options.assign(22, 1);
  timestamps.options.insert(timestamps.options.end(), {8, 10, 1, 2, 3, 4, 5, 6, 7, 8});
  unknown.payload = timestamps.payload = 200;
  ExpectEachCaught(
      bench, 20,
      {{"net.src_ip", 0},
       {"net.l4_len", 2},
       {"s2_net.dst_mac", 47},
       {"tcp", 8 * 4},
       {"beat_wr", 0},
       {"beat_rd", 1},
       {"s3_tok", 0},
       {"s3_opt", 8 * 5},
       {"s3_opt_len", 2}},
      [&] {
        bench.Reset();
        bench.in.cfg.max_frame = 1518;
      },
      [&] {
        for (const auto& spec : {unknown, timestamps, unknown}) {
          for (const Axis& beat : rx_parser::ToBeats(rx_parser::Build(spec), 1)) rx.Push(beat);
        }
        bench.Cycle(40);
      });
}

// A frame, one of another connection, and the next one of the first: it reads what was written.
TEST(SeededFaults, OfRxTcpAreCaught) {
  using rx_tcp_test::DataAt;
  using rx_tcp_test::SetupOf;
  rx_tcp_test::Rig<TwinBench<handoff_rx_tcp, handoff_rx_tcp_small_rtl>> rig;
  ExpectEachCaught(
      rig.bench, 12, {{"wr", 0}, {"wr_addr", 1}, {"t.need", 0}, {"u_op_skid.count", 0}},
      [&] {
        rig.Begin();
        rig.Established(SetupOf(1));
        rig.Established(SetupOf(2));
      },
      [&] {
        rig.op.Push(DataAt(1, rx_tcp_test::kRcv));
        rig.bench.Cycle(10);
        rig.op.Push(DataAt(2, rx_tcp_test::kRcv));
        rig.op.Push(DataAt(1, rx_tcp_test::kRcv + 100));
        rig.bench.Cycle(20);
      });
}

TEST(SeededFaults, OfTxAreCaught) {
  TxRig<handoff_tx_rtl> rig;
  Tmpl tmpl{.conn = 1, .ttl = 64, .local_port = 5000, .peer_port = 5001};
  ExpectEachCaught(
      rig.bench, 70,
      {{"addr_sum", 3},
       {"tcp_sum", 3},
       {"ip_sum", 3},
       {"s_item.tag", 4},
       {"s_last_k", 1},
       {"s_last_lane", 2},
       {"s_left", 1},
       {"s_raddr", 0},
       {"s_carry", 7},
       {"u_frame.rdata", 511},
       {"u_item.u_ram.rdata.len", 2}},
      [&] {
        rig.bench.Reset();
        rig.Ready();
        rig.SetTemplate(tmpl);
      },
      [&] {
        constexpr uint64_t kAt = 0x40000003;
        for (const uint32_t size : {500, 300}) rig.Post(Send(1, {{.size = size, .addr = kAt}}));
        rig.bench.Cycle(120);
      });
}

}  // namespace
}  // namespace handoff
