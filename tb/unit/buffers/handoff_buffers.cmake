# SPDX-License-Identifier: Apache-2.0
#
# Few entries, so that clearing is short and connections meet; three slots, so that they are often
# full, and their number is no power of two.
handoff_rtl(buffers NAME buffers_small PARAMS DctEntries=16 Slots=3)

# As many slots as an engine may have.
handoff_rtl(buffers NAME buffers_most PARAMS DctEntries=16 Slots=32)
