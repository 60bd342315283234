// SPDX-License-Identifier: Apache-2.0
//
// The job of a step of handoff_buffers: combinational; all 0 but conn and gen when the step has none.
// Never decides whether the step is made, never sees a handshake.

module handoff_buffers_job
  import handoff_pkg::*;
  import handoff_buffers_pkg::*;
(
    input logic valid_i,

    // the step, its place and how far it is
    input step_e  what_i,
    input place_t place_i,
    input u16_t   off_i,
    input u16_t   rem_i,
    input seq_t   seq_i,

    // the first piece and user buffer; pieces accepted; the legacy buffer
    input first_t             first_i,
    input logic         [1:0] post_n_i,
    input legacy_desc_t       lbuf_i,

    output job_t job_o
);

  ntf_t back_ntf;

  // A hand-back of the first user buffer.
  always_comb begin
    back_ntf = '0;
    if (valid_i) begin
      back_ntf.kind  = NtfHandBack;
      back_ntf.conn  = place_i.conn;
      back_ntf.gen   = place_i.gen;
      back_ntf.tag   = 64'(first_i.id);
      back_ntf.seq   = first_i.seq;
      back_ntf.count = first_i.count;
      unique case (what_i)
        StepUser: begin
          back_ntf.code = first_i.full ? BackFull : BackPush;
          back_ntf.psh  = first_i.ends && place_i.psh;
          back_ntf.full = first_i.full;
        end
        StepExpire: begin
          back_ntf.code = BackDelay;
        end
        default: begin
          unique case (place_i.kind)
            PlaceFlush: back_ntf.code = BackFlush;
            PlaceUndelegate: back_ntf.code = BackUndelegate;
            PlaceResync: back_ntf.code = BackError;
            default: back_ntf.code = BackResync;
          endcase
        end
      endcase
    end
  end

  always_comb begin
    job_o = '0;
    job_o.ntf.conn = place_i.conn;
    job_o.ntf.gen = place_i.gen;
    if (valid_i) begin
      unique case (what_i)
        StepBack, StepExpire: begin
          job_o.has_ntf = 1'b1;
          job_o.ntf = back_ntf;
        end
        StepTell: begin
          job_o.has_ntf = 1'b1;
          job_o.ntf.kind = NtfResync;
          job_o.ntf.code = (place_i.kind == PlaceWhole) ? place_i.ntf.code : ReasonHost;
          job_o.ntf.seq = place_i.seq;
          job_o.ntf.count = place_i.ntf.count - 32'(place_i.kind == PlaceWhole);
          job_o.ntf.snd_una = place_i.ntf.snd_una;
          job_o.ntf.snd_wnd = place_i.ntf.snd_wnd;
          job_o.ntf.tag = 64'(place_i.ts_recent);
        end
        StepDrop: job_o.frame_end = 1'b1;
        StepWhole: begin
          job_o.kind = JobWrite;
          job_o.frame_end = 1'b1;
          job_o.off = place_i.off;
          job_o.len = place_i.len;
          job_o.addr = lbuf_i.addr;
          job_o.has_ntf = 1'b1;
          job_o.ntf = place_i.ntf;
          job_o.ntf.tag = lbuf_i.tag;
          job_o.ntf.len = place_i.len;
        end
        StepUser: begin
          job_o.kind = JobWrite;
          job_o.frame_end = first_i.ends;
          job_o.user = 1'b1;
          job_o.off = off_i;
          job_o.len = first_i.n;
          job_o.addr = first_i.addr;
          if (first_i.handed) begin
            job_o.has_ntf = 1'b1;
            job_o.ntf = back_ntf;
          end
        end
        StepLegacy: begin
          job_o.kind = JobWrite;
          job_o.frame_end = 1'b1;
          job_o.user = 1'b1;
          job_o.off = off_i;
          job_o.len = rem_i;
          job_o.addr = lbuf_i.addr;
          job_o.has_ntf = 1'b1;
          job_o.ntf.kind = NtfLegacyPayload;
          job_o.ntf.psh = place_i.psh;
          job_o.ntf.seq = seq_i;
          job_o.ntf.len = rem_i;
          job_o.ntf.tag = lbuf_i.tag;
        end
        StepAnswer: begin
          job_o.has_ntf = 1'b1;
          job_o.ntf = place_i.ntf;
          if (place_i.kind == PlacePost) begin
            job_o.ntf.count = 32'(post_n_i);
            if (post_n_i != place_i.post_cnt) job_o.ntf.code = StatusNoSlot;
          end
        end
        StepBlock: begin
          job_o.kind = JobBlock;
          job_o.addr = place_i.addr;
          job_o.has_ntf = 1'b1;
          job_o.ntf = place_i.ntf;
        end
        default: begin
        end
      endcase
    end
  end

endmodule
