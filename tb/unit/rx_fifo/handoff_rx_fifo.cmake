# SPDX-License-Identifier: Apache-2.0
#
# Depths that fill at once: powers of two, odd ones, and the least.
handoff_rtl(rx_fifo NAME rx_fifo_small PARAMS RxFifoBeats=8 RxFifoFrames=4)
handoff_rtl(rx_fifo NAME rx_fifo_odd PARAMS RxFifoBeats=13 RxFifoFrames=5)
handoff_rtl(rx_fifo NAME rx_fifo_least PARAMS RxFifoBeats=2 RxFifoFrames=2)
