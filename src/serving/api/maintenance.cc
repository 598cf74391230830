// /api/v1/maintenance and what is below it.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "base/quote.h"
#include "model/key.h"
#include "model/time.h"
#include "registry/records.h"
#include "registry/validate.h"
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

// Of what something is said.
struct Subject {
  registry::Subject place;
  std::string name;  // "": a host
  std::string text;  // "server01.node.prom.internal", "@server01"
};

Result<Subject> ReadSubject(const Sources& sources, const Request& request) {
  const std::string_view text = std::string_view(request.path).substr(kMaintenance.size());
  if (text.starts_with('@')) {
    const std::string_view host = text.substr(1);
    // A host's own name may have dots; it is one component of the key.
    if (auto ok = registry::CheckService(host); !ok) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("{} is no host: {}", Quote(host.substr(0, 128)), ok.error().message));
    }
    return Subject{{"", std::string(host)}, "", std::string(text)};
  }
  auto name = ReadName(text);
  if (!name) return Fail(std::move(name.error()));
  name->ToLower();
  auto key = model::KeyOf(sources.prefix, *name);
  if (!key) return Fail(std::move(key.error()));
  const std::string whole = TextOf(*name);
  return Subject{{*std::move(key), ""}, whole, whole};
}

Result<void> MayMaintain(const Request& request, const Subject& subject, Glance& glance) {
  if (!request.scope.own_address || subject.name.empty()) {
    return MayWriteBelow(request, subject.name);
  }
  const auto stands = glance.Find(subject.place.key).registration;
  if (!stands) return MayWriteBelow(request, subject.name);
  return MayWriteInstance(request, subject.name, stands->service.host);
}

json::object MaintenanceJson(const Sources& sources, const std::string& subject,
                             const catalog::Mark& mark) {
  json::object object;
  if (subject.starts_with('@')) {
    object["subject"] = Text(subject);
    object["host"] = Text(std::string_view(subject).substr(1));
  } else {
    object["subject"] = Text(subject);
    object["key"] = Text(subject);
    if (subject.starts_with(sources.prefix + "/")) {
      if (const auto name = model::NameOf(sources.prefix, subject)) {
        object["subject"] = object["name"] = TextOf(*name);
      }
    }
  }
  if (!mark.readable) {
    object["problem"] = "the record cannot be read";
    return object;
  }
  for (auto& member : SaidJson(mark.record)) object[member.key()] = std::move(member.value());
  if (auto why = object.find("why"); why != object.end()) {
    json::value text = std::move(why->value());
    object.erase(why);
    object["reason"] = std::move(text);
  }
  return object;
}

}  // namespace

Response ListMaintenance(const Sources& sources, const Request& request,
                         Publisher::Reader& reader) {
  if (auto ok = CheckParameters(request, {}); !ok) return Failure(ok.error());
  if (sources.standing() == catalog::Standing::kNever) return NothingKnown();
  std::vector<std::pair<std::string, catalog::MarkPtr>> all;
  {
    const auto view = reader.Enter();
    const auto& marks = view->marks.Of(Area::kMaintenance);
    all.assign(marks.begin(), marks.end());
  }
  std::sort(all.begin(), all.end());
  json::array data;
  for (const auto& [subject, mark] : all) {
    data.emplace_back(MaintenanceJson(sources, subject, *mark));
  }
  return Success(data);
}

Response GetMaintenance(const Sources& sources, const Request& request, Publisher::Reader& reader) {
  if (auto ok = CheckParameters(request, {}); !ok) return Failure(ok.error());
  const auto subject = ReadSubject(sources, request);
  if (!subject) return Failure(subject.error());
  if (sources.standing() == catalog::Standing::kNever) return NothingKnown();
  const std::string key =
      subject->place.key.empty() ? "@" + subject->place.host : subject->place.key;
  const auto view = reader.Enter();
  const catalog::Mark* const mark = view->marks.Find(Area::kMaintenance, key);
  if (mark != nullptr) return Success(MaintenanceJson(sources, key, *mark));
  return Failure({ErrorCode::kNotFound, fmt::format("{} is not in maintenance", subject->text)});
}

Response PutMaintenance(const Sources& sources, const Request& request, Glance& glance) {
  if (auto ok = CheckParameters(request, {}); !ok) return Failure(ok.error());
  const auto subject = ReadSubject(sources, request);
  if (!subject) return Failure(subject.error());
  const auto body = ReadMaintenanceBody(request.body, sources.clock.WallNow());
  if (!body) return Failure(body.error());
  if (auto ok = MayMaintain(request, *subject, glance); !ok) return Forbidden(ok.error());
  registry::Records records(sources.store, sources.clock);
  const auto done = records.Maintain(subject->place, body->until, {By(request), body->reason},
                                     store::After(kStorePatience));
  if (!done) return Failure(done.error());
  json::object data{{"subject", subject->text}};
  if (body->until) data["until"] = model::FormatTime(*body->until);
  return Success(data);
}

Response DeleteMaintenance(const Sources& sources, const Request& request, Glance& glance) {
  if (auto ok = CheckParameters(request, {}); !ok) return Failure(ok.error());
  const auto subject = ReadSubject(sources, request);
  if (!subject) return Failure(subject.error());
  if (auto ok = MayMaintain(request, *subject, glance); !ok) return Forbidden(ok.error());
  registry::Records records(sources.store, sources.clock);
  const auto done = records.EndMaintenance(subject->place, store::After(kStorePatience));
  if (!done) return Failure(done.error());
  return Success(json::object{{"subject", subject->text}});
}

}  // namespace rollcall::serving::api
