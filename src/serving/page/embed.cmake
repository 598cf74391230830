# cmake -DDIST=DIR [-DOUTPUT=FILE -DMADE_FROM=DIR] -P embed.cmake
#
# Writes OUTPUT, which defines serving::page::Files() as the files of DIST: index.html, and what
# lies in assets/ with its FILE.gz; of no DIST, no files.  Fails where a file of MADE_FROM is newer.
# Without OUTPUT: only checks that there is a page.
cmake_minimum_required(VERSION 3.25)

if(DIST AND NOT EXISTS ${DIST}/index.html)
  message(FATAL_ERROR "The page is not built: ${DIST}/index.html is not there.\n"
          "Run script/ui (it needs npm), or configure with -DROLLCALL_PAGE=OFF for a program "
          "without the page.")
endif()
if(NOT OUTPUT)
  return()
endif()
if(DIST)
  file(GLOB_RECURSE made_from ${MADE_FROM}/*)
  foreach(file IN LISTS made_from)
    if(${file} IS_NEWER_THAN ${DIST}/index.html)
      message(FATAL_ERROR "The page is older than ${file}: run script/ui.")
    endif()
  endforeach()
endif()

set(arrays "")
set(table "")
set(number 0)
# array(FILE VALUE): an array of its octets; VALUE: a string_view of it.
function(array file value)
  file(READ ${file} octets HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," octets "${octets}")
  string(REGEX REPLACE "('[^,]*,'[^,]*,'[^,]*,'[^,]*,'[^,]*,'[^,]*,'[^,]*,'[^,]*,)" "\\1\n" octets "${octets}")
  math(EXPR next "${number} + 1")
  set(number ${next} PARENT_SCOPE)
  string(APPEND arrays "constexpr char kOctets${number}[] = {\n${octets}};\n")
  set(arrays "${arrays}" PARENT_SCOPE)
  set(${value} "{kOctets${number}, sizeof(kOctets${number})}" PARENT_SCOPE)
endfunction()

if(DIST)
  file(GLOB_RECURSE files RELATIVE ${DIST} ${DIST}/*)
  list(SORT files)
  list(FILTER files EXCLUDE REGEX "\\.gz$")
endif()
foreach(file IN LISTS files)
  array(${DIST}/${file} body)
  set(gzip "{}")
  if(EXISTS ${DIST}/${file}.gz)
    array(${DIST}/${file}.gz gzip)
  endif()
  string(APPEND table "    {\"/${file}\", ${body}, ${gzip}},\n")
endforeach()

set(text "// Made by src/serving/page/embed.cmake.\n#include \"serving/page/files.h\"\n\n")
string(APPEND text "namespace rollcall::serving::page {\n")
if(table)
  string(APPEND text "namespace {\n${arrays}constexpr File kFiles[] = {\n${table}};\n}  // namespace\n"
         "std::span<const File> Files() { return kFiles; }\n")
else()
  string(APPEND text "std::span<const File> Files() { return {}; }\n")
endif()
string(APPEND text "}  // namespace rollcall::serving::page\n")
file(WRITE ${OUTPUT} "${text}")
