# SPDX-License-Identifier: Apache-2.0
#
# Libraries, programs and tests out of folders of files. A target links what its files include:
#   "model/handoff_x.h", "model/x/..."   model_x        "Vhandoff_x.h"           rtl_x
#   "sw/x/..."                           sw_x           "gen/handoff_x_rtl.h"    gen_x_rtl, rtl_x
#   "sim/x/...", "tb/x/y/..."            sim_x, tb_x_y  "gen/handoff_x_ports.h"  gen_x_ports
#   "model/x.h", "sw/x.h"  model_base, sw_base          "gen/handoff_pkg.h"      gen_pkg
# and the libraries of handoff_external below. A library is named after its folder, so that a target
# waits for no other folder than those whose headers it includes.

# What every file of ours is compiled with. A designated initialiser may leave fields to their
# defaults, of which -Wextra would warn.
add_library(handoff_options INTERFACE)
target_compile_options(handoff_options INTERFACE -Wall -Wextra -Werror
                                                 -Wno-missing-field-initializers)
target_include_directories(handoff_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})

# Regular expressions over an include's text, each followed by the target that brings it.
set(handoff_external
    "^<(systemc|sysc/|tlm)" handoff_systemc
    "^<CLI/" CLI11::CLI11
    "^<fmt/" fmt::fmt
    "^<g(test|mock)/" GTest::gmock
    "^<(lwip|netif|arch)/" PkgConfig::LWIP
    "^<nlohmann/" nlohmann_json::nlohmann_json
    "^<pcap" PkgConfig::PCAP
    "^<(lib)?slirp" handoff_slirp
    "^<spdlog/" spdlog::spdlog
    "^<sqlite3" SQLite::SQLite3
    "^<yaml-cpp/" handoff_yaml
    "^<zlib" ZLIB::ZLIB
    "^.verilated" verilated)

# The target that brings one include, in <out>; empty if none does.
function(handoff_target_of include out)
  set(target "")
  if(include MATCHES "^\"gen/handoff_(.*)_rtl\\.h")
    set(target gen_${CMAKE_MATCH_1}_rtl)
  elseif(include MATCHES "^\"gen/handoff_(.*)\\.h")
    set(target gen_${CMAKE_MATCH_1})
  elseif(include MATCHES "^\"Vhandoff_([a-z0-9_]*[a-z0-9])(__.*)?\\.h")
    set(target rtl_${CMAKE_MATCH_1})
  elseif(include MATCHES "^\"((model|sim|sw|tb)/.+)/[^/]+\\.h")
    string(REPLACE "/" "_" target ${CMAKE_MATCH_1})
  elseif(include MATCHES "^\"model/handoff_([^/]+)\\.h")
    set(target model_${CMAKE_MATCH_1})
  elseif(include MATCHES "^\"(model|sim|sw)/[^/]+\\.h")
    set(target ${CMAKE_MATCH_1}_base)
  else()
    list(LENGTH handoff_external length)
    math(EXPR last "${length} - 1")
    foreach(i RANGE 0 ${last} 2)
      list(GET handoff_external ${i} pattern)
      if(include MATCHES "${pattern}")
        math(EXPR i "${i} + 1")
        list(GET handoff_external ${i} target)
        break()
      endif()
    endforeach()
  endif()
  set(${out} "${target}" PARENT_SCOPE)
endfunction()

# Links <target> with what the given files include. Runs once every target exists.
function(handoff_link_included target scope)
  foreach(file IN LISTS ARGN)
    file(STRINGS ${file} lines REGEX "^#include [<\"]")
    foreach(line IN LISTS lines)
      string(REGEX REPLACE "^#include " "" include "${line}")
      handoff_target_of("${include}" library)
      if(library AND NOT library STREQUAL target AND TARGET ${library})
        target_link_libraries(${target} ${scope} ${library})
      endif()
    endforeach()
  endforeach()
endfunction()

function(handoff_link_included_later target scope)
  cmake_language(EVAL CODE "cmake_language(DEFER DIRECTORY \"${PROJECT_SOURCE_DIR}\"
    CALL handoff_link_included ${target} ${scope} ${ARGN})")
endfunction()

# A library of the given files; one of headers only if there is no source among them.
function(handoff_library target)
  set(files ${ARGN})
  set(sources ${files})
  list(FILTER sources INCLUDE REGEX "\\.cpp$")
  if(sources)
    add_library(${target} STATIC ${sources})
    set_property(GLOBAL APPEND PROPERTY handoff_libraries ${target})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_link_libraries(${target} ${scope} handoff_options)
  handoff_link_included_later(${target} ${scope} ${files})
endfunction()

# The libraries of a floor, from its files as they are named inside its folder: <floor>_<folder> for
# every folder, <floor>_<unit> for handoff_<unit>.{h,cpp} too, <floor>_base for what else lies beside.
function(handoff_folder_libraries floor)
  foreach(file IN LISTS ARGN)
    if(file MATCHES "^handoff_([^/]*)\\.(h|cpp)$")
      set(library ${floor}_${CMAKE_MATCH_1})
    elseif(file MATCHES "^([^/]*)/")
      set(library ${floor}_${CMAKE_MATCH_1})
    else()
      set(library ${floor}_base)
    endif()
    list(APPEND libraries ${library})
    list(APPEND ${library}_files ${CMAKE_CURRENT_SOURCE_DIR}/${file})
  endforeach()

  list(REMOVE_DUPLICATES libraries)
  foreach(library IN LISTS libraries)
    handoff_library(${library} ${${library}_files})
  endforeach()
endfunction()

# A program bin/<name>, from one file that brings main or sc_main.
function(handoff_program name file)
  add_executable(${name} ${file})
  target_link_libraries(${name} PRIVATE handoff_options)
  handoff_link_included_later(${name} PRIVATE ${file})
endfunction()

# One file of GoogleTest cases. Every case is a ctest test of its own, with this label.
function(handoff_test name file label)
  add_executable(${name} ${file})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE handoff_options GTest::gmock tb_main)
  handoff_link_included_later(${name} PRIVATE ${file})
  gtest_discover_tests(${name}
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    XML_OUTPUT_DIR ${PROJECT_BINARY_DIR}/results/${name}
    PROPERTIES TIMEOUT 300 LABELS ${label})
endfunction()
