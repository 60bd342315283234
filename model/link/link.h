// SPDX-License-Identifier: Apache-2.0
//
// A full-duplex Ethernet link that may do to frames what networks do: delay, lose, reorder,
// duplicate and corrupt them. Each mishap of each direction draws from a random stream of its own,
// once a frame, so that turning one on moves no other.
#pragma once

#include "model/link/frame.h"  // before the sockets: it includes <systemc>

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/event/ordered_queue.h"
#include "model/femtoseconds.h"
#include "model/rng.h"

namespace handoff {

struct LinkParams {
  double rate_gbps = 100;
  uint64_t delay_ns = 1000;  // propagation, from last byte out to last byte in
  // Chances of a frame's mishaps, 0 to 1.
  double loss = 0;
  double reorder = 0;  // held up for reorder_ns, so that later ones overtake it
  double duplicate = 0;
  double corrupt = 0;           // some bit is wrong, the FCS shows it
  double corrupt_past_fcs = 0;  // some bit is wrong, the FCS is right: what only checksums can see
  uint64_t reorder_ns = 20000;
  uint64_t queue_bytes =
      0;  // most that waits for the wire, beyond that frames are lost; 0: no limit
  std::set<uint64_t> drop;  // numbers of frames, from 0 on, that are lost in any case

  // Empty if all is well, else what is not, in words.
  std::string Problem() const;
};

class LinkDirection : public sc_core::sc_module {
 public:
  struct Counts {
    uint64_t frames = 0, bytes = 0;  // given to the link
    uint64_t lost = 0, overflowed = 0, reordered = 0, duplicated = 0, corrupted = 0;
    uint64_t delivered = 0;
  };
  enum class Fate : uint8_t { kSent, kLost, kArrived };
  using Observer =
      std::function<void(uint64_t ps, Fate fate, const std::vector<uint8_t>& frame, bool bad)>;

  LinkDirection(sc_core::sc_module_name name, const LinkParams& params, OrderedQueue& queue,
                uint64_t seed);

  tlm_utils::simple_target_socket<LinkDirection, 32, FrameProtocol> in;
  tlm_utils::simple_initiator_socket<LinkDirection, 32, FrameProtocol> out;

  // Frames given from now on are lost while the link is down.
  void SetUp(bool up) { up_ = up; }
  const Counts& counts() const { return counts_; }
  const LinkParams& params() const { return params_; }

  // Told of each frame when it is given to the link, when it is lost and when it arrives, in order
  // of time.
  Observer observer;

 private:
  tlm::tlm_sync_enum Take(tlm::tlm_generic_payload& frame, tlm::tlm_phase& phase,
                          sc_core::sc_time& delay);
  void Deliver(const std::vector<uint8_t>& bytes, bool bad, uint64_t arrival_ps);
  void Observe(uint64_t ps, Fate fate, const std::vector<uint8_t>& bytes, bool bad);
  Rng Stream(uint64_t seed, std::string_view mishap) const;
  void Flip(std::vector<uint8_t>& bytes);

  const LinkParams params_;
  const uint64_t byte_fs_;
  OrderedQueue& queue_;
  OrderedQueue::Component arrivals_, taps_in_, taps_out_;
  Rng loss_, reorder_, duplicate_, corrupt_, corrupt_past_fcs_, which_bit_;
  FramePool pool_;
  bool up_ = true;
  Femtoseconds free_fs_ = 0;  // the wire is free from then on
  Counts counts_;
};

// Both directions, between the ends A and B.
class Link : public sc_core::sc_module {
 public:
  Link(sc_core::sc_module_name name, const LinkParams& a_to_b, const LinkParams& b_to_a,
       OrderedQueue& queue, uint64_t seed)
      : sc_module(name),
        a_to_b("a_to_b", a_to_b, queue, seed),
        b_to_a("b_to_a", b_to_a, queue, seed) {}

  LinkDirection a_to_b;
  LinkDirection b_to_a;

  // Binds an end: something with sockets `out` and `in` (FramePort), or `link_out` and `link_in`
  // (the engine).
  template <class End>
  void BindA(End& end) {
    Bind(end, a_to_b, b_to_a);
  }
  template <class End>
  void BindB(End& end) {
    Bind(end, b_to_a, a_to_b);
  }
  void SetUp(bool up) {
    a_to_b.SetUp(up);
    b_to_a.SetUp(up);
  }
  // The least time from one end to the other.
  uint64_t least_delay_ps() const;

 private:
  template <class End>
  static void Bind(End& end, LinkDirection& away, LinkDirection& here) {
    if constexpr (requires { end.link_out; }) {
      end.link_out.bind(away.in);
      here.out.bind(end.link_in);
    } else {
      end.out.bind(away.in);
      here.out.bind(end.in);
    }
  }
};

}  // namespace handoff
