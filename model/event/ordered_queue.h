// SPDX-License-Identifier: Apache-2.0
//
// The order of everything outside the engine. Events are dispatched by time in picoseconds, then by
// component number, then in the order in which that component posted them: never by who woke first,
// so that the engine's quantum changes nothing. One SystemC process dispatches all of them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <systemc>
#include <vector>

namespace handoff {

class OrderedQueue : public sc_core::sc_module {
 public:
  using Component = uint32_t;
  using Handle = uint64_t;  // names one posted event; 0 names none
  static constexpr uint64_t kNone = ~uint64_t{0};

  explicit OrderedQueue(sc_core::sc_module_name name);
  SC_HAS_PROCESS(OrderedQueue);

  // Components are numbered in the order in which they are added: at elaboration, always the same.
  Component AddComponent(const std::string& name);

  // `ps` is not before now. An event posted for now by an event of now is dispatched in its order
  // among those that are still waiting.
  Handle Post(uint64_t ps, Component component, std::function<void()> event);
  // An event that was dispatched or cancelled before: no effect.
  void Cancel(Handle handle);

  uint64_t now_ps() const { return sc_core::sc_time_stamp().value(); }
  // Time of the next event; kNone without one.
  uint64_t next_ps() const;
  bool empty() const { return live_ == 0; }
  uint64_t dispatched() const { return dispatched_; }
  const std::string& name_of(Component component) const { return components_.at(component).name; }

 private:
  struct ComponentState {
    std::string name;
    uint64_t posted = 0;
  };
  struct Slot {
    std::function<void()> event;  // empty: cancelled
    uint32_t generation = 1;
  };
  struct Entry {
    uint64_t ps;
    uint64_t sequence;  // the component's own
    Component component;
    uint32_t slot;
    bool operator>(const Entry& other) const {
      if (ps != other.ps) return ps > other.ps;
      if (component != other.component) return component > other.component;
      return sequence > other.sequence;
    }
  };

  void Dispatch();
  void DropCancelled();
  void PopFront();

  std::vector<ComponentState> components_;
  std::vector<Entry> heap_;  // the earliest in front
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_slots_;
  uint64_t live_ = 0;
  uint64_t dispatched_ = 0;
  bool silent_ = true;  // before the first dispatch, and within one: no need to wake the process
  sc_core::sc_event wake_;
};

}  // namespace handoff
