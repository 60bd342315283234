# SPDX-License-Identifier: Apache-2.0
#
# Few entries: cleared soon, and soon in use.
handoff_rtl(command NAME command_small PARAMS DctEntries=64)
