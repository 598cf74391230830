#include "serving/http/router.h"

#include <gtest/gtest.h>

namespace rollcall::serving::http {
namespace {

Route At(const std::string& method, const std::string& path) {
  Route route;
  route.method = method;
  route.path = path;
  return route;
}

TEST(Router, TheLongestPathCounts) {
  const Router router({At("GET", "/"), At("GET", "/sd/"), At("GET", "/sd/a/"), At("GET", "/sd/x"),
                       At("GET", "/api/v1/instances"), At("PUT", "/api/v1/instances/"),
                       At("DELETE", "/api/v1/instances/")});
  const auto path = [&](const std::string& method, const std::string& asked) {
    const auto found = router.Find(method, asked);
    return found.route == nullptr ? "-" + found.allow : found.route->path;
  };
  EXPECT_EQ(path("GET", "/"), "/");
  EXPECT_EQ(path("HEAD", "/"), "/");
  EXPECT_EQ(path("GET", "/nowhere"), "-");
  EXPECT_EQ(path("GET", "/sd/node"), "/sd/");
  EXPECT_EQ(path("GET", "/sd/x"), "/sd/x");
  EXPECT_EQ(path("GET", "/sd/x/y"), "/sd/");
  EXPECT_EQ(path("GET", "/sd/a/b/c"), "/sd/a/");
  EXPECT_EQ(path("GET", "/sd"), "-");
  EXPECT_EQ(path("POST", "/sd/node"), "-GET, HEAD");
  EXPECT_EQ(path("GET", "/api/v1/instances/x"), "-PUT, DELETE");
  EXPECT_EQ(path("PUT", "/api/v1/instances/x"), "/api/v1/instances/");
  EXPECT_EQ(path("PUT", "/api/v1/instances"), "-GET, HEAD");
}

}  // namespace
}  // namespace rollcall::serving::http
