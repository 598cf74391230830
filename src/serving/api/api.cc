#include "serving/api/api.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <utility>

#include "serving/api/body.h"
#include "serving/api/endpoints.h"
#include "serving/api/envelope.h"
#include "serving/api/events.h"
#include "serving/api/openapi.h"
#include "serving/api/parameters.h"
#include "serving/api/reading.h"
#include "serving/api/services.h"

namespace rollcall::serving::api {
namespace {

using http::ExchangePtr;
using http::Handler;
using http::Right;
using http::Route;

Response OpenApi(const Request& request) {
  if (auto ok = CheckParameters(request, {}); !ok) return Failure(ok.error());
  Response response;
  response.body = std::string(OpenApiYaml());
  response.content_type = "application/yaml";
  return response;
}

WriteResult ResultOf(unsigned status) {
  switch (status) {
    case 200:
      return WriteResult::kDone;
    case 403:
      return WriteResult::kDenied;
    case 404:
    case 409:
    case 412:
      return WriteResult::kConflict;
    default:
      return status < 500 ? WriteResult::kInvalid : WriteResult::kFailed;
  }
}

}  // namespace

std::string_view ToString(WriteResult result) {
  constexpr std::array<std::string_view, kWriteResults> kNames = {"done", "invalid", "denied",
                                                                  "conflict", "failed"};
  return kNames[static_cast<std::size_t>(result)];
}

class Api::Impl {
 public:
  explicit Impl(Sources sources)
      : sources_(std::move(sources)),
        begun_(sources_.clock.WallNow()),
        glance_(sources_.publisher),
        services_(sources_),
        events_(sources_.history, sources_.zones, sources_.clock),
        reading_(sources_.publisher) {
    events_.Start();
  }

  std::vector<Route> Routes() {
    const std::string instance(kInstances);
    const std::string maintenance(kMaintenance);
    return {
        {.path = "/api/v1/instances", .handler = Reads(ListInstances)},
        {.path = instance, .handler = Reads(GetInstance)},
        Writes("PUT", instance, Counted(PutInstance, registrations_), kMostBody),
        Writes("DELETE", instance, Counted(DeleteInstance, deregistrations_), 0),
        {.path = "/api/v1/services",
         .handler =
             Reads([this](const Sources&, const Request& request, Publisher::Reader& reader) {
               return services_.List(request, reader);
             })},
        {.path = "/api/v1/maintenance", .handler = Reads(ListMaintenance)},
        {.path = maintenance, .handler = Reads(GetMaintenance)},
        Writes("PUT", maintenance, PutMaintenance, kMostBody),
        Writes("DELETE", maintenance, DeleteMaintenance, 0),
        {.path = "/api/v1/protection", .handler = Reads(ListProtection)},
        Writes(
            "POST", "/api/v1/protection/release",
            [](const Sources& sources, const Request& request, Glance&) {
              return ReleaseProtection(sources, request);
            },
            kMostBody),
        // A long page takes too long for a thread of the server.
        {.path = "/api/v1/history",
         .handler = Reads([](const Sources& sources, const Request& request, Publisher::Reader&) {
           return ListHistory(sources, request);
         })},
        {.path = "/api/v1/events",
         .handler = [this](const ExchangePtr& exchange) { events_.Open(exchange); }},
        {.path = "/api/v1/consumers", .handler = Reads(ListConsumers)},
        {.path = "/api/v1/dns", .handler = Reads(AnswerDns)},
        {.path = "/api/v1/status/buildinfo", .handler = Tells(Buildinfo)},
        {.path = "/api/v1/status/flags", .handler = Tells(Flags)},
        {.path = "/api/v1/status/config", .handler = Tells(Config)},
        {.path = "/api/v1/status/runtimeinfo",
         .handler = Reads(
             [this](const Sources& sources, const Request& request, Publisher::Reader& reader) {
               return Runtimeinfo(sources, request, reader, begun_, events_.streams());
             })},
        {.path = "/api/v1/status/store", .handler = Reads(StoreStatus)},
        {.path = "/api/v1/openapi.yaml", .handler = http::Answering(OpenApi)},
    };
  }

  Counters counters() const {
    Counters counters;
    std::copy(registrations_.begin(), registrations_.end(), counters.registrations.begin());
    std::copy(deregistrations_.begin(), deregistrations_.end(), counters.deregistrations.begin());
    return counters;
  }

 private:
  using Results = std::array<std::atomic<std::uint64_t>, kWriteResults>;

  using Writer = std::function<Response(const Sources&, const Request&, Glance&)>;
  static Writer Counted(Writer answer, Results& results) {
    return [answer = std::move(answer), &results](const Sources& sources, const Request& request,
                                                  Glance& glance) {
      Response response = answer(sources, request, glance);
      ++results[static_cast<std::size_t>(ResultOf(response.status))];
      return response;
    };
  }

  // At once, on the server's own thread.
  template <typename Answer>
  Handler Tells(Answer answer) {
    return [this, answer](const ExchangePtr& exchange) {
      exchange->Reply(answer(sources_, exchange->request()));
    };
  }

  // On the reading thread.
  template <typename Answer>
  Handler Reads(Answer answer) {
    return [this, answer](const ExchangePtr& exchange) {
      const bool taken = reading_.Run([this, answer, exchange](Publisher::Reader& reader) {
        exchange->Reply(answer(sources_, exchange->request(), reader));
      });
      if (taken) return;
      exchange->Reply(Failure({ErrorCode::kExhausted, "too many ask at once: ask again later"}));
    };
  }

  // On a thread of the server that may wait.
  template <typename Answer>
  Route Writes(const std::string& method, const std::string& path, Answer answer,
               std::size_t most_body) {
    return {.method = method,
            .path = path,
            .handler =
                [this, answer](const ExchangePtr& exchange) {
                  exchange->Reply(answer(sources_, exchange->request(), glance_));
                },
            .right = Right::kWrite,
            .waits = true,
            .most_body = most_body};
  }

  const Sources sources_;
  const WallTime begun_;
  Results registrations_{};
  Results deregistrations_{};
  Glance glance_;
  Services services_;
  Events events_;
  Reading reading_;  // last: its thread uses the others
};

Api::Api(Sources sources) : impl_(std::make_unique<Impl>(std::move(sources))) {
}
Api::~Api() = default;
std::vector<Route> Api::Routes() {
  return impl_->Routes();
}
Counters Api::counters() const {
  return impl_->counters();
}

}  // namespace rollcall::serving::api
