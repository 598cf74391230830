#include "serving/sd/answers.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace rollcall::serving::sd {

Answers::Answers(catalog::Publisher& publisher, const answer::Zones& zones, StandingSource standing,
                 const Clock& clock, Options options)
    : readers_(publisher),
      zones_(zones),
      standing_(std::move(standing)),
      clock_(clock),
      options_(std::move(options)),
      bodies_(worker_, options_.bodies),
      worker_(options_.most_jobs) {
}

std::uint64_t Answers::Touched(const answer::Zone& zone, const answer::Choice& choice) {
  auto reader = readers_.Borrow();
  return answer::TouchedAt(*reader.Enter(), zone, choice.name);
}

std::string AskedText(const answer::Choice& choice) {
  std::string text;
  if (choice.shards != 0) text = fmt::format("_shard{}of{}.", choice.shard, choice.shards);
  if (choice.healthy) text += "_healthy.";
  text += choice.name.ToText();
  text.pop_back();
  return text;
}

void Answers::TellSeen(const http::Request& request, const answer::Choice& choice,
                       store::Revision revision) const {
  if (options_.seen) options_.seen(request, AskedText(choice), revision);
}

BodyPtr Answers::Build(const Wanted& wanted) {
  const Gathered gathered =
      Gather(readers_, zones_, *wanted.zone, wanted.choice, wanted.hosts, clock_.WallNow());
  auto rendered = wanted.render(gathered);
  auto body = std::make_shared<Body>();
  body->presence = gathered.presence;
  body->revision = gathered.revision;
  body->moment = gathered.moment;
  body->index = gathered.moment.touched;
  body->elsewhere = gathered.elsewhere;
  body->good_until = gathered.good_until;
  if (rendered) {
    body->targets = rendered->targets;
    body->left_out = rendered->left_out;
    left_out_ += rendered->left_out;
    body->octets = std::make_shared<const std::string>(std::move(rendered->json));
  } else {
    body->status = rendered.error().status;
    body->octets = std::make_shared<const std::string>(std::move(rendered.error().text) + "\n");
  }
  return body;
}

void Answers::Give(Wanted wanted, Bodies::Done done) {
  Moment moment;
  std::size_t most = 0;
  {
    auto reader = readers_.Borrow();
    const auto view = reader.Enter();
    moment = {answer::TouchedAt(*view, *wanted.zone, wanted.choice.name), view->changes};
    most = answer::MostAt(*view, *wanted.zone, wanted.choice.name);
  }
  std::string key = wanted.key;
  if (const BodyPtr body = bodies_.Find(key, moment, clock_.WallNow())) return done(body);
  const bool here = most <= options_.most_here;
  const auto build = [this, wanted = std::move(wanted)] { return Build(wanted); };
  if (here) return done(bodies_.MakeHere(key, build));
  bodies_.Make(key, moment, build, std::move(done));
}

http::Response ToResponse(const Refusal& refusal) {
  http::Response response;
  response.status = refusal.status;
  response.body = refusal.text + "\n";
  return response;
}

}  // namespace rollcall::serving::sd
