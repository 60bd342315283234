# SPDX-License-Identifier: Apache-2.0
#
# Few entries: cleared soon, and every template in use.
handoff_rtl(tx NAME tx_small PARAMS DctEntries=64)
