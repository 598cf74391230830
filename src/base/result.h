// Errors as values.
//
// Every function that can fail returns Result<T> and is [[nodiscard]]; no
// exception crosses a folder.
// What a caller has to tell apart is in Error::code; Error::message is one
// sentence for a person: what is wrong, and where.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace rollcall {

// The few ways to fail that some caller acts upon.
enum class ErrorCode {
  kInvalid,      // the caller's input is wrong; the same call fails again
  kNotFound,     // what was asked for is not there
  kConflict,     // somebody else changed or holds it
  kMoved,        // it is no longer at the revision that the caller named
  kUnavailable,  // the other side cannot be reached now; trying again may help
  kDeadline,     // the time given ran out; whether it took effect is unknown
  kCompacted,    // the revision asked for is no longer kept by the store
  kRefused,      // the other side understood and will not (credentials, permission)
  kCancelled,    // the caller itself asked to stop
  kExhausted,    // a bound of ours was reached (queue, size, number)
  kInternal,     // a broken promise, ours or the other side's
};

[[nodiscard]] std::string_view ToString(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
};

template <typename T = void>
using Result = tl::expected<T, Error>;

// `return Fail(ErrorCode::kInvalid, "port 70000 is above 65535");`
[[nodiscard]] inline tl::unexpected<Error> Fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

// Hands an error on: `if (!kv) return Fail(std::move(kv.error()));`
[[nodiscard]] inline tl::unexpected<Error> Fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace rollcall
