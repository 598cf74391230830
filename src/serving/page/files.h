// The files of the page, compiled in.
//
// Threads: immutable; any number may read.
#pragma once

#include <span>
#include <string_view>

namespace rollcall::serving::page {

struct File {
  std::string_view path;  // "/index.html", "/assets/index-1a2b3c4d.js"
  std::string_view body;
  std::string_view gzip;  // the same, compressed; empty: it is not
};

// Of ui/dist when the program was built; none if it was built without the page.
// Defined in what embed.cmake makes, in a library of its own.
[[nodiscard]] std::span<const File> Files();

}  // namespace rollcall::serving::page
