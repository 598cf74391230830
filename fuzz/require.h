// What a fuzz target promises; in every build, unlike assert().
#pragma once

#include <cstdio>
#include <cstdlib>

// Ends the program, saying where, if `condition` does not hold.
#define REQUIRE(condition)                                                         \
  do {                                                                             \
    if (!(condition)) {                                                            \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                \
    }                                                                              \
  } while (false)
