# SPDX-License-Identifier: Apache-2.0
#
# Few entries: cleared soon, and the same connection asks again and again.
handoff_rtl(ack NAME ack_small PARAMS DctEntries=64)
