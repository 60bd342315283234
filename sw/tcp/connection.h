// SPDX-License-Identifier: Apache-2.0
//
// One TCP connection: its TCB and RFC 9293's state machine. The concerns it is made of have files
// of their own; here they meet.
//   connection.cpp           the user's calls (RFC 9293, 3.10.1, 3.10.2, 3.10.3, 3.10.4, 3.10.5)
//   connection_input.cpp     segments that arrive (3.10.7)
//   connection_ack.cpp       what an acknowledgement changes
//   connection_output.cpp    what is sent, and when
//   connection_timers.cpp    timeouts (3.10.8)
//   connection_delegate.cpp  handing the data path to a delegate and taking it back
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "sw/tcp/ack_limit.h"
#include "sw/tcp/config.h"
#include "sw/tcp/connection_host.h"
#include "sw/tcp/delegation.h"
#include "sw/tcp/icmp.h"
#include "sw/tcp/reassembly.h"
#include "sw/tcp/receive.h"
#include "sw/tcp/recovery.h"
#include "sw/tcp/rtt.h"
#include "sw/tcp/segment_sink.h"
#include "sw/tcp/send.h"
#include "sw/tcp/tcb.h"
#include "sw/tcp/timers.h"

namespace handoff::tcp {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(sw::ConnId id, const Tuple& tuple, const OpenOptions& options, ConnectionHost& host);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // RFC 9293, 3.10.1. Each once, before anything else.
  void OpenActive();
  void OpenPassive(const Segment& syn);
  // The SYN was answered by a cookie (syn_cookie.h), which options().iss is; its ACK is input next.
  void OpenByCookie(const Segment& syn);
  // Begins where another stack, or another run, had got to: `tcb` is in a synchronized state.
  void Adopt(const Tcb& tcb);

  // 3.10.2: takes what the send buffer holds; returns how many bytes.
  size_t Write(ByteView bytes);
  size_t WritableBytes() const;
  // 3.10.3.
  size_t Read(std::span<uint8_t> out);
  std::optional<StreamPiece> ReadPiece(size_t max);  // without a copy
  size_t ReadableBytes() const { return received_.bytes(); }
  bool AtEnd() const { return fin_received_ && received_.bytes() == 0; }
  // 3.10.4: no more will be written; the peer may go on.
  void ShutdownWrite();
  // The application is done in both directions; unread bytes make it a reset (RFC 1122, 4.2.2.13).
  void Close();
  // 3.10.5.
  void Abort(CloseReason reason = CloseReason::kAborted);

  // A segment of this connection, checksum verified.
  void Input(const Segment& segment);
  // A segment whose frame the engine passed on whole.
  void InputLegacy(const Segment& segment, const LegacyVerdict& verdict);
  // ICMP quoted a segment of ours.
  void OnIcmpError(const IcmpError& error);
  // Whether the SYN may begin a new connection in the place of this one, in TIME-WAIT.
  bool YieldsTo(const Segment& syn) const;
  // Gone at once, without a word to the peer.
  void Drop() { Die(CloseReason::kAborted); }

  // Gives the engine a buffer for bytes to come. False: there is no delegate, or it has no room;
  // what comes is read as ever. Ids are the caller's.
  bool PostUserBuffer(std::span<uint8_t> buffer, uint16_t id);

  // -- Delegation (docs/design.md, 9) --
  // Freezes what SETUP takes from tcb(). New data is held until the answer.
  void BeginDelegation(DelegatePort& port);
  void OnSetupAnswer(bool accepted);
  ResumeBar MayResume() const;
  // To be called only if MayResume() is kNone; RESUME is issued with the result.
  ResumeState IssueResume();
  void OnResumeAnswer(bool accepted, Seq live_at);
  void OnProgress(const Progress& progress);
  // Bytes the engine put in memory, in any order; `end_of_stream` never comes this way.
  void OnDelegatedData(StreamPiece piece);
  // A user buffer came back from the engine, after OnDelegatedData() of what is in it.
  void OnUserBufferReturned(const UserBufferReturn& back);
  void OnDelegatedResync(const ResyncNotice& notice);
  void BeginUndelegation();
  void OnUndelegated(const FinalState& final_state);
  // The engine lost bytes of this connection (corner 98) or was reset (corner 107).
  void OnDelegateFault();

  sw::ConnId id() const { return id_; }
  const Tuple& tuple() const { return tuple_; }
  const OpenOptions& options() const { return options_; }
  // RFC 9293, 3.10.6: what STATUS tells, the state and the TCB.
  State state() const { return tcb_.state; }
  const Tcb& tcb() const { return tcb_; }
  Tcb& mutable_tcb() { return tcb_; }  // for tests and delegates; segments go on from there
  const DelegationState& delegation() const { return delegation_; }
  const ConnectionStats& stats() const { return stats_; }
  const RttEstimator& rtt() const { return rtt_; }
  const Recovery& recovery() const { return recovery_; }
  CloseReason close_reason() const { return close_reason_; }
  uint32_t EffectiveMss() const;  // payload of a full segment, options taken off
  void SetObserver(ConnectionObserver* observer) { observer_ = observer; }
  ConnectionObserver* observer() const { return observer_; }

