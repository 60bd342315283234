# SPDX-License-Identifier: Apache-2.0
#
# Tables that are full after a few entries: four sets of four, and the least.
handoff_rtl(lookup NAME lookup_small PARAMS DctEntries=8 Ways=4 StashEntries=3)
handoff_rtl(lookup NAME lookup_least PARAMS DctEntries=1 Ways=1 StashEntries=1)
