// SPDX-License-Identifier: Apache-2.0
#include "model/sc/host_module.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace handoff {

const char* ToString(sw::Cost what) {
  switch (what) {
    case sw::Cost::kMmioWrite:
      return "mmio_write";
    case sw::Cost::kInterrupt:
      return "interrupt";
    case sw::Cost::kNotification:
      return "notification";
    case sw::Cost::kSegment:
      return "segment";
    case sw::Cost::kCopyByte:
      return "copy_byte";
    case sw::Cost::kSyscall:
      return "syscall";
  }
  return "?";
}

HostModule::HostModule(sc_core::sc_module_name name, const Params& params, OrderedQueue& queue,
                       PhysicalMemory& memory, Iommu& iommu, RunStatus& status)
    : sc_module(name),
      registers_out("registers_out"),
      interrupts_in("interrupts_in"),
      params_(params),
      queue_(queue),
      memory_(memory),
      iommu_(iommu),
      status_(status) {
  registers_out.register_nb_transport_bw(this, &HostModule::ReadDone);
  interrupts_in.register_b_transport(this, &HostModule::TakeMessage);
  const std::string prefix = this->name();
  processor_ = queue.AddComponent(prefix + ".processor");
  timers_ = queue.AddComponent(prefix + ".timers");
  messages_ = queue.AddComponent(prefix + ".messages");
}

// --- The processor ------------------------------------------------------------------------------

uint64_t HostModule::now_ps() const {
  return running_ ? free_ps_ : std::max(free_ps_, queue_.now_ps());
}

void HostModule::Run(std::function<void()> software) {
  ready_.push_back(std::move(software));
  Kick();
}

void HostModule::Kick() {
  if (running_ || scheduled_ || ready_.empty()) return;
  scheduled_ = true;
  queue_.Post(std::max(free_ps_, queue_.now_ps()), processor_, [this] { RunNext(); });
}

void HostModule::RunNext() {
  scheduled_ = false;
  const std::function<void()> software = std::move(ready_.front());
  ready_.pop_front();
  // Charges from outside the software may have come in between.
  if (free_ps_ > queue_.now_ps()) {
    ready_.push_front(software);
    Kick();
    return;
  }
  running_ = true;
  free_ps_ = queue_.now_ps();
  software();
  running_ = false;
  Kick();
}

void HostModule::Charge(sw::Cost what, uint64_t count) {
  const uint64_t ps = params_.costs.Of(what) * count;
  CostCount& cost = costs_.at(static_cast<size_t>(what));
  cost.count += count;
  cost.ps += ps;
  busy_ps_ += ps;
  free_ps_ = now_ps() + ps;
}

// --- Registers ----------------------------------------------------------------------------------

void HostModule::Issue(Tlp& tlp) {
  tlp.extension.EnableBytes(tlp.get_address(), tlp.get_data_length());
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  sc_core::sc_time delay = sc_core::sc_time::from_value(now_ps() - queue_.now_ps());
  registers_out->nb_transport_fw(tlp, phase, delay);
}

void HostModule::WriteBar(uint64_t addr, uint32_t value) {
  Tlp& tlp = tlps_.Get(tlm::TLM_WRITE_COMMAND, addr, sizeof value);
  std::memcpy(tlp.bytes.data(), &value, sizeof value);
  Issue(tlp);
  tlp.release();
}

void HostModule::WriteReg(uint32_t offset, uint32_t value) {
  WriteBar(kBar0Address + offset, value);
}

void HostModule::ReadReg(uint32_t offset, std::function<void(sw::ReadResult)> done) {
  Tlp& tlp = tlps_.Get(tlm::TLM_READ_COMMAND, kBar0Address + offset, sizeof(uint32_t));
  tlp.extension.tag = static_cast<uint8_t>(next_read_);
  tlp.extension.cookie = next_read_++;
  register_reads_[tlp.extension.cookie] = std::move(done);
  Issue(tlp);
}

tlm::tlm_sync_enum HostModule::ReadDone(Payload& tlp, tlm::tlm_phase&, sc_core::sc_time&) {
  const TlpExtension& extension = ExtensionOf(tlp);
  sw::ReadResult result;
  result.ok = extension.status == CompletionStatus::kSuccess && !extension.poisoned;
  if (result.ok) std::memcpy(&result.value, tlp.get_data_ptr(), sizeof result.value);
  auto node = register_reads_.extract(extension.cookie);
  tlp.release();
  Run([done = std::move(node.mapped()), result] { done(result); });
  return tlm::TLM_COMPLETED;
}

// --- Memory -------------------------------------------------------------------------------------

sw::PhysAddr HostModule::Allocate(size_t bytes, size_t align, sw::Owner owner) {
  return sw::PhysAddr(memory_.Allocate(bytes, align, owner));
}

