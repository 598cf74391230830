// The chain of one instance: from its registration to who has been told of it.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "app/explanation.h"
#include "base/ascii.h"
#include "http_client/url.h"
#include "model/selector.h"
#include "model/shard.h"
#include "wire/name.h"

namespace rollcall::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostHistory = 5;
// Of those before, the one that registered it is looked for.
constexpr std::size_t kHistoryAsked = 100;
constexpr std::size_t kMostConsumers = 20;

// " by WHO: WHY", as far as it is known.
std::string WhoAndWhy(const json::object& said) {
  std::string text;
  if (const auto by = TextIn(said, "by"); !by.empty()) text += " by " + by;
  if (const auto why = TextIn(said, "why"); !why.empty()) text += ": " + why;
  return text;
}

bool IsHealthy(const std::string& state) {
  return state == "passing" || state == "warning" || state == "static";
}

// A name that somebody asks for, taken apart.
struct AskedName {
  std::string plain;  // without selectors
  bool healthy = false;
  unsigned shard = 0;
  unsigned shards = 0;  // 0: all
};
AskedName Split(std::string_view name) {
  AskedName asked;
  while (true) {
    const std::string_view label = name.substr(0, name.find('.'));
    const auto selector = model::ParseSelector(label);
    if (!selector || label.size() == name.size()) break;
    if (selector->kind == model::Selector::Kind::kHealthy) {
      asked.healthy = true;
    } else {
      asked.shard = selector->index;
      asked.shards = selector->count;
    }
    name.remove_prefix(label.size() + 1);
  }
  asked.plain = LowerCase(name);
  return asked;
}

class Walk {
 public:
  Walk(const AskApi& ask, const json::object& instance)
      : ask_(ask), chain_{instance}, name_(NameOf(instance)), state_(TextIn(instance, "state")) {}

  Result<Chain> Run() {
    if (auto ok = ReadHistory(); !ok) return Fail(ok.error());
    Registered();
    State();
    if (auto ok = InDns(); !ok) return Fail(ok.error());
    if (auto ok = Consumers(); !ok) return Fail(ok.error());
    History();
    return std::move(chain_);
  }

 private:
  void Add(std::string what, std::string text, bool problem = false) {
    chain_.links.push_back({std::move(what), std::move(text), problem});
  }

  [[nodiscard]] const json::object& instance() const { return chain_.instance; }

  void Registered() {
    const std::string owner = TextIn(instance(), "owner");
    Add("registered", fmt::format("{} at revision {}, {}", TextIn(instance(), "key"),
                                  NumberIn(instance(), "revision"),
                                  owner.empty() ? ByHand() : "owned by " + owner));
    if (const auto problem = TextIn(instance(), "problem"); !problem.empty()) {
      Add("value", "cannot be read: " + problem, true);
    } else if (NumberIn(instance(), "port") == 0) {
      Add("port", "none: discovery over HTTP leaves it out, and DNS says 0", true);
    }
    if (TextIn(instance(), "zone").empty()) {
      Add("zone", "none of this server's: it is not answered", true);
    }
  }

  // Who put what stands there, as far as this server has seen it.
  [[nodiscard]] std::string ByHand() const {
    for (const json::object& change : changes_) {
      const std::string event = TextIn(change, "event");
      if (NumberIn(change, "revision") != NumberIn(instance(), "revision")) continue;
      if (event != "registered" && event != "changed") continue;
      if (TextIn(change, "by").empty()) break;
      return fmt::format("by hand{} (it names no owner)", WhoAndWhy(change));
    }
    return "by hand: it names no owner";
  }

  void State() {
    std::string text = state_.empty() ? "nobody knows" : state_;
    if (const auto since = TextIn(instance(), "since"); !since.empty()) text += " since " + since;
    if (const auto why = TextIn(instance(), "why"); !why.empty()) text += ": " + why;
    if (state_ == "static") text += " (nobody says how it is)";
    Add("state", text, state_ == "lost" || state_ == "critical");
    for (const char* said : {"maintenance", "held", "stopping"}) {
      const auto* value = instance().if_contains(said);
      if (value == nullptr || !value->is_object()) continue;
      const json::object& word = value->get_object();
      std::string told = WhoAndWhy(word);
      if (const auto since = TextIn(word, "since"); !since.empty()) told = "since " + since + told;
      if (const auto until = TextIn(word, "until"); !until.empty()) told += ", until " + until;
      Add(said, told, said != std::string_view("maintenance"));
    }
    if (const auto retain = TextIn(instance(), "retain"); !retain.empty()) {
      Add("retain", fmt::format("it stays for {} when it is lost", retain));
    }
  }

  // The names that have it, up to the zone, and what DNS makes of the one it is registered under.
  Result<void> InDns() {
    const std::string zone = TextIn(instance(), "zone");
    const std::string parent = TextIn(instance(), "name");
    if (zone.empty()) return {};
    std::string names = name_;
    for (std::string above = parent; above.size() >= zone.size();) {
      names += ", " + above;
      const std::size_t dot = above.find('.');
      if (dot == std::string::npos) break;
      above.erase(0, dot + 1);
    }
    Add("DNS", names);
    Add("healthy", IsHealthy(state_) ? fmt::format("_healthy.{} has it", parent)
                                     : fmt::format("_healthy.{} leaves it out", parent));
    Add("http_sd", "/sd/" + parent);
    if (const auto service = TextIn(instance(), "service"); !service.empty()) {
      Add("consul_sd", fmt::format("service {}, datacenter {}", service, zone));
    }
    const auto answer =
        ask_(fmt::format("/api/v1/dns?type=SRV&name={}", http_client::Escape(parent)));
    if (!answer) return Fail(answer.error());
    if (const auto* object = answer->if_object()) Answer(parent, *object);
    return {};
  }

