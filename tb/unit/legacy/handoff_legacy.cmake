# SPDX-License-Identifier: Apache-2.0
#
# The least depth, so that it is often full.
handoff_rtl(legacy NAME legacy_shallow PARAMS LegacyDepth=64)
