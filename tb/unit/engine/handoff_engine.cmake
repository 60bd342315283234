# SPDX-License-Identifier: Apache-2.0
#
# An engine at or near the least of every parameter, so that all of them run out in a short test.
handoff_rtl(engine NAME engine_small
            PARAMS DctEntries=64 Slots=4 RxFifoBeats=48 RxFifoFrames=16 LegacyDepth=64 RdTags=2
                   Ways=2 StashEntries=2
            OPTIONS --assert)
