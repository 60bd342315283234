// SPDX-License-Identifier: Apache-2.0
#include "model/event/ordered_queue.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace handoff {

OrderedQueue::OrderedQueue(sc_core::sc_module_name name) : sc_module(name) {
  if (sc_core::sc_get_time_resolution() != sc_core::sc_time(1, sc_core::SC_PS)) {
    throw std::logic_error("the time resolution must be 1 ps, SystemC's default");
  }
  SC_METHOD(Dispatch);
  sensitive << wake_;
}

OrderedQueue::Component OrderedQueue::AddComponent(const std::string& name) {
  components_.push_back({name});
  return static_cast<Component>(components_.size() - 1);
}

OrderedQueue::Handle OrderedQueue::Post(uint64_t ps, Component component,
                                        std::function<void()> event) {
  if (ps < now_ps()) throw std::logic_error("event in the past, of " + name_of(component));
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const uint32_t index = free_slots_.back();
  free_slots_.pop_back();
  Slot& slot = slots_[index];
  slot.event = std::move(event);
  const bool first = heap_.empty() || ps < heap_.front().ps;
  heap_.push_back({ps, components_.at(component).posted++, component, index});
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
  ++live_;
  // An earlier notification replaces a later one (IEEE 1666, 5.10.8).
  if (first && !silent_) wake_.notify(sc_core::sc_time::from_value(ps - now_ps()));
  return uint64_t{slot.generation} << 32 | index;
}

void OrderedQueue::Cancel(Handle handle) {
  const auto index = static_cast<uint32_t>(handle);
  if (index >= slots_.size()) return;
  Slot& slot = slots_[index];
  if (slot.generation != handle >> 32 || !slot.event) return;
  slot.event = nullptr;
  --live_;
}

void OrderedQueue::PopFront() {
  Slot& slot = slots_[heap_.front().slot];
  ++slot.generation;
  free_slots_.push_back(heap_.front().slot);
  std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
  heap_.pop_back();
}

void OrderedQueue::DropCancelled() {
  while (!heap_.empty() && !slots_[heap_.front().slot].event) PopFront();
}

uint64_t OrderedQueue::next_ps() const {
  if (live_ == 0) return kNone;
  if (slots_[heap_.front().slot].event) return heap_.front().ps;
  uint64_t next = kNone;
  for (const Entry& entry : heap_) {
    if (slots_[entry.slot].event) next = std::min(next, entry.ps);
  }
  return next;
}

void OrderedQueue::Dispatch() {
  silent_ = true;
  DropCancelled();
  while (!heap_.empty() && heap_.front().ps <= now_ps()) {
    std::function<void()> event = std::exchange(slots_[heap_.front().slot].event, nullptr);
    PopFront();
    --live_;
    ++dispatched_;
    event();
    DropCancelled();
  }
  silent_ = false;
  if (!heap_.empty()) wake_.notify(sc_core::sc_time::from_value(heap_.front().ps - now_ps()));
}

}  // namespace handoff
