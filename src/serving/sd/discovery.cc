#include "serving/sd/discovery.h"

#include <optional>
#include <string_view>
#include <utility>

#include "serving/sd/consul.h"
#include "serving/sd/http_sd.h"
#include "serving/sd/sd_ask.h"

namespace rollcall::serving::sd {
namespace {

using answer::Presence;
using catalog::Standing;

constexpr std::string_view kSd = "/sd/";

// What there is to say instead of the body.  `standing`: as of before it was looked for.
std::optional<Refusal> WhyNot(const BodyPtr& body, Standing standing) {
  if (!body) return Refusal{503, "too much is under way; try again"};
  if (body->facts.presence == Presence::kUnreadable) {
    return Refusal{503, "what is registered under this name cannot be read"};
  }
  // That it is gone, whoever deregistered the last of it wants to be heard; but only a view
  // that is surely the store's can say so, as with NXDOMAIN (rules D1, H2).
  if (body->facts.presence == Presence::kAbsent && standing != Standing::kSynced) {
    return Refusal{503, "this name is not known, and the store is out of reach"};
  }
  return std::nullopt;
}

void AnswerSd(Answers& answers, const http::ExchangePtr& exchange) {
  const Standing standing = answers.standing();
  const http::Request& request = exchange->request();
  auto ask = ParseSdAsk(answers.zones(), std::string_view(request.path).substr(kSd.size()),
                        request.parameters);
  if (!ask) return exchange->Reply(ToResponse(ask.error()));
  if (standing == Standing::kNever) {
    return exchange->Reply(ToResponse(Refusal{503, "nothing is known yet: never synced"}));
  }
  const answer::Choice choice = ask->choice;
  Answers::Wanted wanted{ask->zone, choice, answer::Hosts::kResolved, ask->Key(), {}};
  wanted.render = [ask = *std::move(ask)](const Gathered& gathered, const Emit& emit) {
    return RenderSd(ask, gathered, emit);
  };
  answers.Give(std::move(wanted), [&answers, exchange, choice, standing](const BodyPtr& body) {
    if (const auto why = WhyNot(body, standing)) return exchange->Reply(ToResponse(*why));
    http::Response head;
    head.status = body->facts.status;
    if (head.status == 200) {
      head.content_type = "application/json";
      answers.TellSeen(exchange->request(), choice, body->facts.revision);
    }
    body->SendTo(exchange, std::move(head));
  });
}

}  // namespace

class Discovery::Impl {
 public:
  Impl(catalog::Publisher& publisher, const answer::Zones& zones, StandingSource standing,
       const Clock& clock, Options options)
      : answers_(publisher, zones, std::move(standing), clock, std::move(options.answers)),
        consul_(answers_, std::move(options.node), options.waiting) {}
  // What the worker has in hand may be for those who go first.
  ~Impl() { answers_.Stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::vector<http::Route> Routes() {
    http::Route sd;
    sd.path = kSd;
    sd.handler = [this](const http::ExchangePtr& exchange) { AnswerSd(answers_, exchange); };
    std::vector<http::Route> routes{std::move(sd)};
    consul_.AddRoutes(routes);
    return routes;
  }

  void Stop() { consul_.Stop(); }

  Counters counters() const {
    const Bodies::Counters bodies = answers_.bodies().counters();
    return {bodies.made, bodies.kept, bodies.spared, answers_.left_out(), consul_.waiting()};
  }

 private:
  Answers answers_;
  Consul consul_;
};

Discovery::Discovery(catalog::Publisher& publisher, const answer::Zones& zones,
                     StandingSource standing, const Clock& clock, Options options)
    : impl_(std::make_unique<Impl>(publisher, zones, std::move(standing), clock,
                                   std::move(options))) {
}
Discovery::~Discovery() = default;

std::vector<http::Route> Discovery::Routes() {
  return impl_->Routes();
}
void Discovery::Stop() {
  impl_->Stop();
}
Counters Discovery::counters() const {
  return impl_->counters();
}

}  // namespace rollcall::serving::sd
