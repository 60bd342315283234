// SPDX-License-Identifier: Apache-2.0
#include "sw/driver/legacy_ring.h"

#include <algorithm>
#include <vector>

#include "gen/handoff_pkg.h"

namespace handoff::driver {
namespace {

constexpr size_t kBufferAlign = 64;  // of the data path: full rate (docs/design.md, 12)
// Tags that are no small numbers, so that an index is never taken for one.
constexpr uint64_t kTagBase = 0x4c42'0000'0000;

}  // namespace

// Outlives the driver while a buffer is read.
struct LegacyRing::Core : std::enable_shared_from_this<Core> {
  Core(Hw& h, unsigned log_size, uint32_t count, uint32_t size)
      : hw(h), ring(h, RingId::kLegacy, log_size, 16) {
    buffer_bytes = (size + kBufferAlign - 1) / kBufferAlign * kBufferAlign;
    bytes = size_t{count} * buffer_bytes;
    base = hw.Allocate(bytes, kBufferAlign, sw::Owner::kDriver);
    view = hw.Memory(base, bytes);
    hw.Grant(base, bytes, true);
    state.assign(count, State::kIdle);
  }
  ~Core() {
    hw.Revoke(base, bytes);
    hw.Free(base);
  }
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  void Post(uint32_t i) {
    LegacyDesc desc;
    desc.addr = base.raw() + uint64_t{i} * buffer_bytes;
    desc.tag = kTagBase + i;
    uint64_t words[2];
    desc.Pack(words);
    ring.Put(words);
    state[i] = State::kPosted;
    ++posted;
  }
  void Release(uint32_t i) {
    state[i] = State::kIdle;
    if (!enabled) return;
    Post(i);
    on_posted();
  }

  enum class State : uint8_t { kIdle, kPosted, kRead };
  Hw& hw;
  ProducerRing ring;
  uint32_t buffer_bytes = 0;
  size_t bytes = 0;
  PhysAddr base;
  std::span<uint8_t> view;
  std::vector<State> state;  // by number
  uint32_t posted = 0;
  bool enabled = false;
  std::function<void()> on_posted;
};

LegacyRing::LegacyRing(Hw& hw, unsigned log_size, uint32_t buffers, uint32_t buffer_bytes,
                       std::function<void()> on_posted)
    : core_(std::make_shared<Core>(hw, log_size, std::min(buffers, (1u << log_size) - 1),
                                   buffer_bytes)) {
  core_->on_posted = std::move(on_posted);
}

LegacyRing::~LegacyRing() { core_->enabled = false; }

void LegacyRing::Configure(CheckedRegisters& registers) { core_->ring.Configure(registers); }

void LegacyRing::Enable(CheckedRegisters& registers) {
  core_->ring.Enable(registers);
  core_->enabled = true;
  core_->posted = 0;
  for (uint32_t i = 0; i < core_->state.size(); ++i) {
    if (core_->state[i] != Core::State::kRead) core_->Post(i);
  }
  core_->ring.RingDoorbell();
}

LegacyBytes LegacyRing::Take(uint64_t tag, uint32_t bytes) {
  const uint64_t i = tag - kTagBase;
  if (i >= core_->state.size() || core_->state[i] != Core::State::kPosted) return {};
  core_->ring.Consumed(1);
  --core_->posted;
  core_->state[i] = Core::State::kRead;
  const size_t offset = i * core_->buffer_bytes;
  const std::span<const uint8_t> view =
      core_->view.subspan(offset, std::min(bytes, core_->buffer_bytes));
  tcp::Hold hold(view.data(),
                 [core = core_, i](const uint8_t*) { core->Release(static_cast<uint32_t>(i)); });
  return {core_->base + offset, view, std::move(hold)};
}

void LegacyRing::RingDoorbell() { core_->ring.RingDoorbell(); }
uint32_t LegacyRing::buffers() const { return static_cast<uint32_t>(core_->state.size()); }
uint32_t LegacyRing::posted() const { return core_->posted; }

}  // namespace handoff::driver
