// SPDX-License-Identifier: Apache-2.0
#include "model/tx/header.h"

#include "model/wire.h"

namespace handoff::tx {
namespace {

using wire::kDontFragment;
using wire::kDscpMask;  // ECN is not negotiated on a delegated connection
using wire::kIp4Bytes;
using wire::kPaddedTsBytes;
using wire::kPaddedTsHead;
using wire::kProtoTcp;
using wire::kTcpBytes;

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

// The sum of a number's 16-bit words.
uint32_t Words(uint64_t value) {
  return static_cast<uint32_t>((value & 0xffff) + (value >> 16 & 0xffff) + (value >> 32 & 0xffff) +
                               (value >> 48));
}
uint32_t Words(const Bits<128>& value) { return Words(value.w[0]) + Words(value.w[1]); }

uint32_t OptionBytes(const Snap& snap, const Item& item) {
  return (snap.ts_on ? kPaddedTsBytes : 0) + (item.n_sacks != 0 ? 4 + 8u * item.n_sacks : 0);
}
uint32_t SackHead(const Item& item) { return 0x01010500u | (2 + 8u * item.n_sacks); }
uint32_t OffsetAndFlags(uint32_t olen, const Item& item) {
  return (5 + olen / 4) << 12 | 0x10 | (item.psh ? 0x08 : 0) | (item.fin ? 0x01 : 0);
}

uint32_t Checksum(uint32_t sum) { return ~uint32_t{Fold(sum)} & 0xffff; }

}  // namespace

Sums SumHeader(const Tmpl& t, const Snap& snap, const Item& item, uint16_t payload_sum) {
  const uint32_t olen = OptionBytes(snap, item);
  const uint32_t tcp_bytes = kTcpBytes + olen + item.len;
  Sums sums;
  if (t.is_ip6) {
    sums.addr = Words(t.local_ip) + Words(t.peer_ip);
  } else {
    sums.addr = Words(t.local_ip.w[0] & 0xffffffff) + Words(t.peer_ip.w[0] & 0xffffffff);
  }
  sums.ip = (0x4500u | (t.tos & kDscpMask)) +
            ((t.is_ip6 ? tcp_bytes : kIp4Bytes + tcp_bytes) & 0xffff) + kDontFragment +
            (uint32_t{t.ttl} << 8 | kProtoTcp);
  sums.tcp = kProtoTcp + (tcp_bytes & 0xffff) + t.local_port + t.peer_port + Words(snap.seq) +
             Words(snap.ack) + OffsetAndFlags(olen, item) + snap.wnd + payload_sum;
  if (snap.ts_on) sums.tcp += Words(kPaddedTsHead) + Words(snap.ts_val) + Words(snap.ts_ecr);
  if (item.n_sacks != 0) sums.tcp += Words(SackHead(item));
  for (uint32_t i = 0; i < item.n_sacks; ++i) sums.tcp += Words(item.sack[i]);
  return sums;
}

uint8_t BuildHeader(const Tmpl& t, const Snap& snap, const Item& item, const Sums& sums,
                    Header* header) {
  *header = Header{};
  uint8_t* bytes = header->bytes();
  Writer h(bytes);
  const uint32_t olen = OptionBytes(snap, item);
  const uint32_t tcp_bytes = kTcpBytes + olen + item.len;

  h.Put(t.peer_mac, 6);
  h.Put(t.local_mac, 6);
  if (t.n_tags >= 2) {
    h.Put(wire::kTpidService, 2);
    h.Put(t.tci0, 2);
    h.Put(wire::kTpidCustomer, 2);
    h.Put(t.tci1, 2);
  } else if (t.n_tags == 1) {
    h.Put(wire::kTpidCustomer, 2);
    h.Put(t.tci0, 2);
  }
  h.Put(t.is_ip6 ? wire::kTypeIp6 : wire::kTypeIp4, 2);

  if (t.is_ip6) {
    h.Put(0x60000000u + ((t.tos & kDscpMask) << 20), 4);
    h.Put(tcp_bytes, 2);
    h.Put(kProtoTcp, 1);
    h.Put(t.ttl, 1);
    h.Put128(t.local_ip);
    h.Put128(t.peer_ip);
  } else {
    h.Put(0x45, 1);
    h.Put(t.tos & kDscpMask, 1);
    h.Put(kIp4Bytes + tcp_bytes, 2);
    h.Put(0, 2);
    h.Put(kDontFragment, 2);
    h.Put(t.ttl, 1);
    h.Put(kProtoTcp, 1);
    h.Put(Checksum(sums.addr + sums.ip), 2);
    h.Put(t.local_ip.w[0], 4);
    h.Put(t.peer_ip.w[0], 4);
  }

  h.Put(t.local_port, 2);
  h.Put(t.peer_port, 2);
  h.Put(snap.seq, 4);
  h.Put(snap.ack, 4);
  h.Put(OffsetAndFlags(olen, item), 2);
  h.Put(snap.wnd, 2);
  h.Put(Checksum(sums.addr + sums.tcp), 2);
  h.Put(0, 2);
  if (snap.ts_on) {
    h.Put(kPaddedTsHead, 4);
    h.Put(snap.ts_val, 4);
    h.Put(snap.ts_ecr, 4);
  }
  if (item.n_sacks != 0) {
    h.Put(SackHead(item), 4);
    for (uint32_t i = 0; i < item.n_sacks; ++i) h.Put(item.sack[i], 8);
  }
  return static_cast<uint8_t>(h.at());
}

}  // namespace handoff::tx
