// One run of a check: goes there, and says what it found.
//
// Threads: all of it on the checker's one thread; nothing here waits but by co_await.
// Time: each ends by `until`, or a moment later.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

#include "agent/check_names.h"
#include "agent/check_process.h"
#include "agent/check_tls.h"
#include "agent/definition.h"
#include "base/clock.h"
#include "model/state.h"

namespace rollcall::agent {

struct Outcome {
  // Nothing: it could not be found out, and that is our own fault (no descriptors, no
  // memory), not that of what is checked.
  std::optional<model::Health> health;
  std::string output;  // one short line
  bool timed_out = false;
};
[[nodiscard]] Outcome Critical(const std::string& output);
[[nodiscard]] Outcome Inconclusive(const std::string& output);
[[nodiscard]] Outcome TimedOut(std::chrono::milliseconds timeout);

// What all runs share.
struct ProbeRoom {
  NameServers names = {};
  TlsTrust trust;
  Reaper reaper;
};

// GET, without following redirects: a status of 2xx, and metrics in the first 64 KiB.
[[nodiscard]] boost::asio::awaitable<Outcome> ProbeHttp(const CheckSpec& spec, SteadyTime until,
                                                        ProbeRoom& room);
// Somebody accepts a connection.
[[nodiscard]] boost::asio::awaitable<Outcome> ProbeTcp(const CheckSpec& spec, SteadyTime until,
                                                       ProbeRoom& room);
// The command exits with 0 (passing), 1 (warning) or else; what it first says is the output.
// At the end, whichever, its whole process group is killed.
[[nodiscard]] boost::asio::awaitable<Outcome> ProbeCommand(const CheckSpec& spec, SteadyTime until,
                                                           ProbeRoom& room);

}  // namespace rollcall::agent
