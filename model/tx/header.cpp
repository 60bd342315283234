// SPDX-License-Identifier: Apache-2.0
#include "model/tx/header.h"

namespace handoff::tx {
namespace {

constexpr uint32_t kEtherTypeIp4 = 0x0800, kEtherTypeIp6 = 0x86dd;
constexpr uint32_t kTagC = 0x8100, kTagS = 0x88a8;  // IEEE 802.1Q, 802.1ad
constexpr uint32_t kProtocolTcp = 6;
constexpr uint32_t kDontFragment = 0x4000;
constexpr uint32_t kTosMask = 0xfc;  // ECN is not negotiated on a delegated connection
constexpr uint32_t kIp4Bytes = 20, kTcpBytes = 20, kTsBytes = 12;

// Appends to the header, most significant byte first.
class Writer {
 public:
  explicit Writer(uint8_t* bytes) : bytes_(bytes) {}
  void Put(uint64_t value, uint32_t count) {
    for (uint32_t i = count; i-- > 0;) bytes_[at_++] = static_cast<uint8_t>(value >> (8 * i));
  }
  void Put128(const Bits<128>& value) {
    Put(value.w[1], 8);
    Put(value.w[0], 8);
  }
  uint32_t at() const { return at_; }

 private:
  uint8_t* bytes_;
  uint32_t at_ = 0;
};

// The sum of the big-endian 16-bit words in bytes [from, to).
uint32_t Sum(const uint8_t* bytes, uint32_t from, uint32_t to) {
  uint32_t sum = 0;
  for (uint32_t i = from; i < to; i += 2) sum += uint32_t{bytes[i]} << 8 | bytes[i + 1];
  return sum;
}

void PutChecksum(uint8_t* bytes, uint32_t at, uint64_t sum) {
  const auto checksum = static_cast<uint16_t>(~Fold(sum));
  bytes[at] = static_cast<uint8_t>(checksum >> 8);
  bytes[at + 1] = static_cast<uint8_t>(checksum);
}

}  // namespace

uint8_t BuildHeader(const Tmpl& t, const Snap& snap, const Item& item, uint16_t payload_sum,
                    Header* header) {
  *header = Header{};
  uint8_t* bytes = header->bytes();
  Writer h(bytes);
  const uint32_t olen =
      (snap.ts_on ? kTsBytes : 0) + (item.n_sacks != 0 ? 4 + 8u * item.n_sacks : 0);
  const uint32_t tcp_bytes = kTcpBytes + olen + item.len;

  h.Put(t.peer_mac, 6);
  h.Put(t.local_mac, 6);
  if (t.n_tags >= 2) {
    h.Put(kTagS, 2);
    h.Put(t.tci0, 2);
    h.Put(kTagC, 2);
    h.Put(t.tci1, 2);
  } else if (t.n_tags == 1) {
    h.Put(kTagC, 2);
    h.Put(t.tci0, 2);
  }
  h.Put(t.is_ip6 ? kEtherTypeIp6 : kEtherTypeIp4, 2);

  const uint32_t ip = h.at();
  uint32_t addresses;
  if (t.is_ip6) {
    h.Put(0x60000000u + ((t.tos & kTosMask) << 20), 4);
    h.Put(tcp_bytes, 2);
    h.Put(kProtocolTcp, 1);
    h.Put(t.ttl, 1);
    addresses = h.at();
    h.Put128(t.local_ip);
    h.Put128(t.peer_ip);
  } else {
    h.Put(0x45, 1);
    h.Put(t.tos & kTosMask, 1);
    h.Put(kIp4Bytes + tcp_bytes, 2);
    h.Put(0, 2);
    h.Put(kDontFragment, 2);
    h.Put(t.ttl, 1);
    h.Put(kProtocolTcp, 1);
    h.Put(0, 2);
    addresses = h.at();
    h.Put(t.local_ip.w[0], 4);
    h.Put(t.peer_ip.w[0], 4);
    PutChecksum(bytes, addresses - 2, Sum(bytes, ip, h.at()));
  }

  h.Put(t.local_port, 2);
  h.Put(t.peer_port, 2);
  h.Put(snap.seq, 4);
  h.Put(snap.ack, 4);
  h.Put((5 + olen / 4) << 4, 1);
  h.Put(0x10 | (item.psh ? 0x08 : 0) | (item.fin ? 0x01 : 0), 1);
  h.Put(snap.wnd, 2);
  const uint32_t checksum = h.at();
  h.Put(0, 4);
  if (snap.ts_on) {
    h.Put(0x0101080a, 4);
    h.Put(snap.ts_val, 4);
    h.Put(snap.ts_ecr, 4);
  }
  if (item.n_sacks != 0) {
    h.Put(0x01010500u | (2 + 8u * item.n_sacks), 4);
    for (uint32_t i = 0; i < item.n_sacks; ++i) h.Put(item.sack[i], 8);
  }
  // The addresses of the pseudo-header stand right before the TCP header.
  PutChecksum(bytes, checksum,
              uint64_t{Sum(bytes, addresses, h.at())} + kProtocolTcp + tcp_bytes + payload_sum);
  return static_cast<uint8_t>(h.at());
}

}  // namespace handoff::tx
