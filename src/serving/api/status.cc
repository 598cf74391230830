// GET /api/v1/status/...
#include <boost/json/array.hpp>

#include "model/records.h"
#include "model/time.h"
#include "serving/api/endpoints.h"
#include "serving/api/envelope.h"
#include "serving/api/instance_json.h"
#include "serving/api/names.h"
#include "serving/api/parameters.h"

namespace rollcall::serving::api {
namespace {

namespace json = boost::json;

}  // namespace

Response Buildinfo(const Sources& sources, const Request& request) {
  if (auto ok = CheckParameters(request, {}); !ok) return Failure(ok.error());
  return Success(json::object{{"version", Text(sources.facts.version)}, {"compiler", __VERSION__}});
}

Response Flags(const Sources& sources, const Request& request) {
  if (auto ok = CheckParameters(request, {}); !ok) return Failure(ok.error());
  json::object flags;
  for (const auto& [name, value] : sources.facts.flags) flags[Text(name)] = Text(value);
  return Success(flags);
}

Response Config(const Sources& sources, const Request& request) {
  if (auto ok = CheckParameters(request, {}); !ok) return Failure(ok.error());
  return Success(json::object{{"yaml", Text(sources.facts.config)}});
}

Response Runtimeinfo(const Sources& sources, const Request& request, Publisher::Reader& reader,
                     WallTime begun, std::size_t streams) {
  if (auto ok = CheckParameters(request, {}); !ok) return Failure(ok.error());
  json::object data{{"startTime", model::FormatTime(begun)},
                    {"serverTime", model::FormatTime(sources.clock.WallNow())},
                    {"hostname", Text(sources.facts.host)}};
  json::array& zones = data["zones"].emplace_array();
  for (const wire::Name& zone : sources.zones.options().names) zones.emplace_back(TextOf(zone));
  data["prefix"] = Text(sources.prefix);
  data["standing"] = Text(ToString(sources.standing()));
  {
    const auto view = reader.Enter();
    data["revision"] = view->revision;
    data["serial"] = view->serial();
    data["registrations"] = view->tree.size();
    data["held"] = view->marks.Of(model::Area::kHeld).size();
  }
  data["changes"] = sources.history.size();
  data["consumers"] = sources.book.counters().consumers;
  data["streams"] = streams;
  return Success(data);
}

Response StoreStatus(const Sources& sources, const Request& request, Publisher::Reader& reader) {
  if (auto ok = CheckParameters(request, {}); !ok) return Failure(ok.error());
  const StoreFacts facts = sources.store_facts();
  json::object data{{"kind", Text(facts.kind)}};
  json::array& endpoints = data["endpoints"].emplace_array();
  for (const std::string& one : facts.endpoints) endpoints.emplace_back(Text(one));
  data["standing"] = Text(ToString(sources.standing()));
  data["revision"] = reader.Enter()->revision;
  data["stale_seconds"] = facts.stale_seconds;
  if (!facts.trouble.empty()) data["trouble"] = Text(facts.trouble);
  return Success(data);
}

}  // namespace rollcall::serving::api