void HostModule::Free(sw::PhysAddr addr) {
  const PhysicalMemory::Region* region = memory_.RegionOf(addr.raw());
  if (region != nullptr) {
    const uint64_t bytes = region->end - region->begin;
    if (iommu_.AnyGranted(region->begin, bytes)) {
      // Not an exception: memory is freed in destructors. It stays, lest the engine write into
      // nothing.
      status_.Fail("memory is freed that the engine may still reach");
      return;
    }
    iommu_.Forget(region->begin, bytes);
  }
  memory_.Free(addr.raw());
}

std::span<uint8_t> HostModule::Memory(sw::PhysAddr addr, size_t bytes) {
  return memory_.At(addr.raw(), bytes);
}

void HostModule::Grant(sw::PhysAddr addr, size_t bytes, bool writable) {
  iommu_.Grant(addr.raw(), bytes, writable);
}

void HostModule::Revoke(sw::PhysAddr addr, size_t bytes) { iommu_.Revoke(addr.raw(), bytes); }

void HostModule::NoteRead(sw::PhysAddr addr, size_t bytes, std::string_view connection) {
  auto it = reads_.find(connection);
  if (it == reads_.end()) it = reads_.emplace(connection, Reads()).first;
  Reads& reads = it->second;
  const uint64_t begin = addr.raw(), end = begin + bytes;
  const PhysicalMemory::Region* region = memory_.RegionOf(begin);
  if (region == nullptr || region->end < end) {
    status_.Fail("connection " + std::string(connection) + " read memory that does not exist");
    return;
  }
  if (!iommu_.AnyEverWritable(begin, bytes)) {
    reads.copied += bytes;
    return;
  }
  const uint64_t bad = iommu_.log().FirstWithout(AccessKind::kWrite, begin, bytes);
  if (bad != end) {
    char text[256];
    std::snprintf(text, sizeof text,
                  "connection %.*s read 0x%" PRIx64 "-0x%" PRIx64
                  " (%s memory) at %.6f us, but no DMA "
                  "ever wrote byte 0x%" PRIx64,
                  static_cast<int>(connection.size()), connection.data(), begin, end - 1,
                  handoff::ToString(region->owner), static_cast<double>(now_ps()) * 1e-6, bad);
    status_.Fail(text);
    return;
  }
  (region->owner == sw::Owner::kApplication ? reads.user : reads.legacy) += bytes;
  reads.again += bytes - iommu_.log().TakeUnread(begin, bytes);
}

// --- Interrupts ---------------------------------------------------------------------------------

void HostModule::OnInterrupt(uint32_t vector, std::function<void()> handler) {
  if (vector >= MsixTable::kVectors) throw std::invalid_argument("no such MSI-X vector");
  if (!handler) {
    handlers_.erase(vector);
    MaskInterrupt(vector, true);
    return;
  }
  handlers_[vector] = std::move(handler);
  const uint64_t entry = kBar2Address + vector * MsixTable::kEntryBytes;
  WriteBar(entry + MsixTable::kAddressLow, static_cast<uint32_t>(kMsiAddress));
  WriteBar(entry + MsixTable::kAddressHigh, static_cast<uint32_t>(kMsiAddress >> 32));
  WriteBar(entry + MsixTable::kData, vector);
  WriteBar(entry + MsixTable::kControl, 0);
}

void HostModule::MaskInterrupt(uint32_t vector, bool masked) {
  WriteBar(kBar2Address + vector * MsixTable::kEntryBytes + MsixTable::kControl,
           masked ? MsixTable::kMasked : 0);
}

void HostModule::TakeMessage(Payload& tlp, sc_core::sc_time&) {
  uint32_t vector = 0;
  std::memcpy(&vector, tlp.get_data_ptr(), sizeof vector);
  tlp.set_response_status(tlm::TLM_OK_RESPONSE);
  queue_.Post(queue_.now_ps() + params_.interrupt_latency_ns * kPsPerNs, messages_, [this, vector] {
    Run([this, vector] {
      ++interrupts_taken_;
      const auto it = handlers_.find(vector);
      if (it == handlers_.end()) return;
      const std::function<void()> handler = it->second;  // it may give another one
      handler();
    });
  });
}

// --- Timers -------------------------------------------------------------------------------------

// Due at a whole microsecond, so that timers due in the same one fire in the order in which they
// were set.
sw::TimerHandle HostModule::After(sw::Micros delay, std::function<void()> callback) {
  const sw::TimerHandle handle = next_timer_++;
  const auto wait = static_cast<uint64_t>(std::max<int64_t>(delay.count(), 0));
  const uint64_t due_ps = (static_cast<uint64_t>(Now().count()) + wait) * kPsPerUs;
  Timer& timer = pending_timers_[handle];
  timer.callback = std::move(callback);
  timer.event = queue_.Post(std::max(due_ps, now_ps()), timers_, [this, handle] {
    Run([this, handle] {
      auto node = pending_timers_.extract(handle);
      if (!node.empty()) node.mapped().callback();  // else cancelled while it waited its turn
    });
  });
  return handle;
}

void HostModule::Cancel(sw::TimerHandle handle) {
  const auto node = pending_timers_.extract(handle);
  if (!node.empty()) queue_.Cancel(node.mapped().event);
}

}  // namespace handoff
