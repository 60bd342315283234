// SPDX-License-Identifier: Apache-2.0
//
// Types that the parts of handoff_buffers share (docs/units/buffers.md).

package handoff_buffers_pkg;

  import handoff_pkg::*;

  // A piece: what of it is still free.
  typedef struct packed {
    u64_t addr;
    u32_t size;
    u16_t id;
    logic last;  // the last of its user buffer
    logic no_push;
  } held_t;

  typedef enum logic [3:0] {
    StepNothing,  // the place ends without a job
    StepBack,     // hand back the first user buffer
    StepTell,     // the resync notification
    StepDrop,     // end of frame only
    StepWhole,    // the frame to a legacy buffer
    StepUser,     // payload to the first piece
    StepLegacy,   // the rest of the payload to a legacy buffer
    StepAnswer,   // the place's own notification
    StepBlock,    // the state block
    StepExpire    // hand back the first user buffer: its delay ran out
  } step_e;

  // What the step does to the first piece and the first user buffer.
  typedef struct packed {
    u64_t addr;
    u16_t id;
    u16_t n;  // bytes to the piece
    logic ends;  // they are the rest of the payload
    logic full;  // they are the rest of the user buffer
    logic handed;  // the user buffer is handed back after them
    seq_t seq;  // of a hand-back: number of the first byte
    u32_t count;  // of a hand-back: bytes
  } first_t;

endpackage
