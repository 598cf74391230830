// Why a target is with Prometheus, or is not, as a server's API tells it.
//
// Pure, but for what `ask` does.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <string>
#include <vector>

#include "app/explain_target.h"
#include "base/result.h"

namespace rollcall::app {

// ServerApi::Get(), or a test's.
using AskApi = std::function<Result<boost::json::value>(const std::string& path)>;

// One fact on the way from the registration to Prometheus.
struct Link {
  std::string what{};  // "registered", "state", "DNS"
  std::string text{};
  bool problem = false;
};

struct Chain {
  boost::json::object instance;  // of the API
  std::vector<Link> links{};
};

struct Explanation {
  std::string target{};
  bool fine = false;              // one at least was found, and nothing is wrong with any
  std::string verdict{};          // one sentence
  std::vector<Chain> found{};     // in the order of their keys
  std::size_t left_out = 0;       // found, and not told of
  std::vector<Link> elsewhere{};  // where nothing was found: what there is instead
};

// As ServerApi::Get().
[[nodiscard]] Result<Explanation> Explain(const AskApi& ask, const Target& target);

// The chain of one instance.  As ServerApi::Get().
[[nodiscard]] Result<Chain> Follow(const AskApi& ask, const boost::json::object& instance);
// What one change says: "2026-01-31T12:00:00Z deregistered by alice@server01: moved".
[[nodiscard]] std::string ChangeText(const boost::json::object& change);

}  // namespace rollcall::app
