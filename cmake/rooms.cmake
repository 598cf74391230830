# rollcall_room(NAME [PURE] [SOURCES ...] [LIBRARIES ...] [PRIVATE_LIBRARIES ...])
#
# One folder of src/, one library `rollcall_NAME`.  Every *.h of the folder is in
# its header set, so that CMake checks that each compiles alone; every *_test.cc
# becomes one test program `NAME_test` with a ctest entry per case.
# Both are compiled in a few large pieces: see cmake/pieces.cmake.
# PURE: no thread and nothing shared, so that the thread sanitizer would see nothing in its tests.
function(rollcall_room name)
  cmake_parse_arguments(ROOM "PURE" "" "SOURCES;LIBRARIES;PRIVATE_LIBRARIES;TEST_LIBRARIES" ${ARGN})
  set(library rollcall_${name})
  file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  if(ROOM_SOURCES)
    add_library(${library} STATIC ${ROOM_SOURCES})
    set(scope PUBLIC)
  else()
    add_library(${library} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_sources(${library} ${scope}
    FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR}/src FILES ${headers})
  set_target_properties(${library} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  target_include_directories(${library} ${scope} ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${library} ${scope} ${ROOM_LIBRARIES})
  if(ROOM_SOURCES)
    target_link_libraries(${library} PRIVATE ${ROOM_PRIVATE_LIBRARIES} rollcall_warnings)
    rollcall_pieces(${library})
  endif()

  set_property(GLOBAL APPEND PROPERTY rollcall_libraries
    ${library} ${ROOM_PRIVATE_LIBRARIES} ${ROOM_TEST_LIBRARIES})

  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc)
  if(ROLLCALL_TESTS AND tests AND NOT (ROOM_PURE AND ROLLCALL_TSAN))
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${library} ${ROOM_TEST_LIBRARIES} GTest::gmock_main
                                               rollcall_test_code)
    rollcall_pieces(${name}_test)
    rollcall_cases(${name}_test LABELS unit TIMEOUT 60)
    add_dependencies(unit_tests ${name}_test)
  endif()
endfunction()

# rollcall_cases(PROGRAM PROPERTIES...): a ctest entry for each case of a GoogleTest program,
# by the name that --gtest_filter takes.  Under the sanitizers, where half of a case's time is the
# start of its process, four entries for each program (tools/ctest_report.py counts their cases).
function(rollcall_cases program)
  if(NOT ROLLCALL_SANITIZED)
    gtest_discover_tests(${program} NO_PRETTY_VALUES DISCOVERY_TIMEOUT 60 PROPERTIES ${ARGN})
    return()
  endif()
  foreach(quarter RANGE 3)
    set(name ${program}.${quarter}of4)
    add_test(NAME ${name} COMMAND ${program} --gtest_brief=1)
    set_tests_properties(${name} PROPERTIES ${ARGN})
    set_tests_properties(${name} PROPERTIES TIMEOUT 300
                         ENVIRONMENT "GTEST_TOTAL_SHARDS=4;GTEST_SHARD_INDEX=${quarter}")
  endforeach()
endfunction()
# What `ctest -L unit` runs: the sanitizer presets build no more.
add_custom_target(unit_tests)

add_library(rollcall_warnings INTERFACE)
target_compile_options(rollcall_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                       -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual)
if(ROLLCALL_WERROR)
  target_compile_options(rollcall_warnings INTERFACE -Werror)
endif()

# Nobody waits for a test's own code, but for its compiler: unoptimised it takes a
# third of the time, most of all under the sanitizers.
add_library(rollcall_test_code INTERFACE)
target_compile_options(rollcall_test_code INTERFACE -O0)
target_link_libraries(rollcall_test_code INTERFACE rollcall_warnings)
