// SPDX-License-Identifier: Apache-2.0
//
// How a report decodes what crossed a channel, and what differs there.
#include "sim/core/history.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "gen/handoff_pkg.h"
#include "sim/core/mismatch.h"

namespace handoff {
namespace {

template <class T>
PortInfo PortOf() {
  return {.name = "port",
          .is_input = false,
          .width = T::kWidth,
          .type = "t",
          .hex = false,
          .enum_name = nullptr,
          .fields = T::kFields,
          .num_fields = static_cast<uint32_t>(std::size(T::kFields))};
}

template <class T>
std::string TextOf(const T& value) {
  std::array<uint64_t, T::kWords> words{};
  value.Pack(words.data());
  return TransferText(PortOf<T>(), words.data(), &NamesConnection<T>);
}

Ntf Coded(NtfKind kind, uint8_t code) { return {.kind = kind, .code = code, .conn = 3}; }

TEST(History, NamesTheCodeOfANotificationByItsKind) {
  const auto code = [](auto value) { return static_cast<uint8_t>(value); };
  EXPECT_EQ(TextOf(Ntf{.kind = NtfKind::NtfLegacyFrame, .code = code(Reason::ReasonNoEntry)}),
            "{kind=NtfLegacyFrame code=ReasonNoEntry}");
  EXPECT_EQ(TextOf(Coded(NtfKind::NtfResync, code(Reason::ReasonGap))),
            "{kind=NtfResync code=ReasonGap conn=3}");
  EXPECT_EQ(TextOf(Coded(NtfKind::NtfHandBack, code(Back::BackPush))),
            "{kind=NtfHandBack code=BackPush conn=3}");
  EXPECT_EQ(TextOf(Coded(NtfKind::NtfDone, code(Status::StatusStale))),
            "{kind=NtfDone code=StatusStale conn=3}");
  EXPECT_EQ(TextOf(Coded(NtfKind::NtfSent, code(Status::StatusReadError))),
            "{kind=NtfSent code=StatusReadError conn=3}");
}

TEST(History, ShowsTheNumberOfACodeWithoutAName) {
  EXPECT_EQ(TextOf(Coded(NtfKind::NtfHandBack, 60)), "{kind=NtfHandBack code=60 conn=3}");
  EXPECT_EQ(TextOf(Coded(NtfKind::NtfProgress, 1)), "{kind=NtfProgress code=1 conn=3}");
}

TEST(History, NamesTheCodeOfANotificationInsideAnother) {
  const Job job{.has_ntf = true, .ntf = Coded(NtfKind::NtfDone, 10)};
  EXPECT_NE(TextOf(job).find(" ntf.code=StatusStale "), std::string::npos) << TextOf(job);
}

TEST(History, ShowsConnectionZeroWhereItIsNamed) {
  EXPECT_EQ(TextOf(Ntf{.kind = NtfKind::NtfDone}), "{kind=NtfDone conn=0}");
  EXPECT_EQ(TextOf(Op{.hit = true}), "{hit=1 conn=0}");
  EXPECT_EQ(TextOf(Op{.is_cmd = true}), "{is_cmd=1 cmd.conn=0}");
  EXPECT_EQ(TextOf(Place{.kind = PlaceKind::PlacePayload}), "{kind=PlacePayload conn=0}");
  EXPECT_EQ(TextOf(Job{.has_ntf = true, .ntf = {.kind = NtfKind::NtfDone}}),
            "{has_ntf=1 ntf.kind=NtfDone ntf.conn=0}");
}

TEST(History, ShowsNoConnectionWhereNoneIsNamed) {
  EXPECT_EQ(TextOf(Op{}), "{}");
  EXPECT_EQ(TextOf(Ntf{.kind = NtfKind::NtfLegacyFrame}), "{kind=NtfLegacyFrame}");
  EXPECT_EQ(TextOf(Job{}), "{}");
}

TEST(Mismatch, NamesBothCodesEachByItsOwnKind) {
  const Ntf rtl = Coded(NtfKind::NtfDone, 10);
  const Ntf model = Coded(NtfKind::NtfHandBack, 2);
  EXPECT_EQ(DifferenceText(PortOf<Ntf>(), rtl, model),
            "  port port, field kind: rtl NtfDone, model NtfHandBack, xor 0x5\n"
            "  port port, field code: rtl StatusStale, model BackPush, xor 0x8\n");
}

TEST(Mismatch, ShowsWhatIsNoCodeAsItIs) {
  EXPECT_EQ(DifferenceText(PortOf<Ntf>(), Ntf{.conn = 8}, Ntf{.conn = 9}),
            "  port port, field conn: rtl 8, model 9, xor 0x1\n");
}

}  // namespace
}  // namespace handoff
