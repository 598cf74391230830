// What all connections of one server borrow.
//
// Threads: any; outlives every loop.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "serving/http/admission.h"
#include "serving/http/options.h"
#include "serving/http/policy.h"
#include "serving/http/pool.h"
#include "serving/http/router.h"

namespace rollcall::serving::http {

struct Shared {
  Shared(Options given, std::vector<Route> routes);

  // The answer that says so, as those who ask for paths like this one read it.
  [[nodiscard]] Response Complaint(Response plain, const std::string& path) const;
  // Counts an answer.
  void Answered(unsigned status);
  // Counts a connection in.  False: this address has as many as it may.
  [[nodiscard]] bool Enter(const std::string& address);
  void Leave(const std::string& address);

  const Options options;
  const Router router;
  Admission admission;
  Pool waiting;  // for routes that wait
  Pool logins;   // for passwords: one thread, since one core is enough for guessing

  std::atomic<std::size_t> connections{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> turned_away{0};
  std::atomic<std::uint64_t> cut_off{0};
  std::array<std::atomic<std::uint64_t>, 600> answers{};  // by status

 private:
  Guarded<std::unordered_map<std::string, std::size_t>> of_address_;
};

}  // namespace rollcall::serving::http
