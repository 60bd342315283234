// SPDX-License-Identifier: Apache-2.0
//
// The engine on a board of one's own: the board's memory takes the engine's DMA, the board's
// processor writes its registers. A frame comes in from the link; the engine puts it into a buffer,
// then a notification into its ring, then sends an interrupt; the processor looks at all three.
//
//   FramePort ── Link ── handoff_engine_sc ── dma_out ─▶ Board ── registers_out ─▶ (the engine)

#include "model/sc/engine_module.h"  // before the sockets: it includes <systemc>

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "gen/handoff_pkg.h"
#include "gen/handoff_regs.h"
#include "model/link/frame_port.h"
#include "model/link/link.h"

using namespace handoff;

namespace {

constexpr uint64_t kLatencyPs = 250'000;  // of PCIe, one way: no less than PcieParams says
constexpr uint64_t kMemoryPs = 100'000;   // a read in memory

// Where things lie in the board's memory.
constexpr uint64_t kRings[] = {0x10000, 0x20000, 0x30000, 0x40000}, kBuffers = 0x100000;
constexpr uint32_t kLogSize = 8, kBufferBytes = 2048, kNumBuffers = 64;
enum { kCommands, kTransmit, kLegacy, kNotifications };

class Board : public sc_core::sc_module {
  using Payload = tlm::tlm_generic_payload;

 public:
  tlm_utils::simple_target_socket<Board, 32, PcieProtocol> dma_in;
  tlm_utils::simple_initiator_socket<Board, 32, PcieProtocol> registers_out;
  uint64_t frames = 0, interrupts = 0, version = 0;

  Board(sc_core::sc_module_name name, OrderedQueue& queue)
      : sc_module(name), dma_in("dma_in"), registers_out("registers_out"), queue_(queue) {
    dma_in.register_nb_transport_fw(this, &Board::FromEngine);
    registers_out.register_nb_transport_bw(this, &Board::RegisterDone);
    arrivals_ = queue.AddComponent(this->name() + std::string(".arrivals"));
    processor_ = queue.AddComponent(this->name() + std::string(".processor"));
    queue.Post(0, processor_, [this] { Start(); });
  }

 private:
  // --- The processor: registers, rings, and what it does at an interrupt. ---
  void Start() {
    Write(kBar0Address + offsetof(handoff_t, max_frame), kBufferBytes);
    Write(kBar0Address + offsetof(handoff_t, irq_count), 1);
    // Interrupt vector 0: where its message goes, what it says, and that it is not masked.
    Write(kBar2Address + MsixTable::kAddressLow, static_cast<uint32_t>(kMsiAddress));
    Write(kBar2Address + MsixTable::kControl, 0);
    for (uint32_t tag = 0; tag < kNumBuffers; ++tag) {
      uint64_t words[LegacyDesc::kWords];
      LegacyDesc{.tag = tag, .addr = kBuffers + tag * kBufferBytes}.Pack(words);
      std::memcpy(&memory_[kRings[kLegacy] + tag * sizeof words], words, sizeof words);
    }
    for (uint32_t i = 0; i < 4; ++i) {
      Write(Ring(i) + offsetof(handoff_ring_t, base_lo), static_cast<uint32_t>(kRings[i]));
      Write(Ring(i) + offsetof(handoff_ring_t, size), kLogSize);
      Write(Ring(i) + offsetof(handoff_ring_t, enable), 1);
    }
    Write(Ring(kLegacy) + offsetof(handoff_ring_t, index), kNumBuffers);
    Access(tlm::TLM_READ_COMMAND, kBar0Address + offsetof(handoff_t, version), 0);
  }
  static uint64_t Ring(uint32_t i) {
    return kBar0Address + offsetof(handoff_t, ring) + i * sizeof(handoff_ring_t);
  }
  void Write(uint64_t addr, uint32_t value) { Access(tlm::TLM_WRITE_COMMAND, addr, value); }

  void Interrupt() {
    ++interrupts;
    while (true) {
      uint64_t words[Ntf::kWords];
      std::memcpy(words, &memory_[kRings[kNotifications] + next_ * sizeof words], sizeof words);
      const Ntf ntf = Ntf::Unpack(words);
      if (!ntf.phase) break;  // the first time round the ring the engine writes 1
      ++next_;
      std::printf("%s, %u bytes in buffer %u:", NtfKindName(static_cast<uint64_t>(ntf.kind)),
                  static_cast<unsigned>(ntf.len), static_cast<unsigned>(ntf.tag));
      for (uint32_t i = 0; i < 6; ++i)
        std::printf(" %02x", memory_[kBuffers + ntf.tag * kBufferBytes + i]);
      std::printf(" ...\n");
      const uint8_t* at = &memory_[kBuffers + ntf.tag * kBufferBytes];
      frames += std::vector<uint8_t>(at, at + ntf.len) == Frame();
    }
    Write(Ring(kNotifications) + offsetof(handoff_ring_t, index), next_);
  }

