// SPDX-License-Identifier: Apache-2.0
//
// What flows while there is an entry: segments out, bytes and frames in, windows, user buffers.
#include <algorithm>
#include <array>
#include <utility>

#include "sw/driver/delegation.h"

namespace handoff::driver {
namespace {

// set_desc_t.mask
constexpr uint8_t kSetEdge = 1, kSetMss = 2;

}  // namespace

// -- Out --

void Delegation::Transmit(tcp::Connection& connection, const tcp::SegmentSpec& spec) {
  Entry* const entry = Find(connection);
  if (entry == nullptr) return;  // it has just left; the stack sends it again
  FollowMss(*entry);
  TxDesc desc = MakeSend(spec);
  desc.conn = entry->index;
  desc.gen = entry->gen;

  std::vector<tcp::Hold> holds;
  std::array<handoff::Piece, kMaxPieces> pieces{};
  bool in_place = spec.payload.size() <= kMaxPieces;
  for (size_t i = 0; in_place && i < spec.payload.size(); ++i) {
    const tcp::HeldBytes& held = spec.payload[i];
    const auto addr = driver_.pool().Find(held.bytes);
    in_place = addr.has_value();
    if (!in_place) break;
    pieces[i] = {.size = static_cast<uint32_t>(held.bytes.size()), .addr = addr->raw()};
    holds.push_back(held.hold);
  }
  if (in_place) {
    desc.n_pieces = static_cast<uint8_t>(spec.payload.size());
  } else {
    const std::shared_ptr<uint8_t> copy = driver_.pool().Allocate(driver_.max_frame());
    uint8_t* to = copy.get();
    for (const tcp::HeldBytes& held : spec.payload) {
      to = std::copy(held.bytes.begin(), held.bytes.end(), to);
    }
    hw_.Charge(sw::Cost::kCopyByte, spec.len);
    pieces = {};
    pieces[0] = {.size = spec.len, .addr = driver_.pool().Find({copy.get(), spec.len})->raw()};
    desc.n_pieces = 1;
    holds = {copy};
  }
  if (desc.n_pieces > 0) {
    desc.piece0 = pieces[0];
    desc.piece1 = pieces[1];
    desc.piece2 = pieces[2];
  }
  ++entry->sends;
  ++entry->stats->sends;
  const bool pure_ack = spec.len == 0 && !spec.flags.fin;
  driver_.Send(desc, std::move(holds), [this, entry, pure_ack](const Ntf& ntf) {
    if (pure_ack && ntf.code == static_cast<uint8_t>(Status::StatusOk)) {
      ++entry->stats->pure_acks_sent;
    }
    --entry->sends;
    FreeIfDrained(*entry);
  });
}

// Corner 88: segments cut for a narrower path never wait behind a wider one.
void Delegation::FollowMss(Entry& entry) {
  const uint16_t mss = entry.connection->tcb().snd_mss;
  if (mss == entry.mss || entry.phase != Entry::Phase::kActive) return;
  entry.mss = mss;
  SetDesc desc;
  desc.op = static_cast<uint8_t>(CmdKind::CmdSet);
  desc.mask = kSetMss;
  desc.mss = mss;
  Issue(entry, desc, {});
}

void Delegation::AdvertiseEdge(tcp::Connection& connection, sw::Seq edge) {
  Entry* const entry = Find(connection);
  if (entry == nullptr || entry->phase != Entry::Phase::kActive) return;
  entry->edge_due = edge;
  SendEdge(*entry);
}

// One at a time: those that come meanwhile make one.
void Delegation::SendEdge(Entry& entry) {
  if (entry.edge_busy || !entry.edge_due || entry.phase != Entry::Phase::kActive) return;
  SetDesc desc;
  desc.op = static_cast<uint8_t>(CmdKind::CmdSet);
  desc.mask = kSetEdge;
  desc.rcv_edge = entry.edge_due->raw();
  entry.edge_due.reset();
  entry.edge_busy = true;
  Issue(entry, desc, [this](Entry& e, const Ntf&) {
    e.edge_busy = false;
    SendEdge(e);
  });
}

// -- In --

// Legacy buffers are few: what is to be read later moves out of them.
bool Delegation::Short() const {
  return driver_.legacy().posted() < driver_.legacy().buffers() / 2;
}

bool Delegation::OnFrame(const Ntf& ntf, const LegacyBytes& frame) {
  Entry* const entry = Find(ntf);
  if (entry == nullptr || entry->connection->state() == tcp::State::kClosed) return false;
  const auto connection = entry->connection;
  const bool stays_live = ntf.live && !ntf.to_resync;
  if (ntf.error || frame.bytes.empty()) {
    // Lost, but the engine has counted it: a RESUME could pass over it (corner 99).
    if (!stays_live) Leave(*entry);
    return true;
  }
  if (stays_live) ++entry->stats->frames_live;
  entry->frame_follows = false;
  tcp::LegacyVerdict verdict;
  verdict.live = stays_live;
  verdict.legacy_count = ntf.count;
  verdict.rcv_nxt = sw::Seq(ntf.seq);
  verdict.acceptable = ntf.acceptable;
  verdict.plain = {.ack_good = ntf.ack_good, .timestamp_good = ntf.paws_ok};
  verdict.sack = stays_live && ntf.code == static_cast<uint8_t>(Reason::ReasonSack);
  verdict.progress.snd_una = sw::Seq(ntf.snd_una);
  verdict.progress.snd_wnd = ntf.snd_wnd;
  verdict.progress.duplicate_acks = ntf.dup;
  if (!Short()) verdict.hold = frame.hold;

  const uint64_t before = connection->stats().bytes_in;
  hw_.Charge(sw::Cost::kSegment);
  stack_->InputLegacy(frame.bytes, verdict);
  const uint64_t taken = connection->stats().bytes_in - before;
  if (!verdict.hold) hw_.Charge(sw::Cost::kCopyByte, taken);
  hw_.NoteRead(frame.addr, frame.bytes.size(), StatsFor(*connection).name);
  StatsFor(*connection).bytes_host += taken;
  return true;
}

void Delegation::OnPayload(const Ntf& ntf, const LegacyBytes& payload) {
  Entry* const entry = Find(ntf);
  if (entry == nullptr) return;
  const auto connection = entry->connection;
  if (ntf.error || payload.bytes.empty()) {
    connection->OnDelegateFault();  // the peer's bytes were acknowledged (corner 98)
    return;
  }
  entry->stats->bytes_legacy += payload.bytes.size();
  hw_.NoteRead(payload.addr, payload.bytes.size(), entry->stats->name);
  tcp::StreamPiece piece{.seq = sw::Seq(ntf.seq),
                         .bytes = payload.bytes,
                         .place = tcp::Place::kLegacyBuffer,
                         .hold = payload.hold};
  if (Short()) {
    const auto copy = std::make_shared<tcp::Bytes>(payload.bytes.begin(), payload.bytes.end());
    hw_.Charge(sw::Cost::kCopyByte, copy->size());
    entry->stats->bytes_copied += copy->size();
    piece.bytes = *copy;
    piece.place = tcp::Place::kStack;
    piece.hold = copy;
  }
  connection->OnDelegatedData(std::move(piece));
}

void Delegation::OnProgress(const Ntf& ntf) {
  Entry* const entry = Find(ntf);
  if (entry == nullptr) return;
  ++entry->stats->progress;
  tcp::Progress progress;
  progress.snd_una = sw::Seq(ntf.snd_una);
  progress.snd_wnd = ntf.snd_wnd;
  progress.duplicate_acks = ntf.dup;
  if (ntf.count != 0) progress.ts_echo = ntf.count;
  const auto connection = entry->connection;
  connection->OnProgress(progress);
}

void Delegation::EndLive(Entry& entry) {
  if (!entry.live_since) return;
  entry.stats->live += hw_.Now() - *entry.live_since;
  entry.live_since.reset();
}

void Delegation::OnResync(const Ntf& ntf) {
  Entry* const entry = Find(ntf);
  if (entry == nullptr) return;
  ++entry->stats->resyncs;
  EndLive(*entry);
  entry->edge_due.reset();  // in resync every segment tells it
  entry->frame_follows = ntf.code != static_cast<uint8_t>(Reason::ReasonHost);
  const auto connection = entry->connection;
  if (ntf.code == static_cast<uint8_t>(Reason::ReasonDma)) {
    connection->OnDelegateFault();
    return;
  }
  tcp::ResyncNotice notice;
  notice.rcv_nxt = sw::Seq(ntf.seq);
  notice.snd_una = sw::Seq(ntf.snd_una);
  notice.snd_wnd = ntf.snd_wnd;
  notice.ts_recent = static_cast<uint32_t>(ntf.tag);
  notice.legacy_count = ntf.count;
  connection->OnDelegatedResync(notice);
}

// -- User buffers --

bool Delegation::PostUserBuffer(tcp::Connection& connection, std::span<uint8_t> buffer,
                                uint16_t id) {
  for (mem::AddressSpace* const memory : memories_) {
    const auto addr = memory->Find(buffer);
    if (addr) return PostUserBuffer(connection, *memory, *addr, buffer.size(), id);
  }
  return false;  // not memory of an application
}

bool Delegation::PostUserBuffer(tcp::Connection& connection, mem::AddressSpace& memory,
                                sw::VirtAddr addr, size_t bytes, uint16_t id) {
  Entry* const entry = Find(connection);
  if (entry == nullptr || entry->leave || entry->phase != Entry::Phase::kActive) return false;
  auto pin = memory.TryPin(addr, bytes, config_.max_piece_bytes);
  if (!pin || !entry->buffers.Add(id, std::move(pin))) return false;
  ++entry->stats->buffers_posted;
  PostIfWanted(*entry);
  return true;
}

// In resync they wait for the next RESUME; behind one that is under way the engine has them at
// once.
void Delegation::PostIfWanted(Entry& entry) {
  const tcp::Delegation phase = entry.connection->delegation().phase;
  if (phase == tcp::Delegation::kLive || phase == tcp::Delegation::kResuming) PostBuffers(entry);
}

void Delegation::PostBuffers(Entry& entry) {
  entry.buffers.Post([this, &entry](const PostDesc& desc) {
    Issue(entry, desc, [this, id = desc.id](Entry& e, const Ntf& ntf) {
      if (!e.connection || e.buffers.OnAnswer(id, ntf)) return;
      // Refused whole: it never comes back by itself.
      auto refused = e.buffers.TakeBack(id);
      refused->pin.reset();
      ReturnBuffer(e, *refused, e.connection->tcb().rcv_nxt, 0);
    });
  });
}

void Delegation::OnHandBack(const Ntf& ntf) {
  Entry* const entry = Find(ntf);
  if (entry == nullptr) return;
  auto buffer = entry->buffers.TakeBack(static_cast<uint16_t>(ntf.tag));
  if (!buffer) return;
  const auto connection = entry->connection;
  const auto why = static_cast<Back>(ntf.code);
  const bool again = ntf.count == 0 && !entry->leave &&
                     (why == Back::BackResync || why == Back::BackResume) &&
                     entry->phase == Entry::Phase::kActive;
  if (again) {
    entry->buffers.Retry(std::move(*buffer));
    return;
  }
  const sw::Seq start(ntf.seq);
  std::vector<tcp::StreamPiece> pieces = StreamOf(*buffer, start, ntf.count);
  for (size_t i = 0; i < pieces.size(); ++i) {
    hw_.NoteRead(buffer->pin->pieces()[i].addr, pieces[i].bytes.size(), entry->stats->name);
  }
  buffer->pin.reset();  // the engine is shut out; the pieces keep the memory
  if (ntf.error || why == Back::BackError) {
    ReturnBuffer(*entry, *buffer, connection->tcb().rcv_nxt, 0);
    connection->OnDelegateFault();
    return;
  }
  entry->stats->bytes_user += ntf.count;
  for (tcp::StreamPiece& piece : pieces) connection->OnDelegatedData(std::move(piece));
  ReturnBuffer(*entry, *buffer, start + ntf.count, ntf.count);
  PostIfWanted(*entry);
}

}  // namespace handoff::driver
