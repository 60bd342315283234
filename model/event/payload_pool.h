// SPDX-License-Identifier: Apache-2.0
//
// Generic payloads that are used again and again: each with room for its data and an extension that
// is a part of it. Whoever keeps one beyond a call acquires it, and releases it when done (IEEE
// 1666, 14.5).
#pragma once

// clang-format off: Debian's <tlm> needs <systemc> before it
#include <systemc>
#include <tlm>
// clang-format on

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace handoff {

template <class Extension>
class PayloadPool : public tlm::tlm_mm_interface {
 public:
  class Payload : public tlm::tlm_generic_payload {
   public:
    using tlm_generic_payload::tlm_generic_payload;
    Extension extension;
    std::vector<uint8_t> bytes;
  };

  PayloadPool() = default;
  PayloadPool(const PayloadPool&) = delete;
  PayloadPool& operator=(const PayloadPool&) = delete;
  // An extension is a member of its payload, which must not delete it.
  ~PayloadPool() override {
    for (const auto& payload : all_) payload->clear_extension(&payload->extension);
  }

  // Held once by the caller, its data zero, its extension as new.
  Payload& Get(tlm::tlm_command command, uint64_t addr, size_t bytes) {
    Payload& payload = GetEmpty(command, addr);
    payload.bytes.assign(bytes, 0);
    SetData(payload);
    return payload;
  }
  // With these bytes.
  Payload& Get(tlm::tlm_command command, uint64_t addr, std::vector<uint8_t> bytes) {
    Payload& payload = GetEmpty(command, addr);
    payload.bytes = std::move(bytes);
    SetData(payload);
    return payload;
  }
  void free(tlm::tlm_generic_payload* payload) override {
    idle_.push_back(static_cast<Payload*>(payload));
  }
  // How many are held by somebody.
  size_t in_use() const { return all_.size() - idle_.size(); }

 private:
  Payload& GetEmpty(tlm::tlm_command command, uint64_t addr) {
    if (idle_.empty()) {
      all_.push_back(std::make_unique<Payload>(this));
      all_.back()->set_extension(&all_.back()->extension);
      idle_.push_back(all_.back().get());
    }
    Payload& payload = *idle_.back();
    idle_.pop_back();
    payload.extension = Extension();
    payload.set_command(command);
    payload.set_address(addr);
    payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    payload.acquire();
    return payload;
  }
  static void SetData(Payload& payload) {
    const auto length = static_cast<unsigned>(payload.bytes.size());
    payload.set_data_ptr(payload.bytes.data());
    payload.set_data_length(length);
    payload.set_streaming_width(length);
  }

  std::vector<std::unique_ptr<Payload>> all_;
  std::vector<Payload*> idle_;
};

}  // namespace handoff