  // --- The register initiator. ---
  void Access(tlm::tlm_command command, uint64_t addr, uint32_t value) {
    Tlp& tlp = tlps_.Get(command, addr, sizeof value);  // held until the transaction has ended
    std::memcpy(tlp.bytes.data(), &value, sizeof value);
    tlp.extension.EnableBytes(addr, sizeof value);
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay = sc_core::sc_time::from_value(kLatencyPs);
    registers_out->nb_transport_fw(tlp, phase, delay);
  }
  tlm::tlm_sync_enum RegisterDone(Payload& tlp, tlm::tlm_phase& phase, sc_core::sc_time&) {
    if (phase == tlm::END_REQ) {
      if (tlp.is_write()) tlp.release();
      return tlm::TLM_ACCEPTED;
    }
    if (ExtensionOf(tlp).status == CompletionStatus::kSuccess)
      std::memcpy(&version, tlp.get_data_ptr(), tlp.get_data_length());
    tlp.release();
    return tlm::TLM_COMPLETED;
  }

  // --- The memory target. ---
  tlm::tlm_sync_enum FromEngine(Payload& tlp, tlm::tlm_phase&, sc_core::sc_time& delay) {
    tlp.acquire();
    queue_.Post(queue_.now_ps() + delay.value(), arrivals_, [this, &tlp] { Arrive(tlp); });
    return tlm::TLM_ACCEPTED;
  }
  void Arrive(Payload& tlp) {
    const uint64_t addr = tlp.get_address(), bytes = tlp.get_data_length();
    const bool message = addr >= kMsiAddress && addr < kMsiAddress + kMsiBytes;
    const bool good = message || addr + bytes <= memory_.size();
    if (good && !message) {
      uint8_t *from = &memory_[addr], *to = tlp.get_data_ptr();
      if (tlp.is_write()) std::swap(from, to);
      std::memcpy(to, from, bytes);
    }
    tlp.set_response_status(good ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE);
    if (!good) ExtensionOf(tlp).status = CompletionStatus::kUnsupportedRequest;
    Answer(tlp, tlm::END_REQ, kLatencyPs);
    if (tlp.is_read()) Answer(tlp, tlm::BEGIN_RESP, kLatencyPs + kMemoryPs);
    tlp.release();
    if (message) Interrupt();
  }
  void Answer(Payload& tlp, tlm::tlm_phase phase, uint64_t ps) {
    sc_core::sc_time delay = sc_core::sc_time::from_value(ps);
    dma_in->nb_transport_bw(tlp, phase, delay);
  }

 public:
  // A frame for nobody whom the engine knows: it goes up as it is.
  static std::vector<uint8_t> Frame() {
    std::vector<uint8_t> frame(100);
    for (size_t i = 0; i < frame.size(); ++i) frame[i] = static_cast<uint8_t>(2 + i);
    return frame;
  }

 private:
  OrderedQueue& queue_;
  OrderedQueue::Component arrivals_ = 0, processor_ = 0;
  TlpPool tlps_;
  std::vector<uint8_t> memory_ = std::vector<uint8_t>(1 << 21);
  uint32_t next_ = 0;  // of the notification ring
};

}  // namespace

int sc_main(int, char**) {
  OrderedQueue queue("queue");
  RunStatus status;
  handoff_engine_sc engine("engine", MakeModelCore(), {}, queue, status);
  Board board("board", queue);
  Link link("link", {}, {}, queue, 1);
  FramePort port("port", queue);
  engine.dma_out.bind(board.dma_in);
  board.registers_out.bind(engine.registers_in);
  link.BindA(engine);
  link.BindB(port);
  queue.Post(100 * kPsPerUs, queue.AddComponent("sender"), [&] { port.Send(Board::Frame()); });
  sc_core::sc_start(sc_core::sc_time::from_value(200 * kPsPerUs));
  for (const std::string& failure : status.failures()) std::printf("%s\n", failure.c_str());
  std::printf("version %llu, %llu frames as they were sent, %llu interrupts\n",
              static_cast<unsigned long long>(board.version),
              static_cast<unsigned long long>(board.frames),
              static_cast<unsigned long long>(board.interrupts));
  return status.failed() || board.frames != 1 || board.interrupts != 1 || board.version == 0;
}
