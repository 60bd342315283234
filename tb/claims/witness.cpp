// SPDX-License-Identifier: Apache-2.0
#include "tb/claims/witness.h"

#include <cstring>
#include <iterator>
#include <set>

namespace handoff::system {
namespace {

// Commands out of reads of their ring, which may end between the two slots of a SETUP.
class CommandReader {
 public:
  std::vector<Witness::Command> Read(const Witness::Dma& dma) {
    std::vector<Witness::Command> commands;
    for (size_t at = 0; at + kSlotBytes <= dma.bytes.size(); at += kSlotBytes) {
      Witness::Command::Slot slot;
      std::memcpy(slot.data(), dma.bytes.data() + at, kSlotBytes);
      if (setup_) {
        setup_->second = slot;
        commands.push_back(*setup_);
        setup_.reset();
        continue;
      }
      const auto kind = static_cast<CmdKind>(PlainDesc::Unpack(slot.data()).op);
      const Witness::Command command{.ps = dma.ps, .kind = kind, .first = slot};
      if (kind == CmdKind::CmdSetup) {
        setup_ = command;
      } else {
        commands.push_back(command);
      }
    }
    return commands;
  }

 private:
  std::optional<Witness::Command> setup_;  // its second slot follows
};

std::vector<LegacyDesc> LegacyDescs(const Witness::Dma& dma) {
  std::vector<LegacyDesc> buffers;
  for (size_t at = 0; at + kLegacyDescBytes <= dma.bytes.size(); at += kLegacyDescBytes) {
    std::array<uint64_t, 2> words;
    std::memcpy(words.data(), dma.bytes.data() + at, kLegacyDescBytes);
    buffers.push_back(LegacyDesc::Unpack(words.data()));
  }
  return buffers;
}

}  // namespace

Witness::Witness(Link& link, Iommu& iommu, const PhysicalMemory& memory) : memory_(memory) {
  using Fate = LinkDirection::Fate;
  const auto listen = [this](LinkDirection& direction, Fate when, bool to_peer) {
    direction.observer = [this, when, to_peer, other = std::move(direction.observer)](
                             uint64_t ps, Fate fate, const std::vector<uint8_t>& frame, bool bad) {
      if (other) other(ps, fate, frame, bad);
      if (fate == when) Hear(ps, to_peer, frame);
    };
  };
  listen(link.a_to_b, Fate::kSent, true);
  listen(link.b_to_a, Fate::kArrived, false);
  iommu.on_access = [this](const Access& access, const uint8_t* data) {
    Dma& dma = dma_.emplace_back();
    dma.ps = access.ps;
    dma.kind = access.kind;
    dma.addr = access.addr;
    dma.owner = memory_.RegionOf(access.addr)->owner;
    dma.bytes.assign(data, data + access.bytes);
  };
}

void Witness::SetRings(const std::array<uint64_t, 4>& bases, uint32_t legacy_buffer_bytes) {
  for (size_t i = 0; i < rings_.size(); ++i) rings_[i] = *memory_.RegionOf(bases[i]);
  legacy_buffer_bytes_ = legacy_buffer_bytes;
}

void Witness::Hear(uint64_t ps, bool to_peer, const std::vector<uint8_t>& bytes) {
  Frame& frame = frames_.emplace_back();
  frame.ps = ps;
  frame.to_peer = to_peer;
  frame.bytes = bytes;
  frame.tcp = FindSegment(frame.bytes);
  if (on_frame) on_frame(frame);
}

std::vector<Witness::Command> Witness::Commands(CmdKind kind) const {
  std::vector<Command> commands;
  CommandReader reader;
  for (const Dma& dma : dma_) {
    if (!InRing(dma, driver::RingId::kCommand)) continue;
    for (const Command& command : reader.Read(dma)) {
      if (command.kind == kind) commands.push_back(command);
    }
  }
  return commands;
}

std::vector<LegacyDesc> Witness::LegacyBuffers() const {
  std::vector<LegacyDesc> buffers;
  for (const Dma& dma : dma_) {
    if (!InRing(dma, driver::RingId::kLegacy)) continue;
    for (const LegacyDesc& buffer : LegacyDescs(dma)) buffers.push_back(buffer);
  }
  return buffers;
}

std::vector<Witness::Dma> Witness::WritesTo(Target target, size_t from) const {
  std::vector<Dma> writes;
  std::vector<Piece> user;
  std::set<uint64_t> legacy;  // first addresses
  CommandReader reader;
  const auto target_of = [&](const Dma& write) {
    if (InRing(write, driver::RingId::kNotification)) return Target::kNotifications;
    for (const Piece& piece : user) {
      if (write.addr >= piece.addr && write.end() <= piece.addr + piece.size) {
        return Target::kUserBuffer;
      }
    }
    const auto behind = legacy.upper_bound(write.addr);
    const bool found =
        behind != legacy.begin() && write.end() <= *std::prev(behind) + legacy_buffer_bytes_;
    return found ? Target::kLegacyBuffer : Target::kElsewhere;
  };
  for (size_t i = 0; i < dma_.size(); ++i) {
    const Dma& dma = dma_[i];
    if (dma.kind == AccessKind::kWrite) {
      if (i >= from && target_of(dma) == target) writes.push_back(dma);
    } else if (InRing(dma, driver::RingId::kCommand)) {
      for (const Command& command : reader.Read(dma)) {
        if (command.kind != CmdKind::CmdPost) continue;
        const auto post = command.As<PostDesc>();
        const std::array<Piece, 3> pieces = {post.piece0, post.piece1, post.piece2};
        user.insert(user.end(), pieces.begin(), pieces.begin() + post.n_pieces);
      }
    } else if (InRing(dma, driver::RingId::kLegacy)) {
      for (const LegacyDesc& buffer : LegacyDescs(dma)) legacy.insert(buffer.addr);
    }
  }
  return writes;
}

uint64_t TotalBytes(const std::vector<Witness::Dma>& accesses) {
  uint64_t bytes = 0;
  for (const Witness::Dma& access : accesses) bytes += access.bytes.size();
  return bytes;
}

}  // namespace handoff::system
