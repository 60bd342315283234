# SPDX-License-Identifier: Apache-2.0
#
# Few entries: cleared soon, and the same timer is armed again and again.
handoff_rtl(timers NAME timers_small PARAMS DctEntries=64)
