#include "agent/checker.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <random>
#include <thread>
#include <utility>

#include "agent/check_gate.h"
#include "agent/check_probe.h"
#include "agent/check_schedule.h"
#include "agent/health_count.h"
#include "base/log.h"

namespace rollcall::agent {
namespace {

namespace asio = boost::asio;
using model::Health;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

SteadyTime Now() {
  return std::chrono::steady_clock::now();
}

// One check, from Set() to Set().
struct Subject {
  Subject(asio::io_context& io, std::string its_id, CheckSpec its_spec, std::uint32_t seed)
      : id(std::move(its_id)),
        spec(std::move(its_spec)),
        count(spec.rise, spec.fall),
        schedule(spec.interval, seed),
        timer(io) {}

  const std::string id;
  const CheckSpec spec;
  HealthCount count;
  CheckSchedule schedule;
  asio::steady_timer timer;
  bool slow = false;     // no answer in time at its last run
  bool dropped = false;  // by a later Set()
  bool told_inconclusive = false;
};

}  // namespace

class Checker::Running {
 public:
  Running(OnChange on_change, const Clock& clock, Options options)
      : on_change_(std::move(on_change)),
        clock_(clock),
        connections_(options.most_connections),
        commands_(options.most_commands) {
    room_.names = std::move(options.name_servers);
    thread_ = std::thread([this] { Run(); });
  }
  ~Running() {
    io_.stop();
    thread_.join();
    // What the runs hold goes with the context, in an order that is not ours.
    connections_.Close();
    commands_.Close();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  void Set(std::map<std::string, CheckSpec> checks) {
    asio::post(io_, [this, checks = std::move(checks)]() mutable { Apply(std::move(checks)); });
  }

 private:
  void Run() {
    for (;;) {
      try {
        io_.run();
        return;
      } catch (const std::exception& e) {  // no memory: whoever asked for it has gone
        log::Error("a check broke off", {{"error", e.what()}});
      }
    }
  }

  void Apply(std::map<std::string, CheckSpec> checks) {
    std::erase_if(subjects_, [&](const auto& entry) {
      const auto found = checks.find(entry.first);
      if (found != checks.end() && found->second == entry.second->spec) return false;
      entry.second->dropped = true;
      entry.second->timer.cancel();
      return true;
    });
    for (auto& [id, spec] : checks) {
      if (subjects_.contains(id)) continue;
      const auto subject = std::make_shared<Subject>(io_, id, std::move(spec),
                                                     static_cast<std::uint32_t>(random_()));
      subjects_.emplace(id, subject);
      if (subject->spec.type == CheckSpec::Type::kNone) {
        Conclude(*subject, {Health::kPassing, "no check", false});
      } else {
        asio::co_spawn(io_, Watch(subject), asio::detached);
      }
    }
  }

  asio::awaitable<void> Watch(std::shared_ptr<Subject> subject) {
    subject->timer.expires_at(subject->schedule.First(Now()));
    for (;;) {
      (void)co_await subject->timer.async_wait(kAsTuple);
      if (subject->dropped) co_return;
      const SteadyTime began = Now();
      const Outcome outcome = co_await Probe(*subject);
      if (subject->dropped) co_return;
      subject->slow = outcome.timed_out;
      Conclude(*subject, outcome);
      subject->timer.expires_at(subject->schedule.Next(began, Now()));
    }
  }

  asio::awaitable<Outcome> Probe(const Subject& subject) {
    const CheckSpec& spec = subject.spec;
    const bool command = spec.type == CheckSpec::Type::kCommand;
    const auto pass = co_await (command ? commands_ : connections_).Enter(subject.slow);
    if (subject.dropped) co_return Inconclusive("dropped");
    const SteadyTime until = Now() + spec.timeout;
    try {
      switch (spec.type) {
        case CheckSpec::Type::kHttp:
          co_return co_await ProbeHttp(spec, until, room_);
        case CheckSpec::Type::kTcp:
          co_return co_await ProbeTcp(spec, until, room_);
        case CheckSpec::Type::kCommand:
          co_return co_await ProbeCommand(spec, until, room_);
        case CheckSpec::Type::kNone:
          break;
      }
    } catch (const std::exception& e) {
      co_return Inconclusive(e.what());
    }
    co_return Outcome{Health::kPassing, "no check", false};
  }

  void Conclude(Subject& subject, const Outcome& outcome) {
    if (!outcome.health) {
      if (!std::exchange(subject.told_inconclusive, true)) {
        log::Warn("a check could not be run; what it said last goes on",
                  {{"check", subject.id}, {"reason", outcome.output}});
      }
      return;
    }
    subject.told_inconclusive = false;
    const auto health = subject.count.Add(*outcome.health);
    if (health) on_change_(subject.id, {*health, outcome.output, clock_.WallNow()});
  }

  const OnChange on_change_;
  const Clock& clock_;
  std::minstd_rand random_{std::random_device{}()};
  // These outlive the context, whose end ends what uses them.
  Gate connections_;
  Gate commands_;
  ProbeRoom room_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::map<std::string, std::shared_ptr<Subject>> subjects_;
  std::thread thread_;
};

Checker::Checker(OnChange on_change, const Clock& clock)
    : Checker(std::move(on_change), clock, Options{}) {
}

Checker::Checker(OnChange on_change, const Clock& clock, Options options)
    : running_(std::make_unique<Running>(std::move(on_change), clock, std::move(options))) {
}

Checker::~Checker() = default;

void Checker::Set(std::map<std::string, CheckSpec> checks) {
  running_->Set(std::move(checks));
}

}  // namespace rollcall::agent
