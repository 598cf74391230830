// Compares a reply with what a vector expects.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "wire/decode.h"

namespace rollcall::vectors {

// Differences, one sentence each; empty: it is as expected.  `size`: octets of the
// message.
[[nodiscard]] std::vector<std::string> Compare(const boost::json::object& expect,
                                               const boost::json::object& question,
                                               const wire::Response& reply, std::size_t size);

}  // namespace rollcall::vectors
