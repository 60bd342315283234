# SPDX-License-Identifier: Apache-2.0
#
# The fewest tags, so that all of them are often in use.
handoff_rtl(dma NAME dma_two_tags PARAMS RdTags=2)
