// SPDX-License-Identifier: Apache-2.0
//
// The whole system for a test that looks inside: applications over sockets, our stack, driver,
// PCIe, IOMMU, engine in lockstep, link and a peer with our stack, and a witness of wire and DMA.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/link/link.h"
#include "model/sc/engine_host.h"
#include "sim/run/machine.h"
#include "sim/run/stack_peer.h"
#include "sw/host/host.h"
#include "sw/policy/policy.h"
#include "tb/claims/witness.h"

namespace handoff::system {

inline constexpr uint16_t kPort = 5000;  // where the host listens

inline const tcp::IpAddr kPeerAddr = tcp::IpAddr::V4(10, 0, 0, 1);
inline const tcp::IpAddr kHostAddr = tcp::IpAddr::V4(10, 0, 0, 2);

class WholeSystem {
 public:
  struct Params {
    std::function<std::unique_ptr<policy::Policy>()> policy = policy::Always;
    driver::DelegationConfig delegation;
    double rate_gbps = 10;
  };

  // Elaborates SystemC: once a process.
  explicit WholeSystem(const Params& params);
  WholeSystem() : WholeSystem(Params()) {}

  // Brings the driver up, and tells the witness where the rings lie. False: it could not.
  bool Start();
  // Runs until it is done, at most so long; false: it is not.
  template <class F>
  bool Until(F&& done, int ms) {
    constexpr int kStepUs = 50;
    for (int us = 0; us < ms * 1000 && !done() && !status.failed(); us += kStepUs) {
      sc_core::sc_start(kStepUs, sc_core::SC_US);
    }
    return done();
  }
  void Wait(int ms) {
    Until([] { return false; }, ms);
  }
  // As software of the host, on its processor; returns when it has run.
  void Software(std::function<void()> software);
  void SpawnAtHost(sock::Task<> program);
  void SpawnAtPeer(sock::Task<> program) { peer.executor.Spawn(std::move(program)); }

  // The entry's state by QUERY; none if it has no entry.
  std::optional<State> Query(tcp::Connection& connection);
  uint64_t Count(Reason reason);
  // What is wrong with the run so far, strays of DMA and differences of the twins included; at the
  // end also what is left in the engine. Empty: nothing.
  std::string Problems(bool at_end = true);
  // Where bytes lie that an application was given: its own memory, or legacy buffers. 0: neither.
  uint64_t PhysOf(std::span<const uint8_t> view);
  // Where DMA may have put them, whoever owns it.
  sw::Owner OwnerOf(uint64_t phys) const { return machine.memory.RegionOf(phys)->owner; }

 private:
  Machine machine_;

 public:
  RunStatus& status = machine_.status;
  EngineHost& machine = machine_.engine_host();
  Link& link = machine_.link;
  host::Host& host = machine_.host;
  Witness witness{link, machine.iommu, machine.memory};
  StackPeer peer{"peer", {}, machine_.queue, 1};
};

// --- Programs ------------------------------------------------------------------------------------

// A user buffer as its application knows it.
struct GivenBuffer {
  sw::VirtAddr addr;
  size_t bytes = 0;
};

// One read of the receiving application.
struct Reading {
  tcp::Place place = tcp::Place::kStack;
  uint64_t phys = 0;  // where the bytes lay; 0: in the stack's own memory
  uint64_t bytes = 0;
  bool by_dma = false;  // the IOMMU's log has a write for each of the bytes
  uint16_t buffer = 0;  // id of the user buffer
};

struct Received {
  std::shared_ptr<tcp::Connection> connection;
  bool posted = false;  // the stack has taken all user buffers
  std::vector<Reading> readings;
  uint64_t bytes = 0, wrong = 0;
  bool done = false;

  uint64_t BytesAt(tcp::Place place) const;
  bool Live() const {
    return connection && connection->delegation().phase == tcp::Delegation::kLive;
  }
};

// At the host: accepts one connection, gives the engine these buffers once it is delegated, in this
// order, each once, and reads to the end.
sock::Task<> Receive(WholeSystem& system, uint16_t port, std::vector<GivenBuffer> buffers,
                     Received& got);

struct Sending {
  uint64_t total = 0;          // may grow while it runs
  uint64_t message_bytes = 0;  // 0: as much as there is
  sw::Micros pause;            // between messages
  bool end = true;             // ends its direction after the last byte; else waits to be told
  tcp::OpenOptions options;

  std::shared_ptr<tcp::Connection> connection;
  uint64_t sent = 0;
  bool done = false;
};
// At the peer: connects to the host and sends.
sock::Task<> ConnectAndSend(WholeSystem& system, uint16_t port, Sending& sending);
// The other way round: the host listens and sends once it is connected to, the peer reads.
sock::Task<> AcceptAndSend(WholeSystem& system, uint16_t port, Sending& sending);
sock::Task<> ConnectAndReceive(WholeSystem& system, uint16_t port, tcp::OpenOptions options,
                               Received& got);

}  // namespace handoff::system
