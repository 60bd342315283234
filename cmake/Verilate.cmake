# SPDX-License-Identifier: Apache-2.0
#
# handoff_verilate(<target> TOP <module> SOURCES <files>... [SEARCH <folders>...]
#                  [PREFIX <class>] [PARAMS <Name=Value>...] [OPTIONS <verilator options>...])
#
# A static library with the Verilated class V<module> (or <class>). Modules that SOURCES do not hold
# are looked for by name in SEARCH. Built on demand only: nothing depends on it until it is linked.
#
# The Verilator of .venv is used, or the one that VERILATOR_ROOT in the environment names.

if(DEFINED ENV{VERILATOR_ROOT})
  set(verilator_root $ENV{VERILATOR_ROOT})
else()
  file(GLOB verilator_root ${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/verilator)
endif()
set(VERILATOR_BIN ${verilator_root}/bin/verilator_bin)
set(verilator_include ${verilator_root}/include)
if(NOT EXISTS ${VERILATOR_BIN} OR NOT EXISTS ${verilator_include}/verilated_config.h)
  message(FATAL_ERROR "No Verilator in '${verilator_root}': run scripts/setup, or let VERILATOR_ROOT "
                      "in the environment name a folder with bin/verilator_bin and include/")
endif()
file(STRINGS ${verilator_include}/verilated_config.h verilator_version
     REGEX "define VERILATOR_VERSION ")
# "5.036 2025-04-27" and "5.36" are one version.
string(REGEX REPLACE "^.*\"([0-9]+)\\.0*([0-9]+).*$" "\\1.\\2" verilator_version
                     "${verilator_version}")
if(verilator_version VERSION_LESS 5.36)
  message(FATAL_ERROR "Verilator ${verilator_version} in ${verilator_root} is too old: "
                      "5.036 at least is needed")
endif()

add_library(verilated_headers INTERFACE)
target_include_directories(verilated_headers SYSTEM INTERFACE ${verilator_include}
                                                              ${verilator_include}/vltstd)
target_compile_definitions(verilated_headers INTERFACE
  VL_TIME_CONTEXT VM_COVERAGE=0 VM_SC=0 VM_TIMING=0 VM_TRACE=1 VM_TRACE_FST=1 VM_TRACE_SAIF=0
  VM_TRACE_VCD=0)

# What happens when an assertion fails is ours: an exception. By itself, for our warnings.
add_library(verilated_stop OBJECT EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/sim/rtl_failure.cpp)
target_link_libraries(verilated_stop PRIVATE handoff_options verilated_headers)

# The runtime of every Verilated class, whether it traces or not.
add_library(verilated STATIC EXCLUDE_FROM_ALL
  ${verilator_include}/verilated.cpp
  ${verilator_include}/verilated_cov.cpp
  ${verilator_include}/verilated_fst_c.cpp
  ${verilator_include}/verilated_threads.cpp
  ${verilator_include}/verilated_timing.cpp
  $<TARGET_OBJECTS:verilated_stop>)
target_compile_definitions(verilated PRIVATE VL_USER_STOP VL_USER_FATAL)
target_compile_options(verilated PRIVATE -w)
target_link_libraries(verilated PUBLIC verilated_headers lz4 z)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_link_libraries(verilated PUBLIC atomic)
endif()

# Every Verilated class as text, for tools that only read headers.
add_custom_target(verilated_sources)

function(handoff_verilate target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TOP;PREFIX" "SOURCES;SEARCH;PARAMS;OPTIONS")
  if(NOT arg_PREFIX)
    set(arg_PREFIX V${arg_TOP})
  endif()
  set(dir ${PROJECT_BINARY_DIR}/verilated/${target})
  set(all ${dir}/${arg_PREFIX}__ALL.cpp)
  list(TRANSFORM arg_SEARCH PREPEND "-y;")
  list(TRANSFORM arg_PARAMS PREPEND -G)

  # The script leaves a generated file alone that would not change; ninja then stops there.
  add_custom_command(
    OUTPUT ${all}
    BYPRODUCTS ${dir}/${arg_PREFIX}.h ${dir}/${arg_PREFIX}___024root.h
    COMMAND ${CMAKE_COMMAND} -E env VERILATOR_ROOT=${verilator_root} ${HANDOFF_PYTHON}
            ${PROJECT_SOURCE_DIR}/scripts/verilate --out ${dir} --prefix ${arg_PREFIX} --
            ${VERILATOR_BIN} --cc --MMD --no-timing -O3 -Wall -fno-dfg --top-module ${arg_TOP}
            ${arg_OPTIONS} ${arg_PARAMS} ${arg_SEARCH} ${arg_SOURCES}
    DEPENDS ${PROJECT_SOURCE_DIR}/scripts/verilate ${VERILATOR_BIN} ${arg_SOURCES}
    DEPFILE ${all}.d
    COMMENT "Verilating ${target}"
    VERBATIM)

  add_custom_target(${target}_sources DEPENDS ${all})
  add_dependencies(verilated_sources ${target}_sources)

  add_library(${target} STATIC EXCLUDE_FROM_ALL ${all})
  target_include_directories(${target} SYSTEM PUBLIC ${dir})
  target_compile_options(${target} PRIVATE -w)
  target_link_libraries(${target} PUBLIC verilated)
endfunction()
