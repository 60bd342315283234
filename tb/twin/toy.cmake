# SPDX-License-Identifier: Apache-2.0
#
# The unit on which the lockstep bench itself is tested, in two depths.
set(toy ${CMAKE_CURRENT_LIST_DIR}/toy/handoff_toy)
file(GLOB waivers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/rtl/*.vlt)
set(names toy toy_deep)
set(depths 4 9)
handoff_generate_ports(toy ${toy}.sv)
foreach(name depth IN ZIP_LISTS names depths)
  handoff_verilate(rtl_${name}
    TOP handoff_toy
    PREFIX Vhandoff_${name}
    SOURCES ${waivers} ${toy}.vlt ${PROJECT_SOURCE_DIR}/rtl/handoff_pkg.sv ${toy}.sv
    SEARCH ${PROJECT_SOURCE_DIR}/rtl/prim ${PROJECT_SOURCE_DIR}/rtl
    PARAMS Depth=${depth}
    OPTIONS --assert)
  handoff_generate_adapter(${name} toy ${toy}.sv MODEL tb/twin/toy/handoff_toy.h PARAMS Depth=${depth})
endforeach()
