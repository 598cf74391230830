# rollcall_pieces(TARGET): compiles the target's sources in a few large pieces, sixteen files to
# each, because most of the time of a small file goes into the headers it includes.
#
# Files that use one name for several things are kept apart, so that nobody who names a
# constant in an anonymous namespace has to know his neighbours'.  Names are looked for when
# CMake runs: if the compiler finds one that came since, run `cmake --preset dev` again.
# With -DCMAKE_UNITY_BUILD=OFF (preset `single`) each file is compiled by itself.
set(ROLLCALL_PIECE 16)

# What a file, formatted as .clang-format says, names in its namespace, each name as
# NAMESPACE/NAME: TYPES are types, aliases and constants, FUNCTIONS what looks like one.
# INNER: types and constants within classes and functions, which must not hide those of others.
function(rollcall_names_in file types functions inner)
  file(READ ${file} text)
  # Characters with which CMake's lists begin to live.
  string(REPLACE ";" "@" text "\n${text}")
  string(REPLACE "[" "(" text "${text}")
  string(REPLACE "]" ")" text "${text}")
  string(REGEX MATCH "\nnamespace [a-z:_]+" namespace "${text}")
  string(REGEX REPLACE "[^a-z_]+" "_" namespace "${namespace}")
  string(REGEX REPLACE "\n(namespace|extern|using namespace|template)[^\n]*" "" text "${text}")
  set(word "[A-Za-z0-9_]+")
  set(type "(struct|class|enum|enum class|union) +${word} ([^\n@]* )?{")
  set(before "[^\n@(){}=]*[ *&]")
  string(REGEX MATCHALL "\n${type}|\nusing ${word} =|\n[a-z]${before}k${word}(\\(| ?{| =|@)"
         found_types "${text}")
  string(REGEX MATCHALL "\n[A-Za-z]${before}${word}(\\(| ?{| =|@)" found_functions "${text}")
  string(REGEX MATCHALL "\n +${type}|\n +(static )?const(expr)? ${before}k${word}"
         found_inner "${text}")
  list(FILTER found_functions EXCLUDE REGEX "^\n(struct|class|enum|union) ")
  foreach(list IN ITEMS types functions inner)
    list(TRANSFORM found_${list} REPLACE "\n *(struct|class|enum class|enum|union) +(${word}).*" "#\\2")
    list(TRANSFORM found_${list} REPLACE ".*[^A-Za-z0-9_](${word})[^A-Za-z0-9_]*$" "${namespace}/\\1")
    list(REMOVE_DUPLICATES found_${list})
    set(${${list}} ${found_${list}} PARENT_SCOPE)
  endforeach()
endfunction()

# COMMON: whether two lists share a name.
function(rollcall_common names others common)
  set(${common} FALSE PARENT_SCOPE)
  foreach(name IN LISTS ${names})
    if(name IN_LIST ${others})
      set(${common} TRUE PARENT_SCOPE)
      break()
    endif()
  endforeach()
endfunction()

# Who has a name of his own for something that a header of his namespace calls so stays alone.
file(GLOB_RECURSE headers ${CMAKE_SOURCE_DIR}/src/*.h)
set(rollcall_header_names)
foreach(header IN LISTS headers)
  rollcall_names_in(${header} types functions inner)
  list(APPEND rollcall_header_names ${types})
endforeach()

function(rollcall_pieces target)
  rollcall_precompiled(${target})
  if(NOT CMAKE_UNITY_BUILD)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources INCLUDE REGEX "\\.cc$")
  foreach(source IN LISTS sources)
    cmake_path(ABSOLUTE_PATH source OUTPUT_VARIABLE path)
    rollcall_names_in(${path} types functions inner)
    set(outer ${types} ${functions})
    set(all ${outer} ${inner})
    rollcall_common(all rollcall_header_names alone)
    get_source_file_property(group ${source} UNITY_GROUP)
    if(group)
      string(REPLACE piece "" piece ${group})  # where another target has it
    else()
      # The first piece that has room and nothing of the same name.
      foreach(piece RANGE 999)
        list(LENGTH files_${piece} size)
        rollcall_common(all outer_${piece} taken)
        rollcall_common(outer inner_${piece} hidden)
        if(size EQUAL 0 OR NOT (alone OR taken OR hidden OR size GREATER_EQUAL ROLLCALL_PIECE))
          set(found ${piece})
          break()
        endif()
      endforeach()
      set(piece ${found})
      set_source_files_properties(${source} PROPERTIES UNITY_GROUP piece${piece})
    endif()
    list(APPEND files_${piece} ${source})
    if(alone)
      list(APPEND files_${piece} ${sources})  # there is no room left
    endif()
    list(APPEND outer_${piece} ${outer})
    list(APPEND inner_${piece} ${inner})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP
    UNITY_BUILD_CODE_BEFORE_INCLUDE "// NOLINTNEXTLINE(bugprone-suspicious-include)")
  # A type of an anonymous namespace is as good in a piece as in a file.
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND NOT ROLLCALL_TIDY)
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
endfunction()
