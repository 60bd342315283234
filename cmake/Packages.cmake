# SPDX-License-Identifier: Apache-2.0
#
# What comes from outside: libraries of Debian's packages, and programs of the virtual environment.

find_package(PkgConfig REQUIRED)
pkg_check_modules(SYSTEMC REQUIRED IMPORTED_TARGET systemc)
if(NOT HANDOFF_MODEL_ONLY)
  find_package(GTest REQUIRED)
  include(GoogleTest)
  find_package(CLI11 REQUIRED)
  find_package(fmt REQUIRED)
  find_package(spdlog REQUIRED)
  find_package(yaml-cpp REQUIRED)
  find_package(nlohmann_json REQUIRED)
  find_package(SQLite3 REQUIRED)
  find_package(ZLIB REQUIRED)
  pkg_check_modules(PCAP REQUIRED IMPORTED_TARGET libpcap)
  pkg_check_modules(LWIP REQUIRED IMPORTED_TARGET lwip)

  # Up to 0.7 the target is yaml-cpp, from 0.8 on yaml-cpp::yaml-cpp.
  add_library(handoff_yaml INTERFACE)
  if(TARGET yaml-cpp::yaml-cpp)
    target_link_libraries(handoff_yaml INTERFACE yaml-cpp::yaml-cpp)
  else()
    target_link_libraries(handoff_yaml INTERFACE yaml-cpp)
  endif()
endif()

set(HANDOFF_PYTHON ${PROJECT_SOURCE_DIR}/.venv/bin/python)
if(NOT EXISTS ${HANDOFF_PYTHON})
  message(FATAL_ERROR "No virtual environment in .venv: run scripts/setup")
endif()

# Debian's SystemC was built as C++17 and refuses to link with anything else unless told so.
add_library(handoff_systemc INTERFACE)
target_link_libraries(handoff_systemc INTERFACE PkgConfig::SYSTEMC)
target_compile_definitions(handoff_systemc INTERFACE SC_CPLUSPLUS=201703L)

# By hand: its pkg-config file asks for GLib's development files, which its header does not need.
add_library(handoff_slirp INTERFACE)
target_include_directories(handoff_slirp SYSTEM INTERFACE /usr/include/slirp)
target_link_libraries(handoff_slirp INTERFACE slirp)
