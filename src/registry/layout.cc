#include "registry/layout.h"

#include <fmt/format.h>

#include "base/quote.h"
#include "model/key.h"
#include "wire/name.h"

namespace rollcall::registry {
namespace {

std::string JoinNames(std::string_view left, std::string_view right) {
  if (left.empty()) return std::string(right);
  if (right.empty()) return std::string(left);
  return fmt::format("{}.{}", left, right);
}

}  // namespace

Result<std::string> DirectoryOf(const Layout& layout, std::string_view service) {
  const bool based = !layout.base_path.empty();
  const std::string text = based ? std::string(service) : JoinNames(service, layout.zone);
  const std::string& prefix = based ? layout.base_path : layout.prefix;
  if (text.empty()) return prefix;
  const Result<wire::Name> name = wire::Name::FromText(text);
  if (!name) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("{} is not a name: {}", Quote(text), name.error().message));
  }
  return model::KeyOf(prefix, *name);
}

Result<std::string> InstanceKey(const Layout& layout, std::string_view service,
                                std::string_view instance) {
  if (service.empty()) return Fail(ErrorCode::kInvalid, "no service is named");
  if (instance.empty()) return Fail(ErrorCode::kInvalid, "no instance is named");
  return DirectoryOf(layout, JoinNames(instance, service));
}

std::string NamingPrefix(const Layout& layout) {
  const std::string& base = layout.base_path;
  if (base.empty() || base.starts_with(layout.prefix + "/")) return layout.prefix;
  return base.substr(0, base.find('/', 1));
}

}  // namespace rollcall::registry
