// SPDX-License-Identifier: Apache-2.0
//
// What the parameters of the engine and of its units are by default, and what they may be. The
// engine's checks make sentences of it (scripts/gen_params shows them to who builds something else).

package handoff_params_pkg;

  localparam int unsigned DefaultDctEntries = 1024;  // a power of two
  localparam int unsigned MinDctEntries = 64;
  localparam int unsigned MaxDctEntries = 65536;

  localparam int unsigned DefaultSlots = 8;  // user-buffer pieces a connection
  localparam int unsigned MaxSlots = 32;  // MaxPieces at least, so that one POST fits

  localparam int unsigned DefaultRxFifoBeats = 1024;
  localparam int unsigned MinRxFifoBeats = 24;  // a frame of 1,514 bytes fits
  localparam int unsigned MaxRxFifoBeats = 65536;

  localparam int unsigned DefaultRxFifoFrames = 512;
  localparam int unsigned MinRxFifoFrames = 2;
  localparam int unsigned MaxRxFifoFrames = 65536;

  localparam int unsigned DefaultLegacyDepth = 256;  // descriptors held, whole beats of them
  localparam int unsigned MinLegacyDepth = 64;  // two reads of the ring
  localparam int unsigned MaxLegacyDepth = 32768;

  localparam int unsigned DefaultRdTags = 32;  // a power of two
  localparam int unsigned MinRdTags = 2;
  localparam int unsigned MaxRdTags = 128;

  localparam int unsigned DefaultWays = 4;  // a power of two
  localparam int unsigned MinWays = 1;
  localparam int unsigned MaxWays = 16;

  localparam int unsigned DefaultStashEntries = 16;
  localparam int unsigned MinStashEntries = 1;
  localparam int unsigned MaxStashEntries = 64;

endpackage
