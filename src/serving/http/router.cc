#include "serving/http/router.h"

#include <algorithm>

namespace rollcall::serving::http {

Router::Router(std::vector<Route> routes) {
  for (Route& route : routes) {
    const bool below = route.path.size() > 1 && route.path.ends_with('/');
    auto& methods = (below ? below_ : whole_)[route.path];
    methods.push_back(std::move(route));
  }
}

Router::Found Router::Find(std::string_view method, std::string_view path) const {
  const Methods* methods = nullptr;
  if (const auto found = whole_.find(path); found != whole_.end()) {
    methods = &found->second;
  } else {
    // From the longest on: "/a/b/c" may lie below "/a/b/" and "/a/".
    for (std::size_t slash = path.rfind('/'); slash != std::string_view::npos && slash > 0;
         slash = path.rfind('/', slash - 1)) {
      const auto below = below_.find(path.substr(0, slash + 1));
      if (below == below_.end()) continue;
      methods = &below->second;
      break;
    }
  }
  if (methods == nullptr) return {};
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  for (const Route& route : *methods) {
    if (route.method == wanted) return {&route, ""};
  }
  Found found;
  for (const Route& route : *methods) {
    if (!found.allow.empty()) found.allow += ", ";
    found.allow += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  return found;
}

}  // namespace rollcall::serving::http
