// The API, /api/v1: what is registered and how it is, who asks for it, what has changed, and
// changes of it.  doc/openapi.yaml says what each path takes and gives.
//
// Reads come from the view, on a thread of the room's own, in short visits; writes go through
// `registry` to the store and come back by its watch.
//
// Threads: two of its own, of which one reads and one sends events.  Routes() by any.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "serving/api/sources.h"
#include "serving/http/exchange.h"

namespace rollcall::serving::api {

// What became of writes of registrations.
enum class WriteResult : std::uint8_t { kDone, kInvalid, kDenied, kConflict, kFailed };
inline constexpr std::size_t kWriteResults = 5;
[[nodiscard]] std::string_view ToString(WriteResult result);  // "done", "invalid", ...

struct Counters {
  std::array<std::uint64_t, kWriteResults> registrations{};  // by WriteResult
  std::array<std::uint64_t, kWriteResults> deregistrations{};
};

class Api {
 public:
  // Borrows what `sources` names until destroyed.
  explicit Api(Sources sources);
  // Ends the streams of events.  Nobody may call a handler any more.
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  // Whose handlers borrow this object.
  [[nodiscard]] std::vector<http::Route> Routes();

  [[nodiscard]] Counters counters() const;  // any thread

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall::serving::api
