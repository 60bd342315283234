// SPDX-License-Identifier: Apache-2.0
//
// A queue in one block of memory: what std::deque does for devices that look at its ends in every
// cycle, at the price of an increment. Grows, never shrinks.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace handoff {

template <class T>
class RingQueue {
 public:
  bool empty() const { return count_ == 0; }
  size_t size() const { return count_; }
  T& front() { return places_[head_]; }
  const T& front() const { return places_[head_]; }
  T& operator[](size_t i) { return places_[(head_ + i) & mask()]; }

  // A place at the end, holding whatever lay there last: to be filled in.
  T& Extend() {
    if (count_ == places_.size()) Grow();
    return (*this)[count_++];
  }
  void push_back(T value) { Extend() = std::move(value); }
  void pop_front() {
    head_ = (head_ + 1) & mask();
    --count_;
  }
  // Takes away the i-th; those behind it move up.
  void Erase(size_t i) {
    if (i == 0) return pop_front();
    for (; i + 1 < count_; ++i) (*this)[i] = std::move((*this)[i + 1]);
    --count_;
  }

 private:
  size_t mask() const { return places_.size() - 1; }
  void Grow() {
    std::vector<T> places(count_ == 0 ? 16 : 2 * count_);  // a power of two
    for (size_t i = 0; i < count_; ++i) places[i] = std::move((*this)[i]);
    places_ = std::move(places);
    head_ = 0;
  }

  std::vector<T> places_;
  size_t head_ = 0;
  size_t count_ = 0;
};

}  // namespace handoff
