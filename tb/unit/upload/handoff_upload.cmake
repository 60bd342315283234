# SPDX-License-Identifier: Apache-2.0
#
# Few entries: cleared soon, and connections meet.
handoff_rtl(upload NAME upload_small PARAMS DctEntries=16)
