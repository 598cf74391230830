// How well the disk of a store does.
#pragma once

#include <string>

namespace rollcall::store::embedded {

struct Health {
  enum class State {
    kGood,
    kFull,    // writes fail; tried again until there is room
    kFailed,  // writes fail until the next start: what is on the disk is unknown
  };
  State state = State::kGood;
  std::string why;  // empty: kGood
};

}  // namespace rollcall::store::embedded
