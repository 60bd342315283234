# SPDX-License-Identifier: Apache-2.0
#
# What others take home (docs/integrating.md): libhandoff_sw, libhandoff_model and libhandoff_sim, each all
# libraries of its folder in one, with their headers, a CMake package and pkg-config files.
# The libraries' objects are those of the folders' own: nothing is compiled twice.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(handoff_headers ${CMAKE_INSTALL_INCLUDEDIR}/handoff)
set(handoff_package ${CMAKE_INSTALL_LIBDIR}/cmake/handoff)
file(RELATIVE_PATH handoff_up /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p)  # from pkg-config's files to the prefix

# What is installed, and no more: cmake --build <build> --target package_files.
add_custom_target(package_files)

# handoff_install(<folder> [ALSO <libraries>] [LINKS <targets>] [PRIVATE <headers>])
#
# <folder> with all libraries of it, and ALSO those, as the target handoff::<folder>. PRIVATE headers are not
# installed: regular expressions.
function(handoff_install folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "ALSO;LINKS;PRIVATE")
  get_property(libraries GLOBAL PROPERTY handoff_libraries)
  list(FILTER libraries INCLUDE REGEX "^${folder}_")
  list(FILTER libraries EXCLUDE REGEX "_cli$")  # the program's own
  set(objects ${libraries} ${arg_ALSO})
  list(TRANSFORM objects REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>")
  set(target handoff_${folder})
  add_library(${target} STATIC ${objects})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${folder} LINKER_LANGUAGE CXX)
  target_compile_features(${target} INTERFACE cxx_std_20)
  target_include_directories(${target} INTERFACE $<INSTALL_INTERFACE:${handoff_headers}>)
  target_link_libraries(${target} INTERFACE ${arg_LINKS})
  add_dependencies(package_files ${target})

  install(TARGETS ${target} EXPORT ${target} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT ${target} NAMESPACE handoff:: FILE handoff-${folder}-targets.cmake
          DESTINATION ${handoff_package})
  set(private "")
  foreach(pattern IN LISTS arg_PRIVATE)
    list(APPEND private REGEX "${pattern}" EXCLUDE)
  endforeach()
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder} DESTINATION ${handoff_headers}
          FILES_MATCHING PATTERN "*.h" ${private})
  configure_file(${PROJECT_SOURCE_DIR}/cmake/${target}.pc.in ${PROJECT_BINARY_DIR}/package/${target}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/package/${target}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

# What headers of all three include; not the adapters of Verilated units.
add_dependencies(package_files gen)
install(DIRECTORY ${PROJECT_BINARY_DIR}/gen DESTINATION ${handoff_headers}
        FILES_MATCHING PATTERN "handoff_*.h" PATTERN "*_rtl.h" EXCLUDE PATTERN "handoff_engine_units.h" EXCLUDE
        PATTERN rtl EXCLUDE)
install(FILES LICENSE NOTICE DESTINATION ${CMAKE_INSTALL_DOCDIR})

handoff_install(sw)

handoff_install(model LINKS handoff_sw $<INSTALL_INTERFACE:PkgConfig::HANDOFF_SYSTEMC>)
target_compile_definitions(handoff_model INTERFACE SC_CPLUSPLUS=201703L)

if(NOT HANDOFF_MODEL_ONLY)
  # The Verilated engine, its units and Verilator's runtime are inside; no header that is installed includes theirs.
  get_property(verilated GLOBAL PROPERTY handoff_engine_rtl)
  handoff_install(sim
    ALSO ${verilated} rtl_engine rtl_engine_trace verilated verilated_stop
    LINKS handoff_model fmt::fmt nlohmann_json::nlohmann_json $<INSTALL_INTERFACE:handoff::yaml>
          $<INSTALL_INTERFACE:PkgConfig::HANDOFF_PCAP> lz4 z
    PRIVATE "/cli$" "/core/composed_engine\\.h$" "/waves/model_waves\\.h$")
  install(TARGETS handoff RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  add_dependencies(package_files handoff)
endif()

install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/NOTICE DESTINATION ${CMAKE_INSTALL_DOCDIR})

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/handoff-config.cmake.in
  ${PROJECT_BINARY_DIR}/package/handoff-config.cmake INSTALL_DESTINATION ${handoff_package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/handoff-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/package/handoff-config.cmake
              ${PROJECT_BINARY_DIR}/package/handoff-config-version.cmake DESTINATION ${handoff_package})
