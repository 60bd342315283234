// SPDX-License-Identifier: Apache-2.0
#include "model/handoff_upload.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "model/flip.h"

namespace handoff {
namespace {

// 64 zero bytes, 64 of ones, 64 zero ones: a window of it masks lanes.
constexpr std::array<uint8_t, 192> kLanes = [] {
  std::array<uint8_t, 192> lanes{};
  for (uint32_t i = 64; i < 128; ++i) lanes[i] = 0xff;
  return lanes;
}();

uint64_t Word(const uint8_t* bytes, uint32_t i) {
  uint64_t word;
  std::memcpy(&word, bytes + 8 * i, sizeof word);
  return word;
}

// Lanes lane to lane + n - 1.
uint64_t Strobes(uint32_t lane, uint32_t n) {
  return (n == kDataBytes ? ~uint64_t{0} : (uint64_t{1} << n) - 1) << lane;
}

}  // namespace

handoff_upload::handoff_upload(const Params& params)
    : mask_(params.DctEntries - 1),
      u_burst_(kBurstDepth),
      u_ntf_(kNtfDepth),
      u_uerr_(kUerrs),
      u_err_(params.DctEntries) {}

void handoff_upload::Reset() {
  r_ = Regs{};
  u_fdata_skid_.Reset();
  u_blk_skid_.Reset();
  u_job_skid_.Reset();
  u_burst_.Reset();
  u_ntf_.Reset();
  u_uerr_.Reset();
  u_err_.Reset();
  d_ = q_ = Out{};
  load_done_ = load_uerr_ = load_upload_wr_ = changed_ = resting_ = false;
}

void handoff_upload::Edge() {
  changed_ = true;
  burst_pop_ = ntf_pop_ = false;
  if (*in.upload_wr_done_valid || r_.d1_valid || !u_ntf_.empty() || !u_uerr_.empty() ||
      q_.done_valid || q_.uerr_valid || r_.clr) {
    TickAnswers();
  }
  TickStep();
  d_.fdata_ready = u_fdata_skid_.ready();
  d_.blk_ready = u_blk_skid_.ready();
  d_.job_ready = u_job_skid_.ready();
  resting_ = !r_.job_valid && !d_.upload_wr_valid && Rests();
  d_.quiet = resting_ && u_fdata_skid_.empty() && u_burst_.empty() && u_ntf_.empty();
}

// -------------------------------------------------------------------------------------------------
// Step: which bytes the next beat to memory holds, and which beats of the frame they lie in.
void handoff_upload::TickStep() {
  const bool fdata_v = u_fdata_skid_.valid(*in.fdata_valid);
  const Beat& fdata = u_fdata_skid_.data(*in.fdata);
  const bool upload_wr_free = !q_.upload_wr_valid || *in.upload_wr_ready;
  bool emit = false, pop = false, blk_pop = false, fin = false, begin = false;
  uint32_t n = 0;
  uint32_t rem_d = r_.rem;
  const uint32_t next = r_.have ? r_.idx + 1 : 0;

  if (r_.job_valid && r_.rem != 0) {
    n = std::min<uint32_t>(kDataBytes - r_.addr % kDataBytes, r_.rem);
    const uint32_t b = (r_.off + n - 1) / kDataBytes;
    const uint32_t page_beat = r_.addr / kDataBytes % kPageBeats;
    const bool first = !r_.mid || page_beat == 0;
    const bool write = r_.kind == JobKind::JobWrite;
    const bool held = r_.have && (r_.ended || r_.idx >= b);
    const bool head = !held && next == b && fdata_v;
    const bool there =
        r_.kind == JobKind::JobBlock ? u_blk_skid_.valid(*in.blk_valid) : held || head;
    emit = there && upload_wr_free && (!first || (u_burst_.ready() && !Far()));
    if (emit) {
      LoadUw(n, first, head, b, fdata.data);
      d_.upload_wr.last = n == r_.rem || page_beat == kPageBeats - 1;
      begin = first;
      rem_d -= n;
      pop = write && head;
      blk_pop = !write && rem_d == 0;
    } else {
      pop = write && !held && next < b && fdata_v;  // skip
    }
  } else if (r_.job_valid) {
    pop = r_.frame_end && !r_.ended && fdata_v;  // drain
  }
  if (r_.job_valid && rem_d == 0) {
    const bool ended_d = r_.ended || (pop && fdata.last);
    fin = (!r_.frame_end || ended_d) && (!r_.has_ntf || u_ntf_.ready());
  }
  const bool pre = fin && r_.frame_end && r_.ended && fdata_v;
  pop = pop || pre;
  const bool take = (!r_.job_valid || fin) && !r_.clr && u_job_skid_.valid(*in.job_valid);
  load_upload_wr_ = emit;
  d_.upload_wr_valid = emit || !upload_wr_free;

  // What is begun waits for its answer.
  if (begin) {
    u_burst_.Tick(true, Burst{r_.user, r_.ntf.conn, r_.ntf.gen, r_.has_ntf, r_.wslot}, burst_pop_);
    ++r_.issued;
  } else if (burst_pop_) {
    u_burst_.Tick(false, Burst{}, true);
  }
  if (fin && r_.has_ntf) {
    u_ntf_.Tick(true, Wait{r_.ntf, r_.issued}, ntf_pop_);
    r_.wslot = (r_.wslot + 1) & kSlotMask;
  } else if (ntf_pop_ || !u_ntf_.settled()) {
    u_ntf_.Tick(false, Wait{}, ntf_pop_);
  }

  // The frame.
  if (pop) r_.beat = fdata.data;
  if (fin && r_.frame_end) {
    r_.have = pre;
    r_.idx = 0;
    r_.ended = pre && fdata.last;
  } else if (pop) {
    r_.have = true;
    r_.idx = static_cast<uint16_t>(std::min(next, kMaxIdx));
    r_.ended = fdata.last;
  }

  // The job.
  if (take) {
    TakeJob();
  } else {
    if (emit) {
      r_.off = (r_.off + n) & kOffMask;
      r_.rem = static_cast<uint16_t>(rem_d);
      r_.addr += n;
      r_.mid = true;
    }
    r_.job_valid = r_.job_valid && !fin;
  }

  // Clearing.
  if (r_.clr) {
    r_.clr = r_.clr_addr != mask_;
    r_.clr_addr = (r_.clr_addr + 1) & mask_;
  }

  u_fdata_skid_.Tick(*in.fdata_valid, *in.fdata, pop);
  u_blk_skid_.Tick(*in.blk_valid, *in.blk, blk_pop);
  u_job_skid_.Tick(*in.job_valid, *in.job, take);
}

void handoff_upload::TakeJob() {
  const Job& job = u_job_skid_.data(*in.job);
  const bool block = job.kind == JobKind::JobBlock;
  r_.job_valid = true;
  r_.kind = job.kind;
  r_.frame_end = job.frame_end;
  r_.user = job.user;
  r_.has_ntf = job.has_ntf;
  r_.ntf = job.ntf;
  r_.off = block ? 0 : job.off;
  r_.rem = block ? kStateBlockBytes : job.kind == JobKind::JobWrite ? job.len : 0;
  r_.addr = block ? job.addr & ~uint64_t{kDataBytes - 1} : job.addr;
  r_.mid = false;
}

// -------------------------------------------------------------------------------------------------
// One beat to memory: merge two beats of the frame, rotate, keep the wanted lanes.

// n bytes of the frame from off on, at their lanes; or 64 of the block.
void handoff_upload::LoadUw(uint32_t n, bool first, bool head, uint32_t b, const Data& fdata) {
  const uint32_t lane = r_.addr % kDataBytes;
  Wr& upload_wr = d_.upload_wr;
  upload_wr.first = first;
  upload_wr.addr = first ? r_.addr - lane : 0;
  upload_wr.beats = 0;
  if (first) {
    const uint32_t left = (lane + r_.rem + kDataBytes - 1) / kDataBytes;
    const uint32_t page = kPageBeats - static_cast<uint32_t>(r_.addr / kDataBytes % kPageBeats);
    upload_wr.beats = static_cast<uint8_t>(std::min(left, page));
  }
  upload_wr.strb = Strobes(lane, n);
  if (r_.kind == JobKind::JobBlock) {
    uint64_t words[16];
    const uint32_t j = r_.off / kDataBytes;
    upload_wr.data = Data{};
    if (j >= 2) return;
    u_blk_skid_.data(*in.blk).Pack(words);
    std::memcpy(upload_wr.data.bytes(), words + 8 * j, kDataBytes);
    return;
  }
  // The frame's beat with the first byte, and the one after it.
  const uint32_t so = r_.off % kDataBytes;
  const Data& low = head && r_.off / kDataBytes == b ? fdata : r_.beat;
  const Data& high = head ? fdata : r_.beat;
  if (so == lane) {
    upload_wr.data = low;
  } else {
    // Lane i takes byte i + so - lane of the two: each word is made of the ends of two words.
    const uint32_t shift = kDataBytes + so - lane;
    const uint32_t bits = 8 * (shift % 8);
    uint64_t words[3 * Data::kWords + 1];  // those below low and above high are masked out
    std::memcpy(words + Data::kWords, low.w.data(), kDataBytes);
    std::memcpy(words + 2 * Data::kWords, high.w.data(), kDataBytes);
    for (uint32_t i = 0; i < Data::kWords; ++i) words[i] = 0;
    words[3 * Data::kWords] = 0;
    const uint64_t* from = words + shift / 8;
    for (uint32_t i = 0; i < Data::kWords; ++i) {
      upload_wr.data.w[i] = from[i] >> bits | from[i + 1] << 1 << (63 - bits);
    }
  }
  if (n == kDataBytes) return;
  const uint8_t* above = kLanes.data() + 64 - lane;       // lanes from lane on
  const uint8_t* below = kLanes.data() + 128 - lane - n;  // lanes under lane + n
  for (uint32_t i = 0; i < Data::kWords; ++i)
    upload_wr.data.w[i] &= Word(above, i) & Word(below, i);
}

// -------------------------------------------------------------------------------------------------
// Bursts begun, and their answers.

// And what follows them: notifications, uerr. Of u_burst and u_ntf it only decides the pops,
// TickStep() the pushes.
void handoff_upload::TickAnswers() {
  burst_pop_ = *in.upload_wr_done_valid && u_burst_.valid();
  const bool err = burst_pop_ && in.upload_wr_done->err;
  const Burst burst = burst_pop_ ? u_burst_.data() : Burst{};
  const bool err_we = err && burst.user;

  // -----------------------------------------------------------------------------------------------
  // Notifications: wait for the bursts before them, then for the error RAM, then leave.

  const bool done_free = !q_.done_valid || *in.done_ready;
  const bool d1_resync = r_.d1.kind == NtfKind::NtfResync;
  const bool d1_go = r_.d1_valid && done_free && !(err_we && d1_resync);
  load_done_ = d1_go;
  if (d1_go) {
    d_.done = r_.d1;
    const Err& seen = u_err_.rdata();
    d_.done.error = r_.d1.error || (r_.d1.kind == NtfKind::NtfHandBack && r_.d1.count != 0 &&
                                    seen.err && seen.gen == r_.d1.gen);
  }
  d_.done_valid = d1_go || !done_free;
  const uint32_t resync_conn = r_.d1.conn & mask_;
  ntf_pop_ = u_ntf_.valid() && Retired() && (!r_.d1_valid || d1_go);
  r_.d1_valid = ntf_pop_ || (r_.d1_valid && !d1_go);
  if (ntf_pop_) {
    const uint64_t bit = uint64_t{1} << (r_.rslot & kSlotMask);
    r_.d1 = u_ntf_.data().ntf;
    r_.d1.error = r_.d1.error || (r_.ntf_err & bit) != 0;
    r_.ntf_err &= ~bit;
    r_.rslot = (r_.rslot + 1) & kSlotMask;
    u_err_.TickRead(r_.d1.conn & mask_);
  }
  if (err && burst.has_ntf) r_.ntf_err |= uint64_t{1} << (burst.slot & kSlotMask);
  if (burst_pop_) ++r_.retired;

  // u_err's write port.
  if (r_.clr) {
    r_.clr_addr &= mask_;
    u_err_.TickWrite(r_.clr_addr, Err{});
  } else if (err_we) {
    u_err_.TickWrite(burst.conn & mask_, Err{true, burst.gen});
  } else if (d1_go && d1_resync) {
    u_err_.TickWrite(resync_conn, Err{});
  }

  // -----------------------------------------------------------------------------------------------
  // Upload errors on acknowledged bytes.

  const bool uerr_free = !q_.uerr_valid || *in.uerr_ready;
  const bool uerr_pop = u_uerr_.valid() && uerr_free;
  load_uerr_ = uerr_pop;
  if (uerr_pop) d_.uerr = u_uerr_.data();
  d_.uerr_valid = uerr_pop || !uerr_free;
  if (err_we || uerr_pop || !u_uerr_.settled()) {
    u_uerr_.Tick(err_we, Uerr{.conn = burst.conn, .gen = burst.gen}, uerr_pop);
  }
}

// -------------------------------------------------------------------------------------------------
// Quiet.

// Without a job and a beat on its way out: nothing moves by itself.
bool handoff_upload::Rests() const {
  return !r_.clr && !r_.d1_valid && u_blk_skid_.settled() && u_job_skid_.settled() &&
         (u_fdata_skid_.ready() || !u_fdata_skid_.empty()) && u_uerr_.empty() && !d_.done_valid &&
         !d_.uerr_valid && (u_ntf_.empty() || (u_ntf_.valid() && !Retired()));
}

// -------------------------------------------------------------------------------------------------
// Registers.
bool handoff_upload::Flip(std::string_view reg, uint32_t bit) {
  const bool done = FlipRegister(*this, reg, bit);
  d_.fdata_ready = u_fdata_skid_.ready();
  d_.blk_ready = u_blk_skid_.ready();
  d_.job_ready = u_job_skid_.ready();
  q_ = d_;
  resting_ = false;
  return done;
}

}  // namespace handoff
