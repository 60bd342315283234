// SPDX-License-Identifier: Apache-2.0
#include "sw/tcp/recovery.h"

#include <gtest/gtest.h>

#include "sw/tcp/newreno.h"

namespace handoff::tcp {
namespace {

const Seq kUna(0xffffff00u);
constexpr uint32_t kMss = 100;

class RecoveryTest : public testing::Test {
 protected:
  void Start(bool sack) {
    recovery_ = std::make_unique<Recovery>(std::make_unique<NewReno>());
    recovery_->Start(kUna, kMss, sack);
    una_ = kUna;
    nxt_ = kUna + 1000;
  }
  void Ack(uint32_t to) {
    recovery_->OnNewAck(una_, kUna + to, {.acked_bytes = Distance(una_, kUna + to)});
    una_ = kUna + to;
  }
  void Duplicates(int n) {
    for (int i = 0; i < n; ++i) recovery_->OnDuplicateAck(una_, nxt_, {});
  }
  void Sack(uint32_t from, uint32_t to) {
    SackBlocks blocks;
    blocks.Add({kUna + from, kUna + to});
    recovery_->OnSack(blocks, una_, nxt_, false, {});
  }
  // Resends as long as it is told to; "0:100 200:300".
  std::string Resend() {
    std::string text;
    while (const auto lost = recovery_->NextLost(una_, nxt_)) {
      text += (text.empty() ? "" : " ") + std::to_string(lost->start - kUna) + ":" +
              std::to_string(lost->end - kUna);
      recovery_->OnResent(*lost);
    }
    return text;
  }
  Recovery::Phase phase() const { return recovery_->phase(); }

  std::unique_ptr<Recovery> recovery_;
  Seq una_;
  Seq nxt_;
};

TEST_F(RecoveryTest, NothingIsLostAtFirst) {
  Start(true);
  EXPECT_EQ(Resend(), "");
  EXPECT_EQ(recovery_->Allowance(una_, nxt_), 0u);
  EXPECT_EQ(recovery_->Allowance(una_, una_), 1000u);
}

TEST_F(RecoveryTest, Rfc6582Section3_2EntryInflationAndExit) {
  Start(false);
  Duplicates(2);
  EXPECT_EQ(phase(), Recovery::Phase::kOpen);
  EXPECT_EQ(recovery_->Allowance(una_, nxt_), 200u) << "limited transmit";
  Duplicates(1);
  EXPECT_EQ(phase(), Recovery::Phase::kFast);
  EXPECT_EQ(Resend(), "0:100");
  EXPECT_EQ(recovery_->Allowance(una_, nxt_), 0u);
  Duplicates(3);  // ssthresh 500 + 6 segments - 1,000 in flight
  EXPECT_EQ(recovery_->Allowance(una_, nxt_), 100u);
  Ack(1000);
  EXPECT_EQ(phase(), Recovery::Phase::kOpen);
  EXPECT_EQ(recovery_->Allowance(una_, nxt_), 500u);
}

TEST_F(RecoveryTest, Rfc6582Section3_2PartialAckResendsOne) {
  Start(false);
  Duplicates(3);
  Resend();
  Ack(300);
  EXPECT_EQ(phase(), Recovery::Phase::kFast);
  EXPECT_EQ(Resend(), "300:400");
  EXPECT_EQ(Resend(), "");
}

TEST_F(RecoveryTest, Rfc6582Section3_2DuplicatesAfterATimeoutDoNotEnterAgain) {
  Start(false);
  recovery_->OnTimeout(una_, nxt_, {});
  Resend();
  Ack(1000);
  EXPECT_EQ(phase(), Recovery::Phase::kOpen);
  nxt_ += 500;
  Duplicates(3);
  EXPECT_EQ(phase(), Recovery::Phase::kOpen) << "nothing beyond recover is acknowledged yet";
  Ack(1100);
  Duplicates(3);
  EXPECT_EQ(phase(), Recovery::Phase::kFast);
}

TEST_F(RecoveryTest, TimeoutCountsAllAsLostAndSlowStarts) {
  for (const bool sack : {false, true}) {
    Start(sack);
    recovery_->OnTimeout(una_, nxt_, {});
    EXPECT_EQ(phase(), Recovery::Phase::kTimeout);
    EXPECT_EQ(Resend(), "0:100");
    Ack(100);
    EXPECT_EQ(Resend(), "100:200 200:300");
    Ack(300);
    EXPECT_EQ(Resend(), "300:400 400:500 500:600");
    Ack(1000);
    EXPECT_EQ(phase(), Recovery::Phase::kOpen);
  }
}

TEST_F(RecoveryTest, Rfc2018Section8TimeoutForgetsWhatWasTold) {
  Start(true);
  Sack(100, 200);
  recovery_->OnTimeout(una_, nxt_, {});
  Resend();
  Ack(100);
  EXPECT_EQ(Resend(), "100:200 200:300");
}

TEST_F(RecoveryTest, Rfc5681Section3_1SecondTimeoutOfASegmentKeepsSsthresh) {
  Start(true);
  recovery_->OnTimeout(una_, nxt_, {});
  EXPECT_EQ(recovery_->control().ssthresh(), 500u);
  nxt_ += 400;
  recovery_->OnTimeout(una_, nxt_, {});
  EXPECT_EQ(recovery_->control().ssthresh(), 500u);
  Ack(600);
  recovery_->OnTimeout(una_, nxt_, {});
  EXPECT_EQ(recovery_->control().ssthresh(), 400u) << "another segment";
}

TEST_F(RecoveryTest, Rfc6675Section5ThreeNewsEnter) {
  Start(true);
  Sack(900, 910);
  Sack(910, 920);
  EXPECT_EQ(phase(), Recovery::Phase::kOpen);
  Sack(910, 920);
  EXPECT_EQ(phase(), Recovery::Phase::kOpen) << "no news";
  Sack(920, 930);
  EXPECT_EQ(phase(), Recovery::Phase::kFast);
  EXPECT_EQ(Resend(), "0:100");
}

TEST_F(RecoveryTest, Rfc6675Section4PipeLimitsWhatIsResent) {
  Start(true);
  Sack(500, 1000);  // lost: 0 to 500; the window is 500 now
  EXPECT_EQ(phase(), Recovery::Phase::kFast);
  EXPECT_EQ(Resend(), "0:100 100:200 200:300 300:400 400:500");
  EXPECT_EQ(recovery_->Allowance(una_, nxt_), 0u);
  Ack(200);
  EXPECT_EQ(recovery_->Allowance(una_, nxt_), 200u);
  EXPECT_EQ(Resend(), "") << "each once";
}

TEST_F(RecoveryTest, Rfc6675Section4RescueOnceARecovery) {
  Start(true);
  Sack(100, 600);
  EXPECT_EQ(Resend(), "0:100");
  Ack(600);
  const auto rescue = recovery_->NextSpeculative(una_, nxt_);
  ASSERT_TRUE(rescue);
  EXPECT_EQ(*rescue, (SeqRange{kUna + 900, kUna + 1000}));
  recovery_->OnSpeculated(*rescue);
  EXPECT_FALSE(recovery_->NextSpeculative(una_, nxt_));
}

TEST_F(RecoveryTest, PathMtuResendsWithoutPunishment) {
  Start(true);
  recovery_->SetMss(50);
  recovery_->OnPathMtu(una_, nxt_);
  EXPECT_EQ(Resend().substr(0, 11), "0:50 50:100");
  EXPECT_EQ(recovery_->control().ssthresh(), UINT32_MAX);
}

}  // namespace
}  // namespace handoff::tcp
