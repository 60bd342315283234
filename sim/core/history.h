// SPDX-License-Identifier: Apache-2.0
//
// What crossed the channels between units: the last transfers of each unit, and of each connection
// those that name it. Kept packed; made to text only when somebody asks.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "gen/handoff_pkg.h"
#include "sim/ports.h"

namespace handoff {

// The connection that a value names, by the member `conn` where its sender means it.
template <class T>
std::optional<Conn> ConnectionOf(const T& value) {
  if constexpr (requires { value.conn; }) {
    return value.conn;
  } else {
    return std::nullopt;
  }
}
inline std::optional<Conn> ConnectionOf(const CmdKey& value) { return value.cmd.conn; }
// A frame that hit no entry names none.
inline std::optional<Conn> ConnectionOf(const Op& op) {
  if (op.is_cmd) return op.cmd.conn;
  return op.hit ? std::optional<Conn>(op.conn) : std::nullopt;
}
inline std::optional<Conn> ConnectionOf(const Ntf& ntf) {
  const bool frame = ntf.kind == NtfKind::NtfLegacyFrame;
  return frame && !ntf.hit ? std::nullopt : std::optional<Conn>(ntf.conn);
}
inline std::optional<Conn> ConnectionOf(const Place& place) {
  if (place.kind == PlaceKind::PlaceDrop) return std::nullopt;
  return place.kind == PlaceKind::PlaceWhole ? ConnectionOf(place.ntf) : place.conn;
}
inline std::optional<Conn> ConnectionOf(const Job& job) {
  return job.has_ntf ? ConnectionOf(job.ntf) : std::nullopt;
}

// Whether it is this field of a packed value that names its connection: the one with which the
// connection changes. The others called `conn` mean nothing then.
template <class T>
bool NamesConnection(const FieldInfo& field, const uint64_t* words) {
  if constexpr (std::is_class_v<T>) {
    std::array<uint64_t, T::kWords> changed;
    std::copy_n(words, changed.size(), changed.begin());
    changed[field.lsb / 64] ^= uint64_t{1} << (field.lsb % 64);
    const std::optional<Conn> was = ConnectionOf(T::Unpack(words));
    const std::optional<Conn> is = ConnectionOf(T::Unpack(changed.data()));
    return was && is && *was != *is;
  } else {
    return false;
  }
}

// A transfer's value, decoded; of a struct the fields that are not 0, and the one that names the
// connection.
std::string TransferText(const PortInfo& port, const uint64_t* words,
                         bool (*names_connection)(const FieldInfo&, const uint64_t*));

class History {
 public:
  // The channels of a unit, in and out. Its inputs are bound, and they and its outputs stay where
  // they are. `Rtl` is its generated adapter.
  template <class Rtl>
  void AddUnit(const char* name, const typename Rtl::In& in, const typename Rtl::Out& out) {
    units_.push_back({.name = name});
    std::vector<const bool*> bits(std::size(Rtl::kPorts));
    std::vector<Channel> payloads(std::size(Rtl::kPorts));
    const auto see = [&](const PortInfo& port, const auto& value) {
      const size_t index = static_cast<size_t>(&port - Rtl::kPorts);
      payloads[index] = Payload(value);
      if constexpr (std::is_same_v<decltype(value), const bool&>) bits[index] = &value;
    };
    Rtl::ForEachInput(in, see);
    Rtl::ForEachOutput(out, see);
    const auto bit = [&](const std::string& port_name) {
      for (size_t i = 0; i < bits.size(); ++i) {
        if (Rtl::kPorts[i].name == port_name) return bits[i];
      }
      return static_cast<const bool*>(nullptr);
    };
    for (uint32_t i = 0; i < Rtl::kNumChannels; ++i) {
      const ChannelInfo& info = Rtl::kChannels[i];
      Channel channel = payloads[info.payload_port];
      channel.unit = static_cast<uint32_t>(units_.size() - 1);
      channel.info = &info;
      channel.port = &Rtl::kPorts[info.payload_port];
      channel.valid = bit(std::string(info.name) + "_valid");
      if (info.has_ready) channel.ready = bit(std::string(info.name) + "_ready");
      channels_.push_back(channel);
    }
  }

  // Keeps the transfers of the edge that ends this cycle; before it.
  void Sample(uint64_t cycle) {
    for (uint32_t i = 0; i < channels_.size(); ++i) {
      const Channel& channel = channels_[i];
      if (*channel.valid && (channel.ready == nullptr || *channel.ready)) Keep(cycle, i);
    }
  }

  // Oldest first, a line each; one that says so if there was none.
  std::string OfUnit(std::string_view unit) const;
  std::string OfConnection(Conn conn) const;
  // The one that the unit's latest transfers named.
  std::optional<Conn> LatestConnection(std::string_view unit) const;

 private:
  struct Channel {
    uint32_t unit = 0;
    const ChannelInfo* info = nullptr;
    const PortInfo* port = nullptr;
    const bool* valid = nullptr;
    const bool* ready = nullptr;  // null: a pulse
    const void* payload = nullptr;
    uint32_t words = 0;
    void (*pack)(const void*, uint64_t*) = nullptr;
    std::optional<Conn> (*connection)(const void*) = nullptr;
    bool (*names_connection)(const FieldInfo&, const uint64_t*) = nullptr;
  };
  struct Transfer {
    uint64_t cycle = 0;
    uint32_t channel = 0;
    std::vector<uint64_t> words;  // grows to the widest payload once
  };
  struct Ring {
    std::array<Transfer, kKeptTransfers> kept;
    uint64_t count = 0;
    Transfer& Next() { return kept[count++ % kKeptTransfers]; }
  };
  struct Unit {
    const char* name;
    Ring ring{};
    std::optional<Conn> latest{};
  };

  template <class T>
  static Channel Payload(const T& value) {
    Channel channel;
    channel.payload = &value;
    if constexpr (std::is_class_v<T>) {
      channel.words = T::kWords;
    } else {
      channel.words = 1;
    }
    channel.pack = [](const void* from, uint64_t* words) {
      PackPort(*static_cast<const T*>(from), words);
    };
    channel.connection = [](const void* from) {
      return ConnectionOf(*static_cast<const T*>(from));
    };
    channel.names_connection = &NamesConnection<T>;
    return channel;
  }
  void Keep(uint64_t cycle, uint32_t index);
  std::string Text(const Ring& ring, bool name_units) const;

  std::vector<Unit> units_;
  std::vector<Channel> channels_;
  std::unordered_map<Conn, Ring> connections_;
};

}  // namespace handoff
