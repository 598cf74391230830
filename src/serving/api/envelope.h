// Prometheus's envelope around what is answered.
//
// Pure.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "serving/http/exchange.h"

namespace rollcall::serving::api {

// Octets of a page: it ends there, with `next`, whatever its limit, for values may be large.
inline constexpr std::size_t kMostPage = std::size_t{4} << 20;

// {"status":"success","data":...}
[[nodiscard]] http::Response Success(const boost::json::value& data);
// The same, of data that is JSON text already.
[[nodiscard]] http::Response SuccessText(std::string_view data);

// {"status":"error",...} with the status that the code stands for.
[[nodiscard]] http::Response Failure(const Error& error);
[[nodiscard]] http::Response Failure(unsigned status, std::string_view type,
                                     std::string_view sentence);
// The same of what the transport refuses: with the type that belongs to the status.
[[nodiscard]] http::Response Refusal(unsigned status, std::string_view sentence);
// 503: nothing was ever synced.
[[nodiscard]] http::Response NothingKnown();

}  // namespace rollcall::serving::api