 private:
  struct AckEvent;  // connection_ack.h
  // What the user is to be told once the state is consistent again.
  struct Events {
    bool connected = false;
    bool readable = false;
    bool writable = false;
    bool closed = false;
  };
  // RFC 6298, 3 (Karn): the segment being timed, by the number that ends it.
  struct Timed {
    Seq end;
    Micros sent_at;
  };

  // connection.cpp
  void TakeSyn(const Segment& syn);
  void OnPathMtu(uint32_t mtu);
  void Establish();
  void SetState(State state);
  void EnterTimeWait();
  void RestartTimeWait();
  void Die(CloseReason reason);
  void TellUser();
  uint32_t FullSegmentFloor() const;

  // connection_input.cpp
  void InputSegment(const Segment& segment, const Hold& hold);
  void InputKept();
  void InputSynSent(const Segment& segment, const Hold& hold);
  void InputSynchronized(const Segment& arrived, const Hold& hold);
  bool PassesTimestamps(const Segment& segment);
  uint32_t PawsFloor() const;
  Seq AckFloor() const;
  void AnswerUnacceptable(const Segment& segment);
  void AnswerStranger(const Segment& segment);
  void InputReset(const Segment& segment);
  void InputSyn(const Segment& segment);
  bool PassesAck(const Segment& segment);
  void InputAck(const Segment& segment);
  void InputText(const Segment& segment, const Hold& hold);
  void Accept(StreamPiece piece);
  void Deliver(StreamPiece piece);
  void InputFin();

  // connection_ack.cpp
  void ProcessAck(const AckEvent& event);
  void TakeRttSample(const AckEvent& event);
  void AfterFinAcked();

  // connection_output.cpp
  SegmentSink& Sink();
  bool MaySend() const;
  Seq SendEnd() const;  // one past the last number the user gave us, FIN included
  uint32_t UnsentBytes() const;
  uint32_t UsableWindow() const;
  void Output();
  bool SendLost();
  bool SendSpeculative();
  bool SendNew(bool overdue);
  void SendRange(SeqRange range, bool retransmission);
  void SendSyn();
  void SendAck();
  void SendProbe();
  void SendReset(Seq seq, bool answers_ack);
  void Transmit(SegmentSpec spec);
  void ArmSendTimers();
  WindowOffer CurrentWindow() const;
  void GrantEdge();
  void AfterRead();

  // connection_timers.cpp
  void OnTimer(TimerKind kind);
  void OnRetransmitTimer();
  void OnPersistTimer();
  void StartKeepalive();
  void OnKeepaliveTimer();

  // connection_delegate.cpp
  void FreezeJudge();
  void InputLive(const Segment& segment, const LegacyVerdict& verdict);
  static AckEvent ProgressEvent(const Progress& progress);
  void TellResumable();

  const sw::ConnId id_;
  const Tuple tuple_;
  const OpenOptions options_;
  ConnectionHost& host_;
  ConnectionObserver* observer_ = nullptr;

  Tcb tcb_;
  SendQueue send_;  // its first byte is snd_una, but for a SYN or FIN not yet acknowledged
  ReceiveQueue received_;
  Reassembly reassembly_;
  AckPolicy ack_policy_;
  RttEstimator rtt_;
  Recovery recovery_;
  ConnectionTimers timers_;
  DelegationState delegation_;
  ConnectionStats stats_;
  Events events_;
  CloseReason close_reason_ = CloseReason::kNone;

  bool passive_ = false;
  bool syn_sent_again_ = false;
  bool peer_scales_ = false;   // the peer's SYN bore a window scale
  bool fin_queued_ = false;    // the user closed; the FIN follows the last byte of send_
  bool fin_sent_ = false;      // its number is send_.end()
  bool fin_received_ = false;  // and all bytes before it
  std::optional<Seq> fin_at_;  // the number of the peer's FIN, once seen
  bool discard_text_ = false;  // Close(): nobody will read
  bool wants_room_ = false;    // a Write was cut short
  uint32_t retries_ = 0;       // timeouts and probes since the peer was last heard
  uint32_t persist_backoff_ = 0;
  uint32_t keepalive_sent_ = 0;
  AckLimit challenge_acks_;
  AckLimit old_text_acks_;
  std::optional<Timed> timed_;
  Micros last_sent_at_;
  Micros last_heard_;
};

}  // namespace handoff::tcp
