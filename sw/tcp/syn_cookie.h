// SPDX-License-Identifier: Apache-2.0
//
// A SYN,ACK that costs no memory (RFC 4987, 3.6): what must be remembered of the SYN lies in the
// initial number, and, where there are timestamps, in the last bits of the one sent, which the peer
// echoes. Whoever cannot see it guesses the number once in 2^26 times.
//
//   initial number   | keyed hash: 27 | time: 2 | MSS: 3 |
//   timestamp sent   | the clock: 26                | SACK: 1 | scaling: 1 | scale: 4 |
#pragma once

#include <cstdint>
#include <optional>

#include "sw/tcp/address.h"
#include "sw/tcp/options.h"
#include "sw/tcp/seq.h"

namespace handoff::tcp {

using sw::Micros;

struct SynCookie {
  Seq iss;
  uint32_t timestamp = 0;  // to be sent, if the SYN had timestamps
};

// Of a SYN with number `irs` and these options, of which ours are taken off already. `timestamp` is
// what would be sent without a cookie. Nothing if the announced MSS is too small for one.
std::optional<SynCookie> MakeSynCookie(const SipKey& key, const Tuple& tuple, Seq irs,
                                       const Options& options, uint32_t timestamp, Micros now);

// The options of the SYN, MSS perhaps a little smaller, that the cookie `iss` was given for;
// nothing if it was not, or longer ago than two of its periods. `echo`: of the timestamp option of
// the ACK.
std::optional<Options> ReadSynCookie(const SipKey& key, const Tuple& tuple, Seq irs, Seq iss,
                                     std::optional<uint32_t> echo, Micros now);

inline constexpr Micros kSynCookiePeriod = sw::Seconds(64);

}  // namespace handoff::tcp
