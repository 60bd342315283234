# SPDX-License-Identifier: Apache-2.0
#
# The unit on which the lockstep bench itself is tested, in two depths.
set(toy ${CMAKE_CURRENT_LIST_DIR}/toy/handoff_toy)
set(gen_ports ${PROJECT_SOURCE_DIR}/scripts/gen_ports)
file(GLOB waivers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/rtl/*.vlt)
set(names toy toy_deep)
set(depths 4 9)
foreach(name depth IN ZIP_LISTS names depths)
  handoff_verilate(rtl_${name}
    TOP handoff_toy
    PREFIX Vhandoff_${name}
    SOURCES ${waivers} ${toy}.vlt ${PROJECT_SOURCE_DIR}/rtl/handoff_pkg.sv ${toy}.sv
    SEARCH ${PROJECT_SOURCE_DIR}/rtl/prim ${PROJECT_SOURCE_DIR}/rtl
    PARAMS Depth=${depth}
    OPTIONS --assert)
  set(header ${PROJECT_BINARY_DIR}/gen/handoff_${name}_rtl.h)
  handoff_generate(gen_${name}_rtl
    OUTPUT ${header}
    COMMAND ${gen_ports} --unit handoff_toy --name handoff_${name} --param Depth=${depth}
            --pkg ${PROJECT_SOURCE_DIR}/rtl/handoff_pkg.sv --rtl ${toy}.sv
            --model tb/twin/toy/handoff_toy.h --header ${header}
    DEPENDS ${PROJECT_SOURCE_DIR}/rtl/handoff_pkg.sv ${toy}.sv)
  target_link_libraries(gen_${name}_rtl INTERFACE rtl_${name} gen_pkg)
endforeach()
