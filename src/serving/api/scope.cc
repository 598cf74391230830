#include "serving/api/scope.h"

#include <fmt/format.h>

#include "serving/api/envelope.h"
#include "serving/http/access.h"

namespace rollcall::serving::api {
namespace {

// Scopes are held against names as text: a dot within a label would pass for one between two.
Result<void> CheckPlain(const http::Request& request, std::string_view name) {
  if (request.scope.names.empty() || name.find('\\') == name.npos) return {};
  return Fail(ErrorCode::kRefused, fmt::format("{} may not write {}", request.peer.user, name));
}

}  // namespace

Result<void> MayWriteInstance(const http::Request& request, std::string_view name,
                              std::string_view address) {
  if (auto ok = CheckPlain(request, name); !ok) return ok;
  return http::MayWrite(request, name, address);
}

Result<void> MayWriteBelow(const http::Request& request, std::string_view name) {
  if (auto ok = CheckPlain(request, name); !ok) return ok;
  if (request.scope.own_address) {
    return Fail(
        ErrorCode::kRefused,
        fmt::format("{} may write single instances with its own address only", request.peer.user));
  }
  return http::MayWrite(request, name, request.peer.address);
}

http::Response Forbidden(const Error& error) {
  return Failure(403, "forbidden", error.message);
}

}  // namespace rollcall::serving::api
