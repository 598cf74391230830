# rollcall_precompiled(TARGET): the headers of the libraries are read once, not for each piece of the
# target.  A whole build of `dev` took 1,270 s of processors without that, and takes 960 s.
#
# One set for the code of the project, one for its tests, which are compiled with other flags
# (rollcall_test_code) and need GoogleTest.  A file still includes what it uses: the presets
# `single` and `tidy` and the release, which have no such sets, would not compile otherwise.
option(ROLLCALL_PRECOMPILED "Read the headers of libraries once for all" OFF)

# None that must be linked with for its mere presence, as gRPC's and Asio's of TLS.
set(rollcall_precompiled
  <algorithm> <array> <atomic> <charconv> <chrono> <condition_variable> <deque> <filesystem>
  <fstream> <functional> <future> <map> <memory> <mutex> <optional> <random> <set> <span>
  <sstream> <string> <string_view> <thread> <utility> <variant> <vector>
  <absl/container/flat_hash_map.h> <absl/container/flat_hash_set.h>
  <boost/asio.hpp> <boost/beast.hpp> <boost/json.hpp>
  <fmt/format.h> <yaml-cpp/yaml.h>)

function(rollcall_precompiled_set name code libraries)
  set(source ${CMAKE_BINARY_DIR}/${name}.cc)
  file(CONFIGURE OUTPUT ${source} CONTENT "// Nothing: its target is there for its headers.\n")
  add_library(${name} OBJECT ${source})
  target_precompile_headers(${name} PRIVATE ${ARGN})
  target_link_libraries(${name} PRIVATE ${code} ${libraries})
  # With what ccache needs to know such a set again.
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    target_compile_options(${name} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endfunction()

if(ROLLCALL_PRECOMPILED)
  set(libraries absl::flat_hash_map absl::flat_hash_set Boost::json fmt::fmt yaml-cpp)
  rollcall_precompiled_set(rollcall_headers rollcall_warnings "${libraries}"
    ${rollcall_precompiled})
  if(ROLLCALL_TESTS)
    rollcall_precompiled_set(rollcall_test_headers rollcall_test_code "${libraries};GTest::gmock"
      ${rollcall_precompiled} <gmock/gmock.h> <gtest/gtest.h>)
  endif()
endif()

function(rollcall_precompiled target)
  if(NOT ROLLCALL_PRECOMPILED)
    return()
  endif()
  get_target_property(libraries ${target} LINK_LIBRARIES)
  set(headers rollcall_headers)
  if(rollcall_test_code IN_LIST libraries)
    if(NOT libraries MATCHES GTest)
      return()  # a tool of the tests
    endif()
    set(headers rollcall_test_headers)
  endif()
  target_precompile_headers(${target} REUSE_FROM ${headers})
  # A compiler takes a set only where all is defined as it was for the set.
  target_compile_definitions(${target} PRIVATE $<TARGET_PROPERTY:${headers},COMPILE_DEFINITIONS>)
endfunction()
