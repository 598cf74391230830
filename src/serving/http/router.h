// Which route a request takes.
//
// Threads: immutable once made; any number may ask.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "serving/http/exchange.h"

namespace rollcall::serving::http {

class Router {
 public:
  // Of several routes with the same path and method the first counts.
  explicit Router(std::vector<Route> routes);

  struct Found {
    const Route* route = nullptr;  // as long as the router lives
    // Without a route: the methods that the path has ("GET, HEAD, PUT"); "": no such path.
    std::string allow;
  };
  // `method` as it was sent; HEAD takes the route of GET.
  [[nodiscard]] Found Find(std::string_view method, std::string_view path) const;

 private:
  using Methods = std::vector<Route>;
  std::map<std::string, Methods, std::less<>> whole_;
  std::map<std::string, Methods, std::less<>> below_;  // "/sd/"
};

}  // namespace rollcall::serving::http
