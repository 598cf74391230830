// Mass-loss protection as arithmetic: whether registrations that vanish without the mark
// of a deregistration are let go, or held.
//
// One key that somebody deletes by hand is believed.  Several in one revision, or more in
// a while than a service, a zone or the whole can lose without anybody noticing, are a
// fault of the store more likely than a wish: a prefix wiped, an old backup restored,
// leases that expired together.
//
// Threads: none of its own.  No I/O, and no clock: it is told the time.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "catalog/text_map.h"

namespace rollcall::catalog {

struct ProtectOptions {
  double share = 0.15;    // of what was there; 1 and above: everything is let pass
  std::size_t least = 3;  // that may always go, where the share would be fewer
  std::chrono::milliseconds window{600'000};
  std::size_t most_kept = 10'000;  // that are remembered; while so many are, none passes
};

class Weigher {
 public:
  explicit Weigher(ProtectOptions options) : options_(options) {}

  // A registration about to be taken away for want of its key in the store.  The sizes
  // are numbers of registrations, this one among them: what was let pass within the
  // window is added here, so that a share is of what was there before.
  struct Removal {
    std::string_view key;      // whole
    std::string_view service;  // the name above the instance's; lower case
    std::string_view zone;     // "": none; lower case
    std::size_t service_size = 0;
    std::size_t zone_size = 0;
    std::size_t all_size = 0;
  };
  struct Verdict {
    bool pass = true;
    std::string why;  // not, in one sentence; "" if it passes
  };
  // All that vanish in one revision, or between two lists, and have no mark: all pass or
  // all are held.  What passes counts for the window that follows.  Time does not go back.
  [[nodiscard]] Verdict Weigh(std::span<const Removal> removals, SteadyTime now);

  // This key is there again: if it was let pass, it no longer counts as missing.
  void Returned(std::string_view key);

  // How many of those let pass within the window before `now` are not back.
  [[nodiscard]] std::size_t missing(SteadyTime now);

 private:
  struct Passed {
    SteadyTime at;
    std::string service;
    std::string zone;
  };
  using Counts = std::map<std::string, std::size_t, std::less<>>;

  void DropOld(SteadyTime now);
  void Drop(const Passed& passed);
  // "": one more of `size` may go, where `gone` went before; else why not.
  [[nodiscard]] std::string Exceeds(std::string_view whose, std::size_t size,
                                    std::size_t gone) const;

  ProtectOptions options_;
  std::map<std::string, Passed, std::less<>> passed_;  // by key
  // In the order of their times; one that is back, or went again later, is there no more
  // in `passed_`, or with another time.
  std::deque<std::pair<SteadyTime, std::string>> order_;
  Counts by_service_;
  Counts by_zone_;
};

}  // namespace rollcall::catalog
