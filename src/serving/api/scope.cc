#include "serving/api/scope.h"

#include <fmt/format.h>

#include <algorithm>

#include "serving/api/envelope.h"

namespace rollcall::serving::api {
namespace {

bool IsWithin(std::string_view name, const std::string& scope) {
  const auto below = wire::Name::FromText(name);
  const auto above = wire::Name::FromText(scope);
  return below && above && below->view().IsAtOrBelow(*above);
}

Result<void> CheckNames(const http::Request& request, std::string_view name) {
  const auto& names = request.scope.names;
  const bool within =
      names.empty() ||
      std::any_of(names.begin(), names.end(), [&](const auto& one) { return IsWithin(name, one); });
  if (within) return {};
  return Fail(ErrorCode::kRefused,
              fmt::format("{} may write at or below {} only, not {}", request.peer.user,
                          fmt::join(names, ", "), name.empty() ? "a host" : name));
}

}  // namespace

Result<void> MayWrite(const http::Request& request, std::string_view name,
                      std::string_view address) {
  if (auto ok = CheckNames(request, name); !ok) return ok;
  if (!request.scope.own_address || address == request.peer.address) return {};
  return Fail(ErrorCode::kRefused,
              fmt::format("{} may write what has its own address {} only, not {}",
                          request.peer.user, request.peer.address, address));
}

Result<void> MayWriteBelow(const http::Request& request, std::string_view name) {
  if (auto ok = CheckNames(request, name); !ok) return ok;
  if (!request.scope.own_address) return {};
  return Fail(
      ErrorCode::kRefused,
      fmt::format("{} may write single instances with its own address only", request.peer.user));
}

http::Response Forbidden(const Error& error) {
  return Failure(403, "forbidden", error.message);
}

}  // namespace rollcall::serving::api
