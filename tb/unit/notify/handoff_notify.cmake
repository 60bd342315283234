# SPDX-License-Identifier: Apache-2.0
#
# Few entries: cleared soon.
handoff_rtl(notify NAME notify_small PARAMS DctEntries=64)
