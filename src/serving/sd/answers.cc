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

BodyPtr Answers::Build(const Wanted& wanted, const Bodies::Begun& begun) {
  const Gathered gathered =
      Gather(readers_, zones_, *wanted.zone, wanted.choice, wanted.hosts, clock_.WallNow());
  Body::Facts facts{.presence = gathered.presence,
                    .revision = gathered.revision,
                    .moment = gathered.moment,
                    .index = gathered.moment.touched,
                    .elsewhere = gathered.elsewhere,
                    .good_until = gathered.good_until};
  auto body = std::make_shared<Body>(facts);
  std::size_t pieces = 0;
  const auto rendered = wanted.render(gathered, [&](std::string piece) {
    // What fits into one goes out with its length.
    if (++pieces == 2) begun(body);
    body->Add(std::move(piece));
  });
  if (!rendered) {
    facts.status = rendered.error().status;
    return std::make_shared<Body>(facts, rendered.error().text + "\n");
  }
  left_out_ += rendered->left_out;
  body->End();
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
  const std::string key = wanted.key;
  const WallTime now = clock_.WallNow();
  auto build = [this, wanted = std::move(wanted)](const Bodies::Begun& begun) {
    return Build(wanted, begun);
  };
  if (most > options_.most_here) {
    return bodies_.Make(key, moment, now, std::move(build), std::move(done));
  }
  BodyPtr body = bodies_.Find(key, moment, now);
  if (!body) body = bodies_.MakeHere(key, build);
  done(body);
}

http::Response ToResponse(const Refusal& refusal) {
  http::Response response;
  response.status = refusal.status;
  response.body = refusal.text + "\n";
  return response;
}

}  // namespace rollcall::serving::sd
