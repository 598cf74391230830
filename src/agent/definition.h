// What an operator defines in services.d/*.yml: an instance of a service on this host,
// and how to tell that it is well.
//
// Values; no shared state.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace rollcall::agent {

struct CheckSpec {
  enum class Type : std::uint8_t { kNone, kHttp, kTcp, kCommand };

  Type type = Type::kNone;                // kNone: passing as long as the agent lives
  std::string url = {};                   // kHttp
  std::string address = {};               // kTcp: "HOST:PORT"
  std::vector<std::string> command = {};  // kCommand: program and arguments, no shell
  std::chrono::milliseconds interval{10'000};
  std::chrono::milliseconds timeout{2'000};
  int rise = 2;  // successes in a row until passing
  int fall = 3;  // failures in a row until critical

  friend bool operator==(const CheckSpec&, const CheckSpec&) = default;
};

enum class OnStop : std::uint8_t { kKeep, kDeregister };

struct Definition {
  std::string service = {};
  std::string instance = {};  // "": the host's name
  std::string address = {};   // "": the source address of the route to the store
  std::int64_t port = 0;
  std::map<std::string, std::string> labels = {};
  std::vector<std::string> tags = {};
  std::string scheme = {};
  std::string metrics_path = {};
  std::string interval = {};  // of scraping
  std::map<std::string, std::string> params = {};
  std::uint32_t ttl = 0;     // seconds; 0: unset
  std::string on_loss = {};  // as in model::Extension
  std::string retain = {};
  OnStop on_stop = OnStop::kKeep;  // when the agent is stopped cleanly
  CheckSpec check = {};

  // Where it is written; no part of what is defined.
  std::string file = {};
  int line = 0;
};

}  // namespace rollcall::agent
