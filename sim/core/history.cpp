// SPDX-License-Identifier: Apache-2.0
#include "sim/core/history.h"

#include "sim/core/mismatch.h"

namespace handoff {
namespace {

constexpr const char* kNone = "  none\n";

}  // namespace

std::string TransferText(const PortInfo& port, const uint64_t* words,
                         bool (*names_connection)(const FieldInfo&, const uint64_t*)) {
  if (port.num_fields == 0) return PortText(port, words);
  std::string text = "{";
  for (uint32_t i = 0; i < port.num_fields; ++i) {
    const FieldInfo& field = port.fields[i];
    const bool zero = pkg_detail::Hex(words, field.lsb, field.width) == "0x0";
    if (zero && !names_connection(field, words)) continue;
    text += (text.size() > 1 ? " " : "") + std::string(field.name) + "=";
    text += FieldText(port, field, words);
  }
  return text + "}";
}

void History::Keep(uint64_t cycle, uint32_t index) {
  const Channel& channel = channels_[index];
  Unit& unit = units_[channel.unit];
  const auto keep = [&](Ring& ring) {
    Transfer& transfer = ring.Next();
    transfer.cycle = cycle;
    transfer.channel = index;
    transfer.words.resize(channel.words);
    channel.pack(channel.payload, transfer.words.data());
  };
  keep(unit.ring);
  const std::optional<Conn> conn = channel.connection(channel.payload);
  if (!conn) return;
  unit.latest = conn;
  // A channel is its producer's output and its consumer's input: once is enough.
  if (!channel.info->is_input) keep(connections_[*conn]);
}

std::string History::Text(const Ring& ring, bool name_units) const {
  if (ring.count == 0) return kNone;
  std::string text;
  for (uint64_t i = ring.count > kKeptTransfers ? ring.count - kKeptTransfers : 0; i < ring.count;
       ++i) {
    const Transfer& transfer = ring.kept[i % kKeptTransfers];
    const Channel& channel = channels_[transfer.channel];
    text += "  cycle " + std::to_string(transfer.cycle) + " ";
    if (name_units) text += std::string(units_[channel.unit].name) + " ";
    text += channel.info->is_input ? "-> " : "<- ";
    text += std::string(channel.info->name) + " ";
    text += TransferText(*channel.port, transfer.words.data(), channel.names_connection) + "\n";
  }
  return text;
}

std::string History::OfUnit(std::string_view unit) const {
  for (const Unit& each : units_) {
    if (each.name == unit) return Text(each.ring, false);
  }
  return kNone;
}

std::string History::OfConnection(Conn conn) const {
  const auto at = connections_.find(conn);
  return at == connections_.end() ? std::string(kNone) : Text(at->second, true);
}

std::optional<Conn> History::LatestConnection(std::string_view unit) const {
  for (const Unit& each : units_) {
    if (each.name == unit) return each.latest;
  }
  return std::nullopt;
}

}  // namespace handoff
