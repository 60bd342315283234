// SPDX-License-Identifier: Apache-2.0
//
// Claims 7 to 11, 14, 15, 19 to 27: where the bytes of a delegated connection go. What the engine
// was told is read out of the command ring as it fetched it; what it wrote, out of the IOMMU.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "sw/app/pattern.h"
#include "tb/claims/whole_system.h"

namespace handoff::system {
namespace {

using Target = Witness::Target;

constexpr uint64_t kMss = 1448;  // with timestamps

// A connection that is live before its first byte comes, so that each byte is the engine's to
// place.
struct LiveStream {
  WholeSystem system;
  Received got;
  Sending sending{.end = false};
  size_t from = 0;  // of the witness's accesses: those of the stream

  // After as many user buffers as are given have been posted.
  bool Begin(const std::vector<GivenBuffer>& buffers) {
    system.SpawnAtHost(Receive(system, kPort, buffers, got));
    system.SpawnAtPeer(ConnectAndSend(system, kPort, sending));
    if (!system.Until([&] { return got.Live() && got.posted; }, 20)) return false;
    system.Wait(1);  // the last POST is answered
    from = system.witness.dma().size();
    return true;
  }
  // Sends that many bytes more, and sees the application read them all.
  bool Send(uint64_t bytes) {
    sending.total += bytes;
    return system.Until([&] { return got.bytes == sending.total; }, 100);
  }
  bool End() {
    sending.end = true;
    const bool done = system.Until([&] { return got.done; }, 100);
    system.Wait(2);
    return done;
  }
  std::vector<Witness::Dma> WritesTo(Target target) {
    return system.witness.WritesTo(target, from);
  }
};

GivenBuffer Give(WholeSystem& system, size_t bytes, size_t stretch = 0, size_t offset = 0) {
  return {system.host.memory().Map(offset + bytes, stretch) + offset, bytes};
}

std::string ToText(const std::vector<Piece>& pieces) {
  std::string text;
  for (const Piece& piece : pieces) text += piece.ToString() + "\n";
  return text;
}

TEST(Claims, TheEngineIsToldPhysicalPlaceAndSizeOfEachUserBuffer) {
  RecordProperty("claims", "7 14 20 21 22");
  LiveStream stream;
  WholeSystem& system = stream.system;
  ASSERT_TRUE(system.Start()) << system.Problems();
  // In one piece, in the middle of pages; and scattered over the memory, page by page.
  const std::vector<GivenBuffer> given = {
      Give(system, 10000, 0, 100),
      Give(system, 3 * 4096 - 40, 4096, 17),
      Give(system, 1, 0, 4095),
  };
  ASSERT_TRUE(stream.Begin(given));

  // What the page table says, page by page.
  std::vector<std::vector<Piece>> expected;
  for (const GivenBuffer& buffer : given) {
    auto& pieces = expected.emplace_back();
    for (const mem::PhysPiece& piece : system.host.memory().Translate(buffer.addr, buffer.bytes)) {
      pieces.push_back({.size = static_cast<uint32_t>(piece.bytes()), .addr = piece.addr.raw()});
    }
  }
  ASSERT_EQ(expected[0].size(), 1u);
  ASSERT_EQ(expected[1].size(), 3u);
  std::vector<std::vector<Piece>> told(given.size());
  for (const auto& command : system.witness.Commands(CmdKind::CmdPost)) {
    const auto post = command.As<PostDesc>();
    ASSERT_LT(post.id, given.size());
    EXPECT_EQ(post.conn, system.witness.Commands(CmdKind::CmdSetup).at(0).As<Setup0Desc>().conn);
    const std::array<Piece, 3> pieces = {post.piece0, post.piece1, post.piece2};
    told[post.id].insert(told[post.id].end(), pieces.begin(), pieces.begin() + post.n_pieces);
  }
  for (size_t i = 0; i < given.size(); ++i) {
    EXPECT_EQ(ToText(told[i]), ToText(expected[i])) << "user buffer " << i;
    uint64_t bytes = 0;
    for (const Piece& piece : told[i]) {
      bytes += piece.size;
      EXPECT_NE(piece.addr, given[i].addr.raw()) << "no virtual address";
    }
    EXPECT_EQ(bytes, given[i].bytes);
  }
  // It fills them to exactly these sizes, one after the other.
  uint64_t total = 0;
  for (const GivenBuffer& buffer : given) total += buffer.bytes;
  ASSERT_TRUE(stream.Send(total));
  std::vector<uint64_t> filled(given.size());
  for (const Reading& reading : stream.got.readings) {
    ASSERT_EQ(reading.place, tcp::Place::kUserBuffer);
    filled.at(reading.buffer) += reading.bytes;
  }
  for (size_t i = 0; i < given.size(); ++i) EXPECT_EQ(filled[i], given[i].bytes);
  EXPECT_EQ(TotalBytes(stream.WritesTo(Target::kUserBuffer)), total);
  ASSERT_TRUE(stream.End());
  EXPECT_EQ(stream.got.wrong, 0u);
  EXPECT_EQ(system.Problems(), "");
}

TEST(Claims, PayloadIsUploadedToTheUserBufferAndReadThere) {
  RecordProperty("claims", "8 9 15 25 26");
  LiveStream stream;
  WholeSystem& system = stream.system;
  ASSERT_TRUE(system.Start()) << system.Problems();
  constexpr uint64_t kBytes = 100 * kMss;
  const GivenBuffer buffer = Give(system, kBytes + 5000, 0, 33);
  ASSERT_TRUE(stream.Begin({buffer}));
  const uint64_t place =
      system.host.memory().Translate(buffer.addr, buffer.bytes).front().addr.raw();
  const size_t first_frame = system.witness.frames().size();
  const uint64_t placed = system.Count(Reason::ReasonInOrderUser);
  ASSERT_TRUE(stream.Send(kBytes));

  // Each frame found the user buffer there ...
  uint64_t frames = 0, frame_bytes = 0;
  uint32_t stream_start = 0;
  for (size_t i = first_frame; i < system.witness.frames().size(); ++i) {
    const Witness::Frame& frame = system.witness.frames()[i];
    if (frame.to_peer || frame.payload() == 0) continue;
    if (frames++ == 0) stream_start = frame.tcp->segment.seq.raw();
    frame_bytes += frame.bytes.size();
    // ... and its payload, no more and no less, now lies where the user buffer said.
    const uint32_t at = frame.tcp->segment.seq.raw() - stream_start;
    const auto there = system.machine.memory.At(place + at, frame.payload());
    EXPECT_TRUE(std::equal(there.begin(), there.end(), frame.tcp->segment.payload.begin()));
  }
  EXPECT_EQ(system.Count(Reason::ReasonInOrderUser) - placed, frames);
  EXPECT_GE(frames, kBytes / kMss);
  EXPECT_GT(frame_bytes, kBytes + 40 * frames) << "frames have headers";
  // The engine's writes are the payload in its order, byte for byte, and nothing of it went
  // anywhere else.
  const auto writes = stream.WritesTo(Target::kUserBuffer);
  EXPECT_EQ(TotalBytes(writes), kBytes);
  uint64_t at = place;
  for (const Witness::Dma& write : writes) {
    EXPECT_EQ(write.addr, at);
    EXPECT_EQ(app::CountWrong(write.addr - place, write.bytes), 0u);
    at = write.end();
  }
  EXPECT_EQ(at, place + kBytes);
  EXPECT_TRUE(stream.WritesTo(Target::kLegacyBuffer).empty());
  EXPECT_TRUE(stream.WritesTo(Target::kElsewhere).empty());
  // The application read it right there, where DMA had put it.
  uint64_t next = place;
  for (const Reading& reading : stream.got.readings) {
    EXPECT_EQ(reading.place, tcp::Place::kUserBuffer);
    EXPECT_EQ(reading.phys, next);
    EXPECT_TRUE(reading.by_dma);
    next += reading.bytes;
  }
  EXPECT_EQ(next, place + kBytes);
  ASSERT_TRUE(stream.End());
  EXPECT_EQ(stream.got.wrong, 0u);
  EXPECT_EQ(system.Problems(), "");
}

TEST(Claims, PayloadGoesToLegacyBuffersIfTheApplicationGaveNoUserBuffer) {
  RecordProperty("claims", "10 11 27");
  LiveStream stream;
  WholeSystem& system = stream.system;
  ASSERT_TRUE(system.Start()) << system.Problems();
  // There is memory of the application that could hold it; nobody gave it to the engine.
  (void)Give(system, 1 << 20);
  constexpr uint64_t kBytes = 100 * kMss;
  ASSERT_TRUE(stream.Begin({}));
  const uint64_t placed = system.Count(Reason::ReasonInOrderLegacy);
  ASSERT_TRUE(stream.Send(kBytes));

  EXPECT_TRUE(system.witness.Commands(CmdKind::CmdPost).empty());
  EXPECT_GE(system.Count(Reason::ReasonInOrderLegacy) - placed, kBytes / kMss);
  EXPECT_EQ(system.Count(Reason::ReasonInOrderUser), 0u);
  // A part of each frame: the payload, without its headers.
  const auto writes = stream.WritesTo(Target::kLegacyBuffer);
  EXPECT_EQ(TotalBytes(writes), kBytes);
  uint64_t at = 0;
  for (const Witness::Dma& write : writes) {
    EXPECT_EQ(app::CountWrong(at, write.bytes), 0u);
    EXPECT_EQ(write.owner, sw::Owner::kDriver);
    at += write.bytes.size();
  }
  for (const Witness::Dma& dma : system.witness.dma()) {
    EXPECT_NE(dma.owner, sw::Owner::kApplication);
  }
  EXPECT_EQ(stream.got.BytesAt(tcp::Place::kLegacyBuffer), kBytes);
  for (const Reading& reading : stream.got.readings) EXPECT_TRUE(reading.by_dma);
  ASSERT_TRUE(stream.End());
  EXPECT_EQ(stream.got.wrong, 0u);
  EXPECT_EQ(system.Problems(), "");
}

TEST(Claims, TheEngineFindsOutForEachByteWhetherAUserBufferIsThere) {
  RecordProperty("claims", "8 9 10 11 15");
  LiveStream stream;
  WholeSystem& system = stream.system;
  ASSERT_TRUE(system.Start()) << system.Problems();
  // One buffer, given once, that ends in the middle of a frame: what follows finds none.
  constexpr uint64_t kRoom = 20 * kMss + 700, kBytes = 50 * kMss;
  ASSERT_TRUE(stream.Begin({Give(system, kRoom)}));
  ASSERT_TRUE(stream.Send(kBytes));
  const auto user = stream.WritesTo(Target::kUserBuffer);
  const auto legacy = stream.WritesTo(Target::kLegacyBuffer);
  EXPECT_EQ(TotalBytes(user), kRoom);
  EXPECT_EQ(TotalBytes(legacy), kBytes - kRoom);
  uint64_t at = 0;
  for (const auto* writes : {&user, &legacy}) {
    for (const Witness::Dma& write : *writes) {
      EXPECT_EQ(app::CountWrong(at, write.bytes), 0u);
      at += write.bytes.size();
    }
  }
  EXPECT_EQ(stream.got.BytesAt(tcp::Place::kUserBuffer), kRoom);
  EXPECT_EQ(stream.got.BytesAt(tcp::Place::kLegacyBuffer), kBytes - kRoom);
  EXPECT_GT(system.Count(Reason::ReasonInOrderUser), 0u);
  EXPECT_GT(system.Count(Reason::ReasonInOrderLegacy), 0u);
  ASSERT_TRUE(stream.End());
  EXPECT_EQ(stream.got.wrong, 0u);
  EXPECT_EQ(system.Problems(), "");
}

TEST(Claims, UserBuffersAreTheApplicationsMemoryAndLegacyBuffersTheDrivers) {
  RecordProperty("claims", "19 23 24");
  LiveStream stream;
  WholeSystem& system = stream.system;
  ASSERT_TRUE(system.Start()) << system.Problems();
  constexpr uint64_t kRoom = 3 * 4096;
  ASSERT_TRUE(stream.Begin({Give(system, kRoom, 4096)}));
  ASSERT_TRUE(stream.Send(2 * kRoom));

  const auto region = [&](uint64_t addr) { return *system.machine.memory.RegionOf(addr); };
  std::set<uint64_t> first, second;  // regions of the two parts
  for (const auto& command : system.witness.Commands(CmdKind::CmdPost)) {
    const auto post = command.As<PostDesc>();
    for (const Piece& piece : {post.piece0, post.piece1, post.piece2}) {
      const auto part = region(piece.addr);
      EXPECT_EQ(part.owner, sw::Owner::kApplication);
      EXPECT_LE(piece.addr + piece.size, part.end);
      first.insert(part.begin);
    }
  }
  EXPECT_EQ(first.size(), 3u) << "a stretch of memory for each page";
  const auto buffers = system.witness.LegacyBuffers();
  EXPECT_FALSE(buffers.empty());
  for (const LegacyDesc& buffer : buffers) {
    const auto part = region(buffer.addr);
    EXPECT_EQ(part.owner, sw::Owner::kDriver);
    EXPECT_LE(buffer.addr + system.host.driver().max_frame(), part.end);
    second.insert(part.begin);
  }
  for (const uint64_t begin : first) EXPECT_FALSE(second.contains(begin));
  // The engine wrote payload to both, and to the application's memory nothing else.
  for (const Witness::Dma& write : stream.WritesTo(Target::kUserBuffer)) {
    EXPECT_TRUE(first.contains(region(write.addr).begin));
  }
  for (const Witness::Dma& write : stream.WritesTo(Target::kLegacyBuffer)) {
    EXPECT_TRUE(second.contains(region(write.addr).begin));
  }
  uint64_t application = 0;
  for (const Witness::Dma& dma : system.witness.dma()) {
    if (dma.owner == sw::Owner::kApplication) application += dma.bytes.size();
  }
  EXPECT_EQ(application, kRoom);
  // The processor sees in both what the engine wrote.
  EXPECT_EQ(stream.got.BytesAt(tcp::Place::kUserBuffer), kRoom);
  EXPECT_EQ(stream.got.BytesAt(tcp::Place::kLegacyBuffer), kRoom);
  ASSERT_TRUE(stream.End());
  EXPECT_EQ(stream.got.wrong, 0u);
  EXPECT_EQ(system.Problems(), "");
}

}  // namespace
}  // namespace handoff::system
