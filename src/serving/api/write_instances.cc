// PUT and DELETE /api/v1/instances/NAME.
#include <fmt/format.h>

#include <boost/json/object.hpp>

#include "base/log.h"
#include "model/time.h"
#include "serving/api/body.h"
#include "serving/api/endpoints.h"
#include "serving/api/envelope.h"
#include "serving/api/names.h"
#include "serving/api/parameters.h"
#include "serving/api/scope.h"

namespace rollcall::serving::api {
namespace {

// Of which instance, and where it lies.
struct Subject {
  wire::Name name;
  std::string text;  // lower case
  NameParts parts;
  registry::Layout layout;
  std::string key;
};

Result<Subject> ReadSubject(const Sources& sources, const Request& request) {
  auto name = ReadName(std::string_view(request.path).substr(kInstances.size()));
  if (!name) return Fail(std::move(name.error()));
  name->ToLower();
  Subject subject{*name, TextOf(*name), Split(*name, sources.zones), {}, {}};
  if (subject.parts.service.empty()) {
    return Fail(
        ErrorCode::kInvalid,
        fmt::format("{} is no INSTANCE.SERVICE.ZONE with a zone of this server", subject.text));
  }
  subject.layout.prefix = sources.prefix;
  subject.layout.zone = subject.parts.zone;
  auto key = registry::InstanceKey(subject.layout, subject.parts.service, subject.parts.instance);
  if (!key) return Fail(std::move(key.error()));
  subject.key = *std::move(key);
  return subject;
}

// What the writer expects to find; kMoved: it cannot be so.
Result<std::optional<store::Revision>> OnlyAt(const Request& request, const Glance::Found& stands) {
  const auto expected = ExpectedRevision(request);
  if (!expected) return Fail(expected.error());
  if (!expected->any) return expected->revision;
  if (stands.revision() != 0) return stands.revision();
  return Fail(ErrorCode::kMoved, "nothing is registered there");
}

// The revision of the record that dates the loss that the writer has seen; nothing: it need not be
// lost.  kMoved: it is not, or since another time.
Result<std::optional<store::Revision>> LostAt(const Subject& subject, const Request& request,
                                              const Glance::Found& stands) {
  const std::string* const text = request.Parameter("lost_since");
  if (text == nullptr) return std::nullopt;
  const auto since = model::ParseTime(*text);
  if (!since) return Fail(ErrorCode::kInvalid, "lost_since: " + since.error().message);
  const bool dated = stands.revision() != 0 && stands.lost && stands.lost->revision != 0;
  if (dated && model::FormatTime(stands.lost->record.since) == model::FormatTime(*since)) {
    return stands.lost->revision;
  }
  return Fail(ErrorCode::kMoved, fmt::format("{} is not lost since {}", subject.text, *text));
}

registry::Reason ReasonOf(const Request& request, const std::string& why) {
  return {By(request), why.empty() ? "by the API" : why};
}

Response Done(const Sources& sources, const registry::Written& written) {
  const SteadyTime deadline = sources.clock.Now() + kVisiblePatience;
  boost::json::object data{
      {"key", written.key}, {"revision", written.revision}, {"changed", written.changed}};
  if (!written.replaced.empty()) data["replaced"] = written.replaced;
  data["visible"] = sources.wait_for_revision(written.revision, deadline);
  return Success(data);
}

}  // namespace

Response PutInstance(const Sources& sources, const Request& request, Glance& glance) {
  if (auto ok = CheckParameters(request, {"revision"}); !ok) return Failure(ok.error());
  const auto subject = ReadSubject(sources, request);
  if (!subject) return Failure(subject.error());
  auto body = ReadRegistrationBody(request.body);
  if (!body) return Failure(body.error());
  if (body->value.host.empty()) body->value.host = request.peer.address;
  if (auto ok = MayWriteInstance(request, subject->text, body->value.host); !ok) {
    return Forbidden(ok.error());
  }

  const Glance::Found stands = glance.Find(subject->key);
  auto only_at = OnlyAt(request, stands);
  if (!only_at) return Failure(only_at.error());
  if (request.scope.own_address) {
    // Nor may he take what another has: what is there is looked at, and held to that.
    if (stands.registration) {
      const std::string_view address = stands.registration->service.host;
      if (auto ok = MayWriteInstance(request, subject->text, address); !ok) {
        return Forbidden(ok.error());
      }
    }
    if (!*only_at) *only_at = stands.revision();
  }
  const registry::Order order{.service = subject->parts.service,
                              .instance = subject->parts.instance,
                              .host = "",
                              .value = body->value};
  registry::Registry registry(sources.store, subject->layout, sources.rules, sources.clock);
  const registry::Terms terms{.only_at = *only_at, .reason = ReasonOf(request, body->why)};
  const auto written = registry.Register(order, terms, store::After(kStorePatience));
  if (!written) return Failure(written.error());
  log::Info("registered by the API", {{"key", written->key},
                                      {"by", By(request)},
                                      {"why", body->why},
                                      {"revision", written->revision},
                                      {"changed", written->changed}});
  return Done(sources, *written);
}

Response DeleteInstance(const Sources& sources, const Request& request, Glance& glance) {
  if (auto ok = CheckParameters(request, {"why", "address", "revision", "lost_since"}); !ok) {
    return Failure(ok.error());
  }
  const auto subject = ReadSubject(sources, request);
  if (!subject) return Failure(subject.error());
  const std::string why = TextParameter(request, "why");
  if (auto ok = CheckWhy("why", why); !ok) return Failure(ok.error());
  registry::Target target{.service = subject->parts.service,
                          .instance = subject->parts.instance,
                          .host = "",
                          .address = TextParameter(request, "address")};
  const Glance::Found stands = glance.Find(subject->key);
  std::string address = target.address;
  if (address.empty() && stands.registration) address = stands.registration->service.host;
  if (address.empty()) address = request.peer.address;
  if (auto ok = MayWriteInstance(request, subject->text, address); !ok) {
    return Forbidden(ok.error());
  }
  // Somebody else's may stand there by now.
  if (request.scope.own_address) target.address = address;
  auto only_at = OnlyAt(request, stands);
  if (!only_at) return Failure(only_at.error());
  target.only_at = *only_at;
  const auto lost_at = LostAt(*subject, request, stands);
  if (!lost_at) return Failure(lost_at.error());
  target.lost_at = *lost_at;

  registry::Registry registry(sources.store, subject->layout, sources.rules, sources.clock);
  const auto written =
      registry.Deregister(target, ReasonOf(request, why), store::After(kStorePatience));
  if (!written) return Failure(written.error());
  log::Info(
      "deregistered by the API",
      {{"key", written->key}, {"by", By(request)}, {"why", why}, {"revision", written->revision}});
  return Done(sources, *written);
}

}  // namespace rollcall::serving::api
