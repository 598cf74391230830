# rollcall_room(NAME [NO_UNITY] [SOURCES ...] [LIBRARIES ...] [PRIVATE_LIBRARIES ...])
#
# One folder of src/, one library `rollcall_NAME`.  Every *.h of the folder is in
# its header set, so that CMake checks that each compiles alone; every *_test.cc
# becomes one test program `NAME_test` with a ctest entry per case.
# NO_UNITY: its files use one name for several things, so that the sanitizer presets,
# which compile a room in a few large pieces to halve their time, take them singly.
function(rollcall_room name)
  cmake_parse_arguments(ROOM "NO_UNITY" "" "SOURCES;LIBRARIES;PRIVATE_LIBRARIES;TEST_LIBRARIES" ${ARGN})
  set(library rollcall_${name})
  file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  if(ROOM_SOURCES)
    add_library(${library} STATIC ${ROOM_SOURCES})
    set(scope PUBLIC)
  else()
    add_library(${library} INTERFACE)
    set(scope INTERFACE)
  endif()
  # A header with a .cc of its name is compiled alone there, where it is included first
  # (tools/check_layers.py sees to that); the others are by the stage `headers`.
  set(beside ${headers})
  set(alone)
  foreach(header IN LISTS headers)
    string(REGEX REPLACE "\\.h$" ".cc" implementation ${header})
    if(NOT EXISTS ${implementation})
      list(APPEND alone ${header})
      list(REMOVE_ITEM beside ${header})
    endif()
  endforeach()
  target_sources(${library} ${scope}
    FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR}/src FILES ${alone}
    FILE_SET beside TYPE HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR}/src FILES ${beside})
  set_target_properties(${library} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON
                                              INTERFACE_HEADER_SETS_TO_VERIFY HEADERS)
  target_include_directories(${library} ${scope} ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${library} ${scope} ${ROOM_LIBRARIES})
  if(ROOM_SOURCES)
    target_link_libraries(${library} PRIVATE ${ROOM_PRIVATE_LIBRARIES} rollcall_warnings)
  endif()

  if(ROOM_NO_UNITY)
    set_target_properties(${library} PROPERTIES UNITY_BUILD OFF)
  endif()

  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc)
  if(ROLLCALL_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${library} ${ROOM_TEST_LIBRARIES} GTest::gmock_main
                                               rollcall_test_code)
    # Together in every preset: half of a test's compilation is GoogleTest's headers.
    if(ROOM_NO_UNITY)
      set_target_properties(${name}_test PROPERTIES UNITY_BUILD OFF)
    else()
      set_target_properties(${name}_test PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
    endif()
    gtest_discover_tests(${name}_test DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 60 LABELS unit)
  endif()
endfunction()

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