  void Answer(const std::string& parent, const json::object& answer) {
    const std::string rcode = TextIn(answer, "rcode");
    const std::string record = fmt::format(" {} {}.", NumberIn(instance(), "port"), name_);
    const std::string by_host =
        fmt::format(" {} {}.", NumberIn(instance(), "port"), TextIn(instance(), "address"));
    bool is_there = false;
    const auto* records = answer.if_contains("answer");
    if (records != nullptr && records->is_array()) {
      for (const json::value& line : records->get_array()) {
        if (!line.is_string()) continue;
        const std::string text = LowerCase(std::string_view(line.get_string()));
        is_there = is_there || text.ends_with(record) || text.ends_with(by_host);
      }
    }
    const bool cut = TextIn(answer, "truncated_at") == "tcp";
    std::string text =
        fmt::format("{} for {}: {} records", rcode, parent, NumberIn(answer, "records"));
    if (cut) {
      text += ", more than one message holds: Prometheus keeps the list it has";
    } else {
      text += is_there ? ", this one among them" : ", and this one is not among them";
    }
    Add("SRV", text, cut || !is_there);
  }

  // Whether somebody who asks for `asked` is told of it.
  [[nodiscard]] bool IsIn(const AskedName& asked) const {
    const bool below = name_ == asked.plain || name_.ends_with("." + asked.plain);
    if (!below || (asked.healthy && !IsHealthy(state_))) return false;
    if (asked.shards == 0) return true;
    const auto name = wire::Name::FromText(name_);
    return name && model::IsInShard(*name, asked.shard, asked.shards);
  }

  Result<void> Consumers() {
    const auto answer = ask_(fmt::format("/api/v1/consumers?name={}", http_client::Escape(name_)));
    if (!answer) return Fail(answer.error());
    std::size_t told = 0;  // how many have it, and still ask
    std::size_t shown = 0;
    const auto* consumers = answer->if_array();
    for (std::size_t i = 0; consumers != nullptr && i < consumers->size(); ++i) {
      const auto* consumer = (*consumers)[i].if_object();
      if (consumer == nullptr || !IsIn(Split(TextIn(*consumer, "name")))) continue;
      if (!TakesTargets(*consumer)) continue;
      const auto* silent = consumer->if_contains("silent");
      const bool gone = silent != nullptr && silent->is_bool() && silent->get_bool();
      const bool has = NumberIn(*consumer, "revision") >= NumberIn(instance(), "revision");
      told += has && !gone ? 1 : 0;
      if (++shown <= kMostConsumers) Add("consumer", ConsumerText(*consumer, has, gone));
    }
    if (shown > kMostConsumers) Add("consumer", fmt::format("and {} more", shown - kMostConsumers));
    if (told > 0) return {};
    Add("consumers",
        shown == 0 ? "nobody asks for any of its names"
                   : "none that still asks has been told of it",
        true);
    return {};
  }

  // Not who looks at the API, nor at Consul's list of services, nor `doctor`.
  [[nodiscard]] bool TakesTargets(const json::object& consumer) const {
    const std::string mechanism = TextIn(consumer, "mechanism");
    const bool catalog =
        mechanism == "consul_sd" && TextIn(consumer, "name") == TextIn(instance(), "zone");
    const bool ours = TextIn(consumer, "user_agent").find("rollcall") != std::string::npos;
    return mechanism != "api" && !catalog && !ours;
  }

  static std::string ConsumerText(const json::object& consumer, bool has, bool gone) {
    std::string text = fmt::format("{} by {} asks for {}", TextIn(consumer, "client"),
                                   TextIn(consumer, "mechanism"), TextIn(consumer, "name"));
    if (const auto agent = TextIn(consumer, "user_agent"); !agent.empty()) {
      text += fmt::format(" ({})", agent);
    }
    text += fmt::format(", last at {}", TextIn(consumer, "last_seen"));
    text += has ? ": told of it" : ": not told of it yet";
    if (gone) text += ", and has stopped asking";
    return text;
  }

  Result<void> ReadHistory() {
    const auto answer = ask_(
        fmt::format("/api/v1/history?limit={}&name={}", kHistoryAsked, http_client::Escape(name_)));
    if (!answer) return Fail(answer.error());
    const auto* page = answer->if_object();
    const auto* changes = page == nullptr ? nullptr : page->if_contains("changes");
    is_told_ = changes != nullptr && changes->is_array();
    if (!is_told_) return {};
    for (const json::value& change : changes->get_array()) {
      if (change.is_object()) changes_.push_back(change.get_object());
    }
    return {};
  }

  void History() {
    const std::size_t shown = std::min(changes_.size(), kMostHistory);
    for (std::size_t i = 0; i < shown; ++i) Add("change", ChangeText(changes_[i]));
    if (is_told_ && changes_.empty()) Add("change", "none since this server started");
  }

  const AskApi& ask_;
  Chain chain_;
  const std::string name_;
  const std::string state_;
  std::vector<json::object> changes_;  // the latest first
  bool is_told_ = false;               // the server has a history
};

}  // namespace

std::string ChangeText(const json::object& change) {
  const std::string event = TextIn(change, "event");
  const bool unsaid = TextIn(change, "by").empty() &&
                      (event == "registered" || event == "changed" || event == "removed");
  return fmt::format(
      "{} {}{}", TextIn(change, "time"), event,
      unsaid ? " by etcdctl or another client, which does not say who" : WhoAndWhy(change));
}

Result<Chain> Follow(const AskApi& ask, const json::object& instance) {
  return Walk(ask, instance).Run();
}

}  // namespace rollcall::app
