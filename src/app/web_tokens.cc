#include "app/web_tokens.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/yaml_file.h"
#include "base/quote.h"
#include "model/time.h"
#include "wire/name.h"
#include "yaml/fields.h"

namespace rollcall::app {
namespace {

using serving::http::Token;
using serving::http::Tokens;
using yaml::Fields;
using yaml::Wrong;

// One that asks is held against all of them.
constexpr std::size_t kMostTokens = 10'000;

Result<void> ReadScope(const std::string& path, const YAML::Node& node,
                       const std::vector<std::string>& names, Token& token) {
  for (const std::string& name : names) {
    const auto parsed = wire::Name::FromText(name);
    if (!parsed) return Wrong(path, node["names"], parsed.error().message);
    token.scope.names.push_back(name.ends_with('.') ? name.substr(0, name.size() - 1) : name);
  }
  const bool scoped = !token.scope.names.empty() || token.scope.own_address;
  if (scoped && !token.write) {
    return Wrong(path, node,
                 "names and own_address are about writing, which is none of its rights");
  }
  return {};
}

Result<Token> ReadToken(const std::string& path, const YAML::Node& node) {
  Token token;
  std::string hash;
  std::string expires;
  std::string own_address = "false";
  std::vector<std::string> rights;
  std::vector<std::string> names;
  Fields fields(path, node, "tokens.");
  fields.Text("name", token.name);
  fields.Text("hash", hash);
  fields.Texts("rights", rights);
  fields.Texts("names", names);
  fields.OneOf("own_address", own_address, {"true", "false"});
  fields.Text("expires", expires);
  if (auto ok = std::move(fields).Done(); !ok) return Fail(std::move(ok.error()));
  if (token.name.empty()) return Wrong(path, node, "a token wants a name");
  const auto digest = serving::http::ParseDigest(hash);
  if (!digest) return Wrong(path, node, fmt::format("hash: {}", digest.error().message));
  token.digest = *digest;
  for (const std::string& right : rights) {
    if (right != "read" && right != "write") {
      return Wrong(path, node["rights"], fmt::format("{} is neither read nor write", Quote(right)));
    }
    (right == "read" ? token.read : token.write) = true;
  }
  if (rights.empty()) return Wrong(path, node, "a token wants rights: read, write or both");
  token.scope.own_address = own_address == "true";
  if (auto ok = ReadScope(path, node, names, token); !ok) return Fail(std::move(ok.error()));
  if (expires.empty()) return token;
  const auto time = model::ParseTime(expires);
  if (!time) return Wrong(path, node, fmt::format("expires: {}", time.error().message));
  token.expires = *time;
  return token;
}

Result<void> ReadTokens(const std::string& path, const YAML::Node& root, Tokens& tokens) {
  std::string anonymous = "none";
  YAML::Node list;
  Fields fields(path, root, "");
  fields.OneOf("anonymous", anonymous, {"none", "read"});
  fields.Take("tokens", list);
  if (auto ok = std::move(fields).Done(); !ok) return ok;
  tokens.anonymous_read = anonymous == "read";
  if (!list.IsDefined() || list.IsNull()) return {};
  if (!list.IsSequence()) return Wrong(path, list, "tokens wants a list");
  if (list.size() > kMostTokens) {
    return Wrong(path, list, fmt::format("there are more than {} tokens", kMostTokens));
  }
  for (const YAML::Node& node : list) {
    auto token = ReadToken(path, node);
    if (!token) return Fail(std::move(token.error()));
    const bool twice = std::any_of(tokens.all.begin(), tokens.all.end(), [&](const Token& other) {
      return other.name == token->name || other.digest == token->digest;
    });
    if (twice) {
      return Wrong(path, node, fmt::format("the token {} is there twice", Quote(token->name)));
    }
    tokens.all.push_back(*std::move(token));
  }
  return {};
}

}  // namespace

Result<Tokens> LoadTokens(const std::string& path) {
  Tokens tokens;
  auto ok =
      ReadYamlFile(path, [&](const YAML::Node& root) { return ReadTokens(path, root, tokens); });
  if (!ok) return Fail(std::move(ok.error()));
  return tokens;
}

}  // namespace rollcall::app
