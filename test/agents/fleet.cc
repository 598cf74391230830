// fleet PORT AGENTS SERVICES LEASE - so many agents in one process, each with a connection
// of its own to the server at 127.0.0.1:PORT, a lease of so many seconds, and so many services to
// keep registered.
//
// The agents are the program's own; only what carries their calls is light.  Prints one line
// of JSON each second: what they have asked of the store in it, and how many have all they
// define registered, alive and in contact.
#include <fmt/format.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "agent/agent.h"
#include "agent/definitions.h"
#include "base/log.h"
#include "light_store.h"

namespace rollcall::agents {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// However long an agent has nothing to do: its watch has to be looked at.
constexpr milliseconds kLook{1000};

struct One {
  One(int which, std::uint16_t port, seconds lease, Traffic& traffic)
      : number(which), name(fmt::format("host{:05}", which)), store(port, traffic) {
    agent::AgentOptions options;
    options.host = name;
    options.lease_ttl = lease;
    options.machine = fmt::format("{:032x}", number);
    agent::Memory memory;
    memory.host = options.host;
    memory.machine = options.machine;
    agent.emplace(store, std::move(options), std::move(memory));
    agent->SetAddress(
        fmt::format("10.{}.{}.{}", 1 + number / 65536, number / 256 % 256, number % 256));
  }

  void Define(int services) {
    std::string text = "services:\n";
    for (int i = 0; i < services; ++i) {
      text +=
          fmt::format("- {{service: service{}, port: {}, labels: {{rack: r12}}}}\n", i, 9100 + i);
    }
    const auto parsed = agent::ParseDefinitions(text, "a.yml", {.name = name});
    agent::Agent::Book book;
    for (const agent::Definition& definition : *parsed) {
      agent->Report(agent::IdOf(definition),
                    {model::Health::kPassing, "HTTP 200", SystemClock().WallNow()});
      book.definitions.push_back({definition, SystemClock().WallNow()});
    }
    agent->Define(std::move(book));
  }

  const int number;
  const std::string name;
  LightStore store;
  std::optional<agent::Agent> agent;
  std::atomic<bool> right{false};
};

// Each on a thread of its own, which mostly waits, as each would be on its own host.
class Fleet {
 public:
  Fleet(std::uint16_t port, int agents, int services, seconds lease) : services_(services) {
    for (int i = 0; i < agents; ++i) {
      all_.push_back(std::make_unique<One>(i, port, lease, traffic_));
      all_.back()->Define(services);
    }
    for (const auto& one : all_) {
      threads_.emplace_back([this, &one](const std::stop_token& stop) { Run(stop, *one); });
    }
  }

  void Report() {
    static Traffic before;
    std::size_t right = 0;
    for (const auto& one : all_) right += one->right ? 1 : 0;
    std::string line = fmt::format(R"({{"right": {})", right);
    const auto add = [&](const char* name, const std::atomic<std::uint64_t>& now,
                         std::atomic<std::uint64_t>& then) {
      const std::uint64_t value = now;
      line += fmt::format(R"(, "{}": {})", name, value - then.exchange(value));
    };
    add("connects", traffic_.connects, before.connects);
    add("reads", traffic_.reads, before.reads);
    add("writes", traffic_.writes, before.writes);
    add("grants", traffic_.grants, before.grants);
    add("renewals", traffic_.renewals, before.renewals);
    add("watches", traffic_.watches, before.watches);
    fmt::print("{}}}\n", line);
    std::fflush(stdout);
  }

 private:
  void Run(const std::stop_token& stop, One& one) {
    // They do not all start in the same moment.
    std::this_thread::sleep_for(milliseconds(one.number * 2));
    while (!stop.stop_requested()) {
      const SteadyTime next = one.agent->Step();
      const auto counts = one.agent->counts();
      one.right =
          one.agent->in_contact() && counts.registered == static_cast<std::size_t>(services_);
      one.agent->Wait(std::min(next, SystemClock().Now() + kLook));
    }
  }

  const int services_;
  Traffic traffic_;
  std::vector<std::unique_ptr<One>> all_;
  std::vector<std::jthread> threads_;
};

int Main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: fleet PORT AGENTS SERVICES LEASE\n");
    return 2;
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
  }
  log::Configure(log::Level::kError, log::Format::kLogfmt);
  Fleet fleet(static_cast<std::uint16_t>(std::atoi(argv[1])), std::atoi(argv[2]),
              std::atoi(argv[3]), seconds(std::atoi(argv[4])));
  for (SteadyTime next = SystemClock().Now();;) {
    next += seconds(1);
    std::this_thread::sleep_until(next);
    fleet.Report();
  }
}

}  // namespace
}  // namespace rollcall::agents

int main(int argc, char** argv) {
  return rollcall::agents::Main(argc, argv);
}
