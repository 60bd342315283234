// SPDX-License-Identifier: Apache-2.0
#include "model/link/link.h"

#include <algorithm>
#include <cmath>

#include "gen/handoff_pkg.h"
#include "model/clock.h"

namespace handoff {
namespace {

// IEEE 802.3: preamble and start delimiter, FCS; then the inter-frame gap.
constexpr uint64_t kPreambleBytes = 8, kFcsBytes = 4, kGapBytes = 12;

}  // namespace

std::string LinkParams::Problem() const {
  if (!(rate_gbps > 0) || rate_gbps > 1000) return "rate_gbps must be above 0 and at most 1000";
  for (const double chance : {loss, reorder, duplicate, corrupt, corrupt_past_fcs}) {
    if (!(chance >= 0 && chance <= 1)) return "a chance must be 0 to 1";
  }
  return "";
}

LinkDirection::LinkDirection(sc_core::sc_module_name name, const LinkParams& params,
                             OrderedQueue& queue, uint64_t seed)
    : sc_module(name),
      in("in"),
      out("out"),
      params_(params),
      byte_fs_(static_cast<uint64_t>(std::llround(8e6 / params.rate_gbps))),
      queue_(queue),
      loss_(Stream(seed, "loss")),
      reorder_(Stream(seed, "reorder")),
      duplicate_(Stream(seed, "duplicate")),
      corrupt_(Stream(seed, "corrupt")),
      corrupt_past_fcs_(Stream(seed, "corrupt_past_fcs")),
      which_bit_(Stream(seed, "which_bit")) {
  in.register_nb_transport_fw(this, &LinkDirection::Take);
  const std::string prefix = this->name();
  arrivals_ = queue.AddComponent(prefix + ".arrivals");
  taps_in_ = queue.AddComponent(prefix + ".taps_in");
  taps_out_ = queue.AddComponent(prefix + ".taps_out");
}

Rng LinkDirection::Stream(uint64_t seed, std::string_view mishap) const {
  return Rng(seed, std::string(name()) + "." + std::string(mishap));
}

void LinkDirection::Flip(std::vector<uint8_t>& bytes) {
  const uint64_t bit = which_bit_.Below(bytes.size() * 8);
  bytes[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
}

// Called in the order in which the sender's frames end; only the annotated time counts, as an
// engine runs ahead of the clock.
tlm::tlm_sync_enum LinkDirection::Take(tlm::tlm_generic_payload& frame, tlm::tlm_phase&,
                                       sc_core::sc_time& delay) {
  const uint64_t now_ps = queue_.now_ps() + delay.value();
  std::vector<uint8_t> bytes = BytesOf(frame);
  bool bad = IsBad(frame);
  const uint64_t number = counts_.frames++;
  counts_.bytes += bytes.size();
  const bool lost = loss_.Chance(params_.loss) || params_.drop.count(number) != 0 || !up_;
  const bool late = reorder_.Chance(params_.reorder);
  const bool twice = duplicate_.Chance(params_.duplicate);
  const bool corrupt = corrupt_.Chance(params_.corrupt);
  const bool corrupt_past_fcs = corrupt_past_fcs_.Chance(params_.corrupt_past_fcs);
  Observe(now_ps, Fate::kSent, bytes, bad);

  const Femtoseconds now_fs = PsToFs(now_ps);
  const Femtoseconds start_fs = std::max(now_fs, free_fs_);
  if (params_.queue_bytes != 0 && (start_fs - now_fs) / byte_fs_ > params_.queue_bytes) {
    ++counts_.overflowed;
    Observe(now_ps, Fate::kLost, bytes, bad);
    return tlm::TLM_COMPLETED;
  }
  const uint64_t length = std::max<uint64_t>(bytes.size(), kMinFrameBytes);
  const Femtoseconds end_fs = start_fs + (kPreambleBytes + length + kFcsBytes) * byte_fs_;
  free_fs_ = end_fs + kGapBytes * byte_fs_;
  if (lost) {
    ++counts_.lost;
    Observe(now_ps, Fate::kLost, bytes, bad);
    return tlm::TLM_COMPLETED;
  }
  if (corrupt || corrupt_past_fcs) {
    ++counts_.corrupted;
    bad |= corrupt;
    Flip(bytes);
  }
  uint64_t arrival_ps = FsToPs(end_fs) + params_.delay_ns * kPsPerNs;
  if (late) {
    ++counts_.reordered;
    arrival_ps += params_.reorder_ns * kPsPerNs;
  }
  Deliver(bytes, bad, arrival_ps);
  if (twice) {
    ++counts_.duplicated;
    const Femtoseconds again_fs = free_fs_ + (kPreambleBytes + length + kFcsBytes) * byte_fs_;
    free_fs_ = again_fs + kGapBytes * byte_fs_;
    Deliver(bytes, bad, static_cast<uint64_t>(again_fs / kFsPerPs) + params_.delay_ns * kPsPerNs);
  }
  return tlm::TLM_COMPLETED;
}

// Handed over, in order of arrival, a whole propagation delay before it arrives: an engine at the
// other end has by then run at most that far ahead.
void LinkDirection::Deliver(const std::vector<uint8_t>& bytes, bool bad, uint64_t arrival_ps) {
  const uint64_t delay_ps = params_.delay_ns * kPsPerNs;
  FramePool::Payload& payload = pool_.Get(tlm::TLM_WRITE_COMMAND, 0, bytes);
  payload.extension.bad = bad;
  queue_.Post(arrival_ps - delay_ps, arrivals_, [this, &payload, arrival_ps, delay_ps] {
    ++counts_.delivered;
    if (observer) {
      queue_.Post(arrival_ps, taps_out_,
                  [this, arrival_ps, bytes = payload.bytes, is_bad = payload.extension.bad] {
                    observer(arrival_ps, Fate::kArrived, bytes, is_bad);
                  });
    }
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay = sc_core::sc_time::from_value(delay_ps);
    out->nb_transport_fw(payload, phase, delay);
    payload.release();
  });
}

void LinkDirection::Observe(uint64_t ps, Fate fate, const std::vector<uint8_t>& bytes, bool bad) {
  if (!observer) return;
  queue_.Post(ps, taps_in_, [this, ps, fate, bytes, bad] { observer(ps, fate, bytes, bad); });
}

uint64_t Link::least_delay_ps() const {
  return std::min(a_to_b.params().delay_ns, b_to_a.params().delay_ns) * kPsPerNs;
}

}  // namespace handoff
