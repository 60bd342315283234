# SPDX-License-Identifier: Apache-2.0
#
# The prims have no top of their own: tb/unit/prim/prim_test.cpp compares them inside this one.
handoff_verilate(rtl_prim_test
  TOP handoff_prim_test
  PREFIX Vhandoff_prim_test
  SOURCES ${PROJECT_SOURCE_DIR}/tb/unit/prim/handoff_prim_test.sv
  SEARCH ${PROJECT_SOURCE_DIR}/rtl/prim
  OPTIONS --assert)
