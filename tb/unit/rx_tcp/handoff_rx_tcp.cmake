# SPDX-License-Identifier: Apache-2.0
#
# The fewest entries: the walk after reset is short, and indices beyond the table are at hand.
handoff_rtl(rx_tcp NAME rx_tcp_small PARAMS DctEntries=64)
