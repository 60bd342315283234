# SPDX-License-Identifier: Apache-2.0
#
# Files made from others, in <build>/gen: handoff_pkg.h and handoff_pkg_members.h (gen_pkg) and
# handoff_params_pkg.h (gen_params_pkg) from the packages, the register block and handoff_regs.h from
# SystemRDL (gen_regs); from a unit's ports the structs of its model, handoff_<unit>_ports.h
# (gen_<unit>_ports), and the adapter of its RTL, handoff_<unit>_rtl.h (gen_<unit>_rtl). Linking the
# target makes the file and what it includes.

set(gen ${PROJECT_BINARY_DIR}/gen)
set(handoff_pkg ${PROJECT_SOURCE_DIR}/rtl/handoff_pkg.sv)
set(handoff_params_pkg ${PROJECT_SOURCE_DIR}/rtl/handoff_params_pkg.sv)

# handoff_generate(<target> OUTPUT <files>... COMMAND <words>... DEPENDS <files>...)
function(handoff_generate target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "OUTPUT;COMMAND;DEPENDS")
  list(GET arg_COMMAND 0 script)
  file(GLOB modules CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/scripts/*.py
                                      ${PROJECT_SOURCE_DIR}/scripts/*.j2)
  add_custom_command(
    OUTPUT ${arg_OUTPUT}
    COMMAND ${HANDOFF_PYTHON} ${arg_COMMAND}
    DEPENDS ${script} ${modules} ${arg_DEPENDS}
    COMMENT "Generating ${target}"
    VERBATIM)
  add_library(${target} INTERFACE ${arg_OUTPUT})
  add_dependencies(gen ${target})
endfunction()

# Everything that is generated: cmake --build <build> --target gen.
add_custom_target(gen)

set(script ${PROJECT_SOURCE_DIR}/scripts/gen_pkg)
if(EXISTS ${handoff_pkg} AND EXISTS ${script})
  handoff_generate(gen_pkg
    OUTPUT ${gen}/handoff_pkg.h ${gen}/handoff_pkg_members.h
    COMMAND ${script} --pkg ${handoff_pkg} --header ${gen}/handoff_pkg.h
            --members ${gen}/handoff_pkg_members.h
    DEPENDS ${handoff_pkg} ${PROJECT_SOURCE_DIR}/rtl/handoff_host_types.svh)
  add_library(gen_pkg_members INTERFACE)
  target_link_libraries(gen_pkg_members INTERFACE gen_pkg)
endif()

handoff_generate(gen_params_pkg
  OUTPUT ${gen}/handoff_params_pkg.h
  COMMAND ${script} --pkg ${handoff_params_pkg} --header ${gen}/handoff_params_pkg.h
  DEPENDS ${handoff_params_pkg})

set(script ${PROJECT_SOURCE_DIR}/scripts/gen_regs)
set(rdl ${PROJECT_SOURCE_DIR}/rtl/regs/handoff.rdl)
if(EXISTS ${rdl})
  handoff_generate(gen_regs
    OUTPUT ${gen}/handoff_regs.h ${gen}/rtl/handoff_regs.sv ${gen}/rtl/handoff_regs_pkg.sv
    COMMAND ${script} --rdl ${rdl} --header ${gen}/handoff_regs.h --rtl-dir ${gen}/rtl
    DEPENDS ${rdl})
endif()

# The structs of a unit's model, from the ports of its RTL in <source>: nothing of Verilator in them.
function(handoff_generate_ports unit source)
  set(script ${PROJECT_SOURCE_DIR}/scripts/gen_ports)
  set(header ${gen}/handoff_${unit}_ports.h)
  handoff_generate(gen_${unit}_ports
    OUTPUT ${header}
    COMMAND ${script} --unit handoff_${unit} --pkg ${handoff_pkg}
            --rtl ${handoff_params_pkg} ${source} --ports ${header}
    DEPENDS ${handoff_pkg} ${handoff_params_pkg} ${source})
  target_link_libraries(gen_${unit}_ports INTERFACE gen_pkg)
endfunction()

# Of rtl/ alone: a unit of HANDOFF_RTL_DIR has the ports of ours, or its adapter is not compiled.
file(GLOB units CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/rtl/handoff_*.sv)
list(FILTER units EXCLUDE REGEX "_pkg\\.sv$")
foreach(source IN LISTS units)
  string(REGEX REPLACE "^.*/handoff_(.*)\\.sv$" "\\1" unit ${source})
  handoff_generate_ports(${unit} ${source})
endforeach()

# The adapter of rtl_<name>, which is <unit> with these parameters. MODEL is the header of the unit's
# model, if it does not lie in model/.
function(handoff_generate_adapter name unit source)
  cmake_parse_arguments(PARSE_ARGV 3 arg "" "MODEL" "PARAMS")
  set(script ${PROJECT_SOURCE_DIR}/scripts/gen_ports)
  set(header ${gen}/handoff_${name}_rtl.h)
  set(words --unit handoff_${unit} --pkg ${handoff_pkg} --rtl ${handoff_params_pkg} ${source})
  if(NOT name STREQUAL unit)
    list(APPEND words --name handoff_${name})
  endif()
  if(arg_MODEL)
    list(APPEND words --model ${arg_MODEL})
  endif()
  foreach(param IN LISTS arg_PARAMS)
    list(APPEND words --param ${param})
  endforeach()
  handoff_generate(gen_${name}_rtl
    OUTPUT ${header}
    COMMAND ${script} ${words} --adapter ${header}
    DEPENDS ${handoff_pkg} ${handoff_params_pkg} ${source})
  target_link_libraries(gen_${name}_rtl INTERFACE rtl_${name} gen_${unit}_ports)
endfunction()
