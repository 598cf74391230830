// What `explain` is asked about.
//
// Pure.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rollcall::app {

struct Target {
  std::string
      host{};  // a name in small letters without a final dot, or an address as one spells it
  bool is_address = false;
  std::optional<std::uint16_t> port{};
};

// "10.1.2.3:9100", "[2001:db8::1]:9100", an address alone, HOST, HOST:PORT; also the URL that
// Prometheus shows of a target.  kInvalid: anything else.
[[nodiscard]] Result<Target> ParseTarget(std::string_view text);

// The members of an answer of the API, with what counts where there is none.
[[nodiscard]] std::string TextIn(const boost::json::object& object, std::string_view member);
[[nodiscard]] std::int64_t NumberIn(const boost::json::object& object, std::string_view member);

// "server01.node.prom.internal" of an Instance of the API, in small letters.
[[nodiscard]] std::string NameOf(const boost::json::object& instance);
// "10.1.2.3:9100"; the address alone without a port.
[[nodiscard]] std::string PlaceOf(const boost::json::object& instance);

enum class Fit {
  kNone,
  kPort,   // but for the port
  kWhole,  // its address, its name, or its first label, and the port if the target has one
};
[[nodiscard]] Fit FitOf(const Target& target, const boost::json::object& instance);

// Whether two first labels are apart by two slips of a finger at most, and not by all of them.
[[nodiscard]] bool IsSimilar(std::string_view a, std::string_view b);

}  // namespace rollcall::app
