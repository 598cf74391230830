// /api/v1/protection: what mass-loss protection holds.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "base/log.h"
#include "model/key.h"
#include "registry/records.h"
#include "serving/api/body.h"
#include "serving/api/endpoints.h"
#include "serving/api/envelope.h"
#include "serving/api/instance_json.h"
#include "serving/api/names.h"
#include "serving/api/parameters.h"
#include "serving/api/scope.h"

namespace rollcall::serving::api {
namespace {

namespace json = boost::json;
using model::Area;

// Each is a transaction of its own.
constexpr std::chrono::milliseconds kReleasePatience{30'000};
// Of what is held, looked up in one visit.
constexpr std::size_t kPiece = 500;

struct Held {
  std::string key;
  catalog::MarkPtr mark;
  catalog::RegistrationPtr registration;
};

json::object HeldJson(const Sources& sources, const Held& held) {
  json::object object{{"key", Text(held.key)}, {"name", ""}, {"instance", ""}};
  const catalog::Registration* const one = held.registration.get();
  if (one != nullptr) {
    const NameParts parts = Split(wire::NameView(one->name), sources.zones);
    object["name"] = parts.parent;
    object["instance"] = parts.instance;
    object["address"] = Text(one->service.host);
    object["port"] = one->service.port;
  }
  for (auto& member : SaidJson(held.mark->record)) object[member.key()] = std::move(member.value());
  return object;
}

std::vector<Held> AllHeld(Publisher::Reader& reader) {
  std::vector<Held> all;
  {
    const auto view = reader.Enter();
    for (const auto& [key, mark] : view->marks.Of(Area::kHeld)) all.push_back({key, mark, nullptr});
  }
  std::sort(all.begin(), all.end(), [](const Held& a, const Held& b) { return a.key < b.key; });
  for (std::size_t begin = 0; begin < all.size(); begin += kPiece) {
    const auto view = reader.Enter();
    for (std::size_t i = begin; i < std::min(begin + kPiece, all.size()); ++i) {
      all[i].registration = view->tree.FindKey(all[i].key);
    }
  }
  return all;
}

}  // namespace

Response ListProtection(const Sources& sources, const Request& request, Publisher::Reader& reader) {
  if (auto ok = CheckParameters(request, {}); !ok) return Failure(ok.error());
  if (sources.standing() == catalog::Standing::kNever) return NothingKnown();
  json::array data;
  for (const Held& held : AllHeld(reader)) data.emplace_back(HeldJson(sources, held));
  return Success(data);
}

Response ReleaseProtection(const Sources& sources, const Request& request) {
  if (auto ok = CheckParameters(request, {}); !ok) return Failure(ok.error());
  const auto body = ReadReleaseBody(request.body);
  if (!body) return Failure(body.error());
  auto name = ReadName(body->name);
  if (!name) return Failure(name.error());
  name->ToLower();
  const auto directory = model::KeyOf(sources.prefix, *name);
  if (!directory) return Failure(directory.error());
  if (auto ok = MayWriteBelow(request, TextOf(*name)); !ok) return Forbidden(ok.error());
  registry::Records records(sources.store, sources.clock);
  const auto released = records.Release(
      *directory, {By(request), body->why.empty() ? "released by the API" : body->why},
      store::After(kReleasePatience));
  if (!released) return Failure(released.error());
  if (released->empty()) {
    return Failure(
        {ErrorCode::kNotFound, fmt::format("nothing is held at or below {}", TextOf(*name))});
  }
  log::Info("released by the API",
            {{"name", TextOf(*name)}, {"by", By(request)}, {"count", released->size()}});
  json::array keys;
  for (const std::string& key : *released) keys.emplace_back(Text(key));
  return Success(json::object{{"released", std::move(keys)}});
}

}  // namespace rollcall::serving::api
