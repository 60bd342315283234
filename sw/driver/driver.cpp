// SPDX-License-Identifier: Apache-2.0
#include "sw/driver/driver.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <utility>

#include "gen/handoff_regs.h"

namespace handoff::driver {
namespace {

constexpr uint32_t kLinkHeaderBytes = 14 + 2 * 4;  // Ethernet and two VLAN tags
constexpr size_t kMostWaiting = 4096;              // frames that found the transmit ring full
constexpr Micros kHealthDelay = sw::Millis(5);
constexpr Micros kResetPoll = Micros(10);

constexpr uint32_t kNotificationBytes = 32;

// The notification ring that never fills: legacy buffers, user buffers, commands, transmit
// descriptors, a resync an entry, the reserve. If no ring is so large, a full one makes the engine
// wait.
unsigned LogNotifications(const DriverConfig& c, const EngineBuild& build) {
  if (c.log_notifications != 0) return c.log_notifications;
  const uint64_t most = (uint64_t{1} << c.log_commands) + (uint64_t{1} << c.log_transmit) +
                        2 * uint64_t{c.legacy_buffers} + c.ntf_reserve + build.dct_entries;
  return std::clamp<unsigned>(std::bit_width(most), 8, kLogSizeMax);
}

}  // namespace

Driver::Driver(Hw& hw, const DriverConfig& config)
    : hw_(hw),
      config_(config),
      registers_(hw),
      pool_(hw),
      commands_(hw, config.log_commands),
      transmit_(hw, config.log_transmit),
      legacy_(hw, config.log_legacy, config.legacy_buffers, max_frame(), [this] { RingSoon(); }) {}

Driver::~Driver() {
  *alive_ = false;
  hw_.OnInterrupt(0, {});
  hw_.Cancel(ring_timer_);
  hw_.Cancel(poll_timer_);
  hw_.Cancel(reset_timer_);
  hw_.Cancel(health_timer_);
}

uint32_t Driver::max_frame() const { return config_.mtu + kLinkHeaderBytes; }

void Driver::Start(std::function<void(bool)> ready) {
  hw_.OnInterrupt(0, [this] { OnInterrupt(); });
  hw_.ReadReg(offsetof(handoff_t, ident), [this, alive = alive_, ready](sw::ReadResult ident) {
    if (!*alive) return;
    if (!ident.ok || ident.value != HANDOFF__IDENT__VALUE_reset) {
      Fail("no engine that this driver knows: register ident " +
           (ident.ok ? "is " + std::to_string(ident.value) : "cannot be read"));
      ready(false);
      return;
    }
    hw_.ReadReg(offsetof(handoff_t, build), [this, alive, ready](sw::ReadResult build) {
      if (!*alive) return;
      if (!build.ok) {
        Fail("register build cannot be read");
        ready(false);
        return;
      }
      handoff__build_t b;
      b.w = build.value;
      build_ = {b.f.dct_entries, b.f.slots, b.f.data_bytes};
      notifications_.emplace(hw_, RingId::kNotification, LogNotifications(config_, build_),
                             kNotificationBytes, true);
      Program(ready);
    });
  });
}

void Driver::Program(std::function<void(bool)> done) {
  const auto write = [this](const std::string& name, size_t offset, uint32_t value) {
    registers_.Write(name, static_cast<uint32_t>(offset), value);
  };
  const auto write_all = [&write](const std::string& name, size_t offset, const auto& values) {
    for (size_t i = 0; i < values.size(); ++i) {
      write(name + "[" + std::to_string(i) + "]", offset + 4 * i, values[i]);
    }
  };
  write("max_frame", offsetof(handoff_t, max_frame), max_frame());
  write("limit_us", offsetof(handoff_t, limit_us), config_.limit_us);
  write_all("delay_us", offsetof(handoff_t, delay_us), config_.delay_us);
  write("back_class", offsetof(handoff_t, back_class), config_.back_class);
  write("ntf_reserve", offsetof(handoff_t, ntf_reserve), config_.ntf_reserve);
  write("irq_count", offsetof(handoff_t, irq_count), config_.irq_count);
  write("irq_delay_us", offsetof(handoff_t, irq_delay_us), config_.irq_delay_us);
  write_all("hash_key", offsetof(handoff_t, hash_key), config_.hash_key);
  notifications_->Configure(registers_);
  commands_.Configure(registers_);
  transmit_.Configure(registers_);
  legacy_.Configure(registers_);
  CheckRegisters([this, done = std::move(done)](bool ok) {
    if (ok) {
      EnableRings(done);
    } else {
      done(false);
    }
  });
}

void Driver::EnableRings(std::function<void(bool)> done) {
  // No DMA any more, after a reset: all that was posted counts as returned (corner 107).
  commands_.Forget();
  transmit_.Forget();
  next_ = 0;
  phase_ = true;
  // Whatever fills a ring finds the notification ring ready.
  notifications_->Enable(registers_);
  commands_.Enable(registers_);
  transmit_.Enable(registers_);
  legacy_.Enable(registers_);
  // Already now: a frame's interrupt may come before the answers.
  up_ = true;
  if (stats_.resets != 0 && user_ != nullptr) user_->OnReset();
  CheckRegisters(std::move(done));
}

void Driver::CheckRegisters(std::function<void(bool)> done) {
  // A reset meanwhile undoes what was written, and brings it up anew.
  registers_.Check([this, alive = alive_, resets = stats_.resets,
                    done = std::move(done)](const std::optional<RegisterFault>& fault) {
    if (!*alive || resets != stats_.resets) return;
    if (fault) Fail("the engine refused a register: " + ToString(*fault));
    done(!fault);
  });
}

void Driver::Fail(const std::string& why) {
  up_ = false;
  if (on_error_) on_error_(why);
}

void Driver::SendFrame(tcp::ByteView frame) {
  if (!up_ || frame.empty() || frame.size() > max_frame() || transmit_.waiting() >= kMostWaiting) {
    ++stats_.dropped_out;
    return;
  }
  // One size for all, so that the pool finds it again.
  const std::shared_ptr<uint8_t> copy = pool_.Allocate(max_frame());
  std::copy(frame.begin(), frame.end(), copy.get());
  hw_.Charge(sw::Cost::kSegment);
  hw_.Charge(sw::Cost::kCopyByte, frame.size());
  TxDesc desc;
  desc.op = static_cast<uint8_t>(Tx::TxRaw);
  desc.n_pieces = 1;
  desc.piece0 = {.size = static_cast<uint32_t>(frame.size()),
                 .addr = pool_.Find({copy.get(), frame.size()})->raw()};
  ++stats_.raw_out;
  transmit_.Put(desc, {copy},
                [this, sent = tcp::ByteView(copy.get(), frame.size())](const Ntf& ntf) {
                  if (ntf.code != static_cast<uint8_t>(Status::StatusOk)) {
                    ++stats_.send_errors;
                  } else if (on_raw_sent_) {
                    on_raw_sent_(sent);
                  }
                  if (user_ != nullptr) user_->OnRawSent();
                });
  RingSoon();
}

void Driver::IssueSetup(const Setup0Desc& first, const Setup1Desc& second, CommandRing::Done done) {
  ++stats_.commands;
  commands_.IssueSetup(first, second, std::move(done));
  RingSoon();
}

void Driver::Send(const TxDesc& desc, std::vector<tcp::Hold> holds, TransmitRing::Done done) {
  ++stats_.segments_out;
  hw_.Charge(sw::Cost::kSegment);
  transmit_.Put(desc, std::move(holds), [this, done = std::move(done)](const Ntf& ntf) {
    if (ntf.code != static_cast<uint8_t>(Status::StatusOk)) ++stats_.send_errors;
    if (done) done(ntf);
  });
  RingSoon();
}

// -- Doorbells: one for all that was put in one go --

void Driver::RingSoon() {
  if (ring_timer_ != sw::kNoTimer || !up_) return;
  ring_timer_ = hw_.After(Micros(0), [this] {
    ring_timer_ = sw::kNoTimer;
    RingDoorbells();
  });
}

void Driver::RingDoorbells() {
  if (!up_) return;
  legacy_.RingDoorbell();
  transmit_.RingDoorbell();
  commands_.RingDoorbell();
}

// -- Notifications --

void Driver::OnInterrupt() {
  ++stats_.interrupts;
  hw_.Charge(sw::Cost::kInterrupt);
  if (poll_timer_ == sw::kNoTimer) Poll();
  CheckHealthSoon();
}

void Driver::Poll() {
  uint32_t handled = 0;
  while (up_ && handled < config_.poll_budget && HandleNext()) ++handled;
  if (!up_ || handled == 0) return;
  // If there are newer ones by then, the engine interrupts again (corner 104).
  notifications_->WriteIndex(next_);
  RingDoorbells();
  if (handled < config_.poll_budget) return;
  // The processor may do something else in between.
  poll_timer_ = hw_.After(Micros(0), [this] {
    poll_timer_ = sw::kNoTimer;
    Poll();
  });
}

bool Driver::HandleNext() {
  const std::span<const uint64_t> words = notifications_->Entry(next_);
  const bool phase = (words[3] >> 63) != 0;
  if (phase != phase_) return false;
  const Ntf ntf = Ntf::Unpack(words.data());
  next_ = notifications_->Next(next_);
  if (next_ == 0) phase_ = !phase_;
  ++stats_.notifications;
  hw_.Charge(sw::Cost::kNotification);
  Handle(ntf);
  return true;
}

void Driver::Handle(const Ntf& ntf) {
  if (ntf.error) ++stats_.upload_errors;
  switch (ntf.kind) {
    case NtfKind::NtfLegacyFrame: {
      const LegacyBytes frame = legacy_.Take(ntf.tag, ntf.len);
      ++stats_.frames_in;
      stats_.frame_bytes_in += frame.bytes.size();
      if (ntf.hit && user_ != nullptr && user_->OnFrame(ntf, frame)) return;
      if (ntf.error || frame.bytes.empty()) return;  // as if lost on the link (corner 99)
      hw_.Charge(sw::Cost::kSegment);
      if (on_frame_) on_frame_(frame.bytes);
      return;
    }
    case NtfKind::NtfLegacyPayload: {
      const LegacyBytes payload = legacy_.Take(ntf.tag, ntf.len);
      if (user_ != nullptr) user_->OnPayload(ntf, payload);
      return;
    }
    case NtfKind::NtfHandBack:
      if (user_ != nullptr) user_->OnHandBack(ntf);
      return;
    case NtfKind::NtfProgress:
      if (user_ != nullptr) user_->OnProgress(ntf);
      return;
    case NtfKind::NtfResync:
      if (user_ != nullptr) user_->OnResync(ntf);
      return;
    case NtfKind::NtfDone:
      commands_.OnAnswer(ntf);
      return;
    case NtfKind::NtfSent:
      transmit_.OnSent(ntf);
      return;
    case NtfKind::NtfNone:
      return;
  }
}

// -- Faults and reset --

// Any interrupt may also be that of a halt (corner 100): the status is read a little later, once
// for all that came meanwhile.
void Driver::CheckHealthSoon() {
  if (health_timer_ != sw::kNoTimer) return;
  health_timer_ = hw_.After(kHealthDelay, [this] {
    health_timer_ = sw::kNoTimer;
    hw_.ReadReg(offsetof(handoff_t, status), [this, alive = alive_](sw::ReadResult result) {
      if (!*alive || !up_) return;
      handoff__status_t status;
      status.w = result.value;
      if (result.ok && status.f.halted) Reset();
    });
  });
}

void Driver::Reset() {
  ++stats_.resets;
  up_ = false;
  hw_.Charge(sw::Cost::kMmioWrite);
  hw_.WriteReg(offsetof(handoff_t, ctrl), HANDOFF__CTRL__RESET_bm);
  AwaitReset();
}

void Driver::AwaitReset() {
  reset_timer_ = hw_.After(kResetPoll, [this] {
    reset_timer_ = sw::kNoTimer;
    hw_.ReadReg(offsetof(handoff_t, status), [this, alive = alive_](sw::ReadResult result) {
      if (!*alive) return;
      handoff__status_t status;
      status.w = result.value;
      if (!result.ok || !status.f.reset_done || status.f.resetting) {
        AwaitReset();
        return;
      }
      Program([](bool) {});
    });
  });
}

void Driver::ReadCounter(uint32_t index, std::function<void(bool, uint64_t)> done) {
  const uint32_t offset = offsetof(handoff_t, counter) + 8 * index;
  // The low half latches the high one (corner 103).
  hw_.ReadReg(offset, [this, alive = alive_, offset, done](sw::ReadResult low) {
    if (!*alive) return;
    hw_.ReadReg(offset + 4, [low, done](sw::ReadResult high) {
      done(low.ok && high.ok, uint64_t{high.value} << 32 | low.value);
    });
  });
}

}  // namespace handoff::driver
