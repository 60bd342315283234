// SPDX-License-Identifier: Apache-2.0
#include "model/core/dma_port.h"

#include <algorithm>
#include <bit>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <utility>

namespace handoff {
namespace {

std::string At(uint64_t cycle, const char* what, uint64_t addr, uint64_t beats) {
  char text[160];
  std::snprintf(text, sizeof text,
                "cycle %" PRIu64 ": %s, address 0x%" PRIx64 ", %" PRIu64 " beats", cycle, what,
                addr, beats);
  return text;
}

}  // namespace

void DmaPort::TakeAddress(const AxiAddr& aw, uint64_t cycle) {
  const uint32_t beats = aw.len + 1u;
  if (aw.addr % kDataBytes != 0)
    errors.push_back(At(cycle, "write burst not aligned", aw.addr, beats));
  if (aw.addr / kPageBytes != (aw.addr + beats * kDataBytes - 1) / kPageBytes) {
    errors.push_back(At(cycle, "write burst crosses a page (AXI4 A3.4.1)", aw.addr, beats));
  }
  first_write_cycle = std::min(first_write_cycle, cycle);
  addresses_.push_back({aw.addr, beats});
  FinishBursts();
}

void DmaPort::TakeBeat(const AxiW& w, uint64_t cycle) {
  first_write_cycle = std::min(first_write_cycle, cycle);
  last_write_cycle = cycle;
  ++write_beats;
  queued_bytes_ += kDataBytes;
  beats_.Extend() = w;
  if (!addresses_.empty()) {
    const size_t want = addresses_.front().beats;
    if (beats_.size() <= want && w.last != (beats_.size() == want)) {
      errors.push_back(At(cycle, "wlast in the wrong beat", addresses_.front().addr, want));
    }
  }
  FinishBursts();
}

void DmaPort::TakeRead(const AxiAddr& ar, uint64_t cycle) {
  const uint32_t beats = ar.len + 1u;
  const uint64_t begin = ar.addr / kDataBytes * kDataBytes;
  if (begin / kMaxReadBytes != (begin + beats * kDataBytes - 1) / kMaxReadBytes) {
    errors.push_back(At(cycle, "read crosses a 512-byte block", ar.addr, beats));
  }
  ++reads_;
  queue_.push_back(
      {.kind = Upstream::Kind::kRead, .addr = begin, .tag = ar.id, .bytes = beats * kDataBytes});
}

// Complete bursts enter the upstream queue, cut into runs of strobed bytes.
void DmaPort::FinishBursts() {
  while (!addresses_.empty() && beats_.size() >= addresses_.front().beats) {
    const Burst burst = addresses_.front();
    addresses_.pop_front();
    Bytes data(burst.beats * kDataBytes);
    size_t begin = 0, end = 0;  // of the last run so far
    bool open = false;
    for (size_t at = 0; at < data.size(); at += kDataBytes) {
      const AxiW& w = beats_.front();
      std::memcpy(data.data() + at, w.data.bytes(), kDataBytes);
      for (uint32_t lane = 0; lane < kDataBytes;) {
        const Strb strb = w.strb >> lane;
        if (open) {
          lane += std::countr_one(strb);
          open = lane == kDataBytes;
          end = at + lane;
        } else {
          lane += std::min<uint32_t>(std::countr_zero(strb), kDataBytes - lane);
          if (lane == kDataBytes) break;
          if (end != 0) {
            PushRun(burst.addr + begin, Bytes(data.data() + begin, data.data() + end));
          }
          open = true;
          begin = at + lane;
        }
      }
      beats_.pop_front();
    }
    // As a rule there is one run, from the first byte on.
    if (end != 0) {
      data.resize(end);
      if (begin != 0) data.erase(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(begin));
      PushRun(burst.addr + begin, std::move(data));
    }
    queued_bytes_ -= burst.beats * kDataBytes;
    ++answers_;
  }
}

void DmaPort::PushRun(uint64_t addr, Bytes data) {
  queued_bytes_ += data.size();
  queue_.push_back({.kind = Upstream::Kind::kWrite, .addr = addr, .data = std::move(data)});
}

// The next R beat, if it is due.
void DmaPort::LoadCompletion(EnginePins& pins, uint64_t cycle) {
  const Completion& c = completions_.front();
  if (c.cycle > cycle + 1) return;
  const size_t offset = beat_ * kDataBytes;
  pins.r_valid = true;
  pins.r.id = c.tag;
  pins.r.resp = c.error ? 2 : 0;  // SLVERR (AXI4, A3.4.4)
  pins.r.data = {};
  if (offset < c.data.size()) {
    std::memcpy(pins.r.data.bytes(), c.data.data() + offset,
                std::min<size_t>(kDataBytes, c.data.size() - offset));
  }
  pins.r.last = offset + kDataBytes >= c.data.size();
  ++beat_;
  if (pins.r.last) {
    beat_ = 0;
    --reads_;
    tags_used_ -= std::exchange(read_tlps_[c.tag], 0);
    completions_.pop_front();
  }
}

bool DmaPort::Cut(Upstream& queued, Upstream* leaves) {
  const uint32_t max_payload = p_.pcie.max_payload;
  switch (queued.kind) {
    case Upstream::Kind::kRegister:
      break;
    case Upstream::Kind::kRead: {
      const uint32_t tlps = ReadTlps(queued.bytes, p_.pcie.max_read_request);
      if (credits_.non_posted_headers < tlps || tags_used_ + tlps > p_.pcie.tags) return false;
      queued.credits.non_posted_headers = tlps;
      read_tlps_[queued.tag] = tlps;
      tags_used_ += tlps;
      break;
    }
    case Upstream::Kind::kMsix:
      if (credits_.posted_headers < 1 || credits_.posted_data < 1) return false;
      queued.credits.posted_headers = queued.credits.posted_data = 1;
      break;
    case Upstream::Kind::kWrite: {
      const auto bytes = static_cast<uint32_t>(queued.data.size());
      const uint32_t full = DataCredits(max_payload);
      const uint32_t fit = std::min(credits_.posted_headers, credits_.posted_data / full);
      if (WriteTlps(bytes, max_payload) <= fit ||
          (bytes <= max_payload && credits_.posted_headers >= 1 &&
           credits_.posted_data >= DataCredits(bytes))) {
        queued.credits = {WriteTlps(bytes, max_payload), DataCredits(bytes), 0};
        break;
      }
      if (fit == 0) return false;
      // Part of it: as many whole packets as there are credits for.
      const uint32_t part = fit * max_payload;
      *leaves = {.kind = queued.kind, .addr = queued.addr, .credits = {fit, fit * full, 0}};
      leaves->data.assign(queued.data.begin(), queued.data.begin() + part);
      queued.data.erase(queued.data.begin(), queued.data.begin() + part);
      queued.addr += part;
      return true;
    }
  }
  *leaves = std::exchange(queued, Upstream());  // an empty write: nothing is left of it
  return true;
}

void DmaPort::Drain(uint64_t cycle) {
  while (!returns_.empty() && returns_.front().cycle <= cycle) {
    const PcieCredits& back = returns_.front().credits;
    credits_.posted_headers += back.posted_headers;
    credits_.posted_data += back.posted_data;
    credits_.non_posted_headers += back.non_posted_headers;
    returns_.pop_front();
  }
  const Femtoseconds now_fs = PsToFs(CycleToPs(cycle));
  // Reads that lack credits or tags may be passed by writes and completions; nothing passes a write
  // (PCIe 5.0, table 2-40).
  bool reads_wait = false;
  for (size_t i = 0; i < queue_.size() && link_free_fs_ <= now_fs;) {
    Upstream& queued = queue_[i];
    const bool read = queued.kind == Upstream::Kind::kRead;
    Upstream leaves;
    if ((read && reads_wait) || !Cut(queued, &leaves)) {
      if (!read) return;
      reads_wait = true;
      ++i;
      continue;
    }
    const uint64_t overhead = RequestOverhead(leaves.addr);
    uint64_t bytes = 0;
    switch (leaves.kind) {
      case Upstream::Kind::kRegister:
        bytes = kCompletionOverhead + sizeof(leaves.result.data);
        break;
      case Upstream::Kind::kRead:
        bytes = leaves.credits.non_posted_headers * overhead;
        break;
      case Upstream::Kind::kMsix:
        bytes = overhead + sizeof(uint32_t);
        break;
      case Upstream::Kind::kWrite:
        bytes = leaves.data.size() + leaves.credits.posted_headers * overhead;
        queued_bytes_ -= leaves.data.size();
        break;
    }
    credits_.posted_headers -= leaves.credits.posted_headers;
    credits_.posted_data -= leaves.credits.posted_data;
    credits_.non_posted_headers -= leaves.credits.non_posted_headers;
    link_bytes += bytes;
    link_free_fs_ = std::max(link_free_fs_, now_fs) + bytes * byte_fs_;
    leaves.sent_ps = FsToPs(link_free_fs_);
    upstream.push_back(std::move(leaves));
    if (queued.kind == Upstream::Kind::kWrite && queued.data.empty()) {
      queue_.Erase(i);
    }
  }
}

}  // namespace handoff
