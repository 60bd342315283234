// SPDX-License-Identifier: Apache-2.0
//
// The quantities that must not mix. A raw integer stops at the wire and at the register.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace handoff::sw {

// A TCP sequence number. Comparison is serial (RFC 1982): right for numbers less than 2^31 apart,
// and for that reason no order for a sorted container.
class Seq {
 public:
  constexpr Seq() = default;
  explicit constexpr Seq(uint32_t raw) : raw_(raw) {}
  constexpr uint32_t raw() const { return raw_; }

  constexpr Seq& operator+=(uint32_t bytes) {
    raw_ += bytes;
    return *this;
  }
  friend constexpr Seq operator+(Seq s, uint32_t bytes) { return Seq(s.raw_ + bytes); }
  friend constexpr Seq operator-(Seq s, uint32_t bytes) { return Seq(s.raw_ - bytes); }
  // How far `a` lies ahead of `b`; negative if it lies behind.
  friend constexpr int32_t operator-(Seq a, Seq b) { return static_cast<int32_t>(a.raw_ - b.raw_); }
  friend constexpr bool operator==(Seq a, Seq b) = default;
  friend constexpr bool operator<(Seq a, Seq b) { return a - b < 0; }
  friend constexpr bool operator>(Seq a, Seq b) { return b < a; }
  friend constexpr bool operator<=(Seq a, Seq b) { return !(b < a); }
  friend constexpr bool operator>=(Seq a, Seq b) { return !(a < b); }

 private:
  uint32_t raw_ = 0;
};

constexpr Seq Later(Seq a, Seq b) { return a < b ? b : a; }
constexpr Seq Earlier(Seq a, Seq b) { return a < b ? a : b; }
// Bytes from `from` up to `to`; `to` is never behind `from`.
constexpr uint32_t Distance(Seq from, Seq to) { return to.raw() - from.raw(); }

// An address of one address space; addresses of different spaces do not compare.
template <typename Space>
class Address {
 public:
  constexpr Address() = default;
  explicit constexpr Address(uint64_t raw) : raw_(raw) {}
  constexpr uint64_t raw() const { return raw_; }
  friend constexpr Address operator+(Address a, uint64_t bytes) { return Address(a.raw_ + bytes); }
  friend constexpr uint64_t operator-(Address a, Address b) { return a.raw_ - b.raw_; }
  friend constexpr auto operator<=>(Address, Address) = default;

 private:
  uint64_t raw_ = 0;
};
using PhysAddr = Address<struct PhysicalSpace>;
using VirtAddr = Address<struct VirtualSpace>;

// A point in time or a length of time, in microseconds.
class Micros {
 public:
  constexpr Micros() = default;
  explicit constexpr Micros(int64_t count) : count_(count) {}
  constexpr int64_t count() const { return count_; }
  constexpr Micros& operator+=(Micros d) {
    count_ += d.count_;
    return *this;
  }
  friend constexpr Micros operator+(Micros a, Micros b) { return Micros(a.count_ + b.count_); }
  friend constexpr Micros operator-(Micros a, Micros b) { return Micros(a.count_ - b.count_); }
  friend constexpr Micros operator*(Micros a, int64_t k) { return Micros(a.count_ * k); }
  friend constexpr Micros operator/(Micros a, int64_t k) { return Micros(a.count_ / k); }
  friend constexpr auto operator<=>(Micros, Micros) = default;

 private:
  int64_t count_ = 0;
};
constexpr Micros Millis(int64_t n) { return Micros(n * 1000); }
constexpr Micros Seconds(int64_t n) { return Micros(n * 1000000); }

// Names one connection of one stack for as long as the stack lives; never used twice.
class ConnId {
 public:
  constexpr ConnId() = default;
  explicit constexpr ConnId(uint32_t raw) : raw_(raw) {}
  constexpr uint32_t raw() const { return raw_; }
  friend constexpr auto operator<=>(ConnId, ConnId) = default;

 private:
  uint32_t raw_ = 0;
};

}  // namespace handoff::sw

template <>
struct std::hash<handoff::sw::ConnId> {
  size_t operator()(handoff::sw::ConnId id) const noexcept { return id.raw(); }
};
