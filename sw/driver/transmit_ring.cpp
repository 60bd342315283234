// SPDX-License-Identifier: Apache-2.0
#include "sw/driver/transmit_ring.h"

#include <utility>

namespace handoff::driver {

void TransmitRing::Put(TxDesc desc, std::vector<tcp::Hold> holds, Done done) {
  Item item{.tag = ++last_tag_,
            .raw = desc.op == static_cast<uint8_t>(Tx::TxRaw),
            .holds = std::move(holds),
            .done = std::move(done)};
  if (item.raw) ++raw_put_;
  desc.tag = item.tag;
  desc.Pack(item.words.data());
  waiting_.push_back(std::move(item));
  PutWaiting();
}

void TransmitRing::PutWaiting() {
  while (!waiting_.empty() && ring_.free() > 0) {
    ring_.Put(waiting_.front().words);
    pending_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
}

void TransmitRing::OnSent(const Ntf& ntf) {
  if (pending_.empty() || pending_.front().tag != static_cast<uint16_t>(ntf.tag)) return;
  const Item sent = std::move(pending_.front());
  pending_.pop_front();
  ring_.Consumed(1);
  if (sent.raw) ++raw_sent_;
  PutWaiting();
  if (sent.done) sent.done(ntf);
}

void TransmitRing::Forget() {
  raw_sent_ = raw_put_;
  pending_.clear();
  waiting_.clear();
}

}  // namespace handoff::driver
