#include "app/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "http_client/url.h"

namespace rollcall::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostFound = 10;
constexpr std::size_t kMostSimilar = 5;
constexpr std::size_t kPage = 10'000;   // the API's most
constexpr std::size_t kMostPages = 20;  // that are looked through for an address

using Instances = std::vector<json::object>;

class Search {
 public:
  Search(const AskApi& ask, const Target& target) : ask_(ask), target_(target) {}

  Result<Explanation> Run() {
    const auto runtime = ask_("/api/v1/status/runtimeinfo");
    if (!runtime) return Fail(runtime.error());
    const json::object nothing;
    ReadServer(runtime->is_object() ? runtime->get_object() : nothing);
    if (auto ok = Find(); !ok) return Fail(ok.error());
    explanation_.left_out = found_.size() - std::min(found_.size(), kMostFound);
    found_.resize(std::min(found_.size(), kMostFound));
    for (const json::object& instance : found_) {
      auto chain = Follow(ask_, instance);
      if (!chain) return Fail(chain.error());
      explanation_.found.push_back(*std::move(chain));
    }
    if (found_.empty()) {
      if (auto ok = Elsewhere(); !ok) return Fail(ok.error());
    }
    Judge();
    return std::move(explanation_);
  }

 private:
  void ReadServer(const json::object& runtime) {
    explanation_.target = target_.host;
    if (target_.port) explanation_.target += fmt::format(":{}", *target_.port);
    stale_ = TextIn(runtime, "standing") == "stale";
    const auto* zones = runtime.if_contains("zones");
    if (zones == nullptr || !zones->is_array()) return;
    for (const json::value& zone : zones->get_array()) {
      if (zone.is_string()) zones_.emplace_back(zone.get_string());
    }
  }

  // The whole names that the target may stand for.
  [[nodiscard]] std::vector<std::string> Names() const {
    std::vector<std::string> names;
    if (target_.is_address) return names;
    names.push_back(target_.host);
    for (const std::string& zone : zones_) {
      std::string tail = zone;
      if (tail.ends_with('.')) tail.pop_back();
      names.push_back(fmt::format("{}.{}", target_.host, tail));
    }
    return names;
  }

  Result<void> Find() {
    for (const std::string& name : Names()) {
      const auto instance = ask_("/api/v1/instances/" + http_client::Escape(name));
      if (instance && instance->is_object()) {
        Take(instance->get_object(), name);
      } else if (!instance && instance.error().code != ErrorCode::kNotFound &&
                 instance.error().code != ErrorCode::kInvalid) {
        return Fail(instance.error());
      }
    }
    if (!found_.empty()) return {};
    return Pages("q=" + http_client::Escape(target_.host),
                 [&](const json::object& instance) { Take(instance, ""); });
  }

  // `name`: that it was found by.
  void Take(const json::object& instance, const std::string& name) {
    const std::int64_t port = NumberIn(instance, "port");
    const Fit fit = name.empty()                             ? FitOf(target_, instance)
                    : !target_.port || *target_.port == port ? Fit::kWhole
                                                             : Fit::kPort;
    if (fit == Fit::kWhole) found_.push_back(instance);
    if (fit == Fit::kPort) {
      Elsewhere("other port", fmt::format("{} is registered with port {}", NameOf(instance), port));
    }
  }

  template <typename Each>
  Result<void> Pages(const std::string& query, Each each) {
    std::string after;
    for (std::size_t page = 0; page < kMostPages; ++page) {
      const auto answer =
          ask_(fmt::format("/api/v1/instances?limit={}{}{}{}{}", kPage, query.empty() ? "" : "&",
                           query, after.empty() ? "" : "&after=", http_client::Escape(after)));
      if (!answer) return Fail(answer.error());
      const auto* object = answer->if_object();
      const auto* list = object == nullptr ? nullptr : object->if_contains("instances");
      if (list == nullptr || !list->is_array()) {
        return Fail(ErrorCode::kUnavailable, "the server's answer has no list of instances");
      }
      for (const json::value& instance : list->get_array()) {
        if (instance.is_object()) each(instance.get_object());
      }
      after = TextIn(*object, "next");
      if (after.empty()) return {};
    }
    return {};
  }

  void Elsewhere(std::string what, std::string text) {
    explanation_.elsewhere.push_back({std::move(what), std::move(text)});
  }

  Result<void> Elsewhere() {
    if (auto ok = Removed(); !ok) return ok;
    std::size_t similar = 0;
    const auto names = Names();
    const std::string first = target_.host.substr(0, target_.host.find('.'));
    return Pages("", [&](const json::object& instance) {
      const std::string name = NameOf(instance);
      const bool is_below = std::ranges::any_of(
          names, [&](const std::string& whole) { return name.ends_with("." + whole); });
      if (is_below && ++below_ <= kMostSimilar) {
        Elsewhere("below it", fmt::format("{} at {}", name, PlaceOf(instance)));
      }
      const bool close =
          !target_.is_address && !is_below && IsSimilar(first, TextIn(instance, "instance"));
      if (close && ++similar <= kMostSimilar) {
        Elsewhere("similar", fmt::format("{} at {}", name, PlaceOf(instance)));
      }
      const std::string problem = TextIn(instance, "problem");
      const std::string key = TextIn(instance, "key");
      if (!problem.empty() && key.find(first) != std::string::npos) {
        Elsewhere("unreadable", fmt::format("{}: {}", key, problem));
      }
    });
  }

  [[nodiscard]] bool WasIt(const json::object& change) const {
    const auto* before = change.if_contains("before");
    json::object instance =
        before != nullptr && before->is_object() ? before->get_object() : json::object();
    instance["name"] = TextIn(change, "name");
    instance["instance"] = TextIn(change, "instance");
    if (FitOf(target_, instance) == Fit::kWhole) return true;
    const auto names = Names();
    return std::ranges::find(names, NameOf(instance)) != names.end();
  }

  // The last change that took it away.
  Result<void> Removed() {
    const auto answer = ask_(fmt::format("/api/v1/history?limit={}", kPage));
    if (!answer) return Fail(answer.error());
    const auto* object = answer->if_object();
    const auto* changes = object == nullptr ? nullptr : object->if_contains("changes");
    if (changes == nullptr || !changes->is_array()) return {};
    for (const json::value& value : changes->get_array()) {
      if (!value.is_object()) continue;
      const json::object& change = value.get_object();
      const std::string event = TextIn(change, "event");
      const bool away = event == "deregistered" || event == "removed" || event == "released" ||
                        event == "changed";  // to another address
      if (!away || !WasIt(change)) continue;
      removed_ = fmt::format("{}: {}", NameOf(change), ChangeText(change));
      Elsewhere("gone", removed_);
      return {};
    }
    const auto& list = changes->get_array();
    if (!list.empty() && list.back().is_object()) {
      Elsewhere("history",
                fmt::format("nothing of it back to {}", TextIn(list.back().get_object(), "time")));
    } else {
      Elsewhere("history", "nothing has changed since this server started");
    }
    return {};
  }

  void Judge() {
    std::size_t problems = stale_ ? 1 : 0;
    std::string first = stale_ ? "this server is not sure: its store has not answered lately" : "";
    for (const Chain& chain : explanation_.found) {
      for (const Link& link : chain.links) {
        if (link.problem && problems++ == 0) first = fmt::format("{}: {}", link.what, link.text);
      }
    }
    if (explanation_.found.empty()) {
      explanation_.verdict = fmt::format("NOT FOUND: {} is not registered{}.", explanation_.target,
                                         removed_.empty() ? "" : "; " + removed_);
      if (below_ > 0) {
        explanation_.verdict = fmt::format(
            "NOT FOUND: {} is a name above {} instances, and none of "
            "them; ask for one.",
            explanation_.target, below_);
      }
      return;
    }
    explanation_.fine = problems == 0;
    const json::object& instance = explanation_.found[0].instance;
    const std::size_t count = explanation_.found.size() + explanation_.left_out;
    const bool one = count == 1;
    const std::string subject =
        one ? fmt::format("{} ({}) is", NameOf(instance), PlaceOf(instance))
            : fmt::format("{} instances fit {}, and are", count, explanation_.target);
    explanation_.verdict =
        problems == 0 ? fmt::format("OK: {} registered, and who asks for {} is told.", subject,
                                    one ? "it" : "them")
                      : fmt::format("PROBLEM: {} registered, but {}{}.", subject, first,
                                    problems > 1 ? fmt::format("; and {} more", problems - 1) : "");
  }

  const AskApi& ask_;
  const Target& target_;
  std::vector<std::string> zones_;
  bool stale_ = false;
  Instances found_;
  std::string removed_;    // the last change that took it away
  std::size_t below_ = 0;  // instances, where the target is a name above them
  Explanation explanation_;
};

}  // namespace

Result<Explanation> Explain(const AskApi& ask, const Target& target) {
  return Search(ask, target).Run();
}

}  // namespace rollcall::app
