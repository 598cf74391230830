#include "doctor/http_sd.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "base/ascii.h"
#include "base/quote.h"
#include "base/utf8.h"
#include "doctor/fetch.h"
#include "model/duration.h"
#include "wire/name.h"

namespace rollcall::doctor {
namespace {

namespace json = boost::json;
using enum Severity;

constexpr std::string_view kKept =
    "Prometheus keeps the targets it has, and has none after a restart.";

bool IsLabelName(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (name.empty() || !letter(name[0])) return false;
  return std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// The groups of an answer.
class Groups {
 public:
  explicit Groups(Check& check) : check_(check) {}

  // False: something in it makes Prometheus refuse the whole, as it is told by the check.
  bool Read(const json::value& root) {
    if (root.is_null()) return true;  // an empty list, to Go
    if (!root.is_array()) return Refuse("shape", "The answer is no list of groups.");
    std::size_t number = 0;
    for (const json::value& group : root.get_array()) {
      ++number;
      const std::string why = ReadGroup(group);
      if (!why.empty()) return Refuse("shape", fmt::format("Group {}: {}.", number, why));
    }
    return true;
  }

  // The targets, each once.
  [[nodiscard]] std::vector<std::string> Targets() const {
    std::vector<std::string> targets;
    for (const auto& [target, labels] : seen_) targets.push_back(target);
    return targets;
  }

  void Warn() {
    if (slashes_ > 0) {
      check_.Add(kWarning, "bad_target",
                 fmt::format("{} targets have a slash in them, {} for one: Prometheus drops them.",
                             slashes_, Quote(slash_)),
                 "A target is HOST:PORT; the path belongs into __metrics_path__.");
    }
    if (portless_ > 0) {
      check_.Add(kWarning, "no_port",
                 fmt::format("{} targets have no port, {} for one: Prometheus takes 80 or 443.",
                             portless_, Quote(plain_)),
                 "Write HOST:PORT, an IPv6 address in brackets.");
    }
    if (repeated_ > 0) {
      check_.Add(kWarning, "duplicates",
                 fmt::format("{} targets are there more than once.", repeated_),
                 "With the same labels they count once, with others they are scraped as often.");
    }
  }

 private:
  bool Refuse(std::string_view trap, std::string message) {
    check_.Add(kFailed, trap, std::move(message), std::string(kKept));
    return false;
  }

  // What is wrong with it; "": nothing.
  std::string ReadGroup(const json::value& group) {
    if (group.is_null()) return "null";
    if (!group.is_object()) return "no object";
    const json::value* targets = nullptr;
    std::string labels;
    for (const auto& member : group.get_object()) {
      const std::string name = LowerCase(member.key());  // as Go compares them
      if (name == "targets") {
        targets = &member.value();
      } else if (name == "labels") {
        if (auto why = ReadLabels(member.value()); !why.empty()) return why;
        labels = json::serialize(member.value());
      } else {
        return fmt::format("the field {}, and only targets and labels may be there",
                           Quote(std::string_view(member.key())));
      }
    }
    if (targets == nullptr || targets->is_null()) return "";
    if (!targets->is_array()) return "targets are no list";
    for (const json::value& target : targets->get_array()) {
      if (!target.is_string()) return "a target that is no text";
      Take(std::string(target.get_string()), labels);
    }
    return "";
  }

  static std::string ReadLabels(const json::value& labels) {
    if (labels.is_null()) return "";
    if (!labels.is_object()) return "labels are no object";
    for (const auto& label : labels.get_object()) {
      if (!label.value().is_string()) {
        return fmt::format("the value of the label {} is no text",
                           Quote(std::string_view(label.key())));
      }
      if (!IsLabelName(label.key())) {
        return fmt::format("{} is no name of a label (Prometheus 3 takes it, 2 does not)",
                           Quote(std::string_view(label.key())));
      }
    }
    return "";
  }

  void Take(const std::string& target, const std::string& labels) {
    if (target.find('/') != std::string::npos) {
      ++slashes_;
      slash_ = target;
      return;
    }
    const std::size_t colon = target.rfind(':');
    const bool bare = colon == std::string::npos ||
                      (target.find(':') != colon && target.find(']') == std::string::npos) ||
                      target.ends_with(']');
    if (bare) {
      ++portless_;
      plain_ = target;
    }
    if (!seen_[target].insert(labels).second || seen_[target].size() > 1) ++repeated_;
  }

  Check& check_;
  std::map<std::string, std::set<std::string>> seen_;  // a target's labels
  std::size_t slashes_ = 0;
  std::size_t portless_ = 0;
  std::size_t repeated_ = 0;
  std::string slash_;
  std::string plain_;
};

// False: the answer is none, whatever is in it.
bool JudgeHead(const http_client::Response& response, Check& check) {
  const auto fail = [&](std::string_view trap, std::string message, std::string_view advice) {
    check.Add(kFailed, trap, std::move(message), std::string(advice));
    return false;
  };
  if (response.status != 200) {
    const bool login = response.status == 401 || response.status == 403;
    return fail("status",
                fmt::format("Status {}, and only 200 counts: {}", response.status,
                            Quote(response.body.substr(0, 200))),
                login ? "Give the job basic_auth or authorization." : kKept);
  }
  const bool packed =
      !response.Header("Content-Encoding").empty() || response.body.starts_with("\x1f\x8b");
  if (packed) {
    return fail("compressed", "The answer is compressed, which nobody asked for.",
                "Prometheus does not unpack it; switch it off in the proxy.");
  }
  if (const auto type = response.Header("Content-Type"); !IsJsonType(type)) {
    return fail("content_type", fmt::format("The Content-Type is {}.", Quote(type)),
                "Prometheus wants application/json, and no charset but utf-8.");
  }
  return true;
}

}  // namespace

bool IsJsonType(std::string_view content_type) {
  const std::string type = LowerCase(content_type);
  constexpr std::string_view kJson = "application/json";
  if (!type.starts_with(kJson)) return false;
  std::string_view rest = std::string_view(type).substr(kJson.size());
  if (rest.empty()) return true;
  if (!rest.starts_with(';')) return false;
  rest.remove_prefix(1);
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t\n\f\r"), rest.size()));
  return rest == "charset=utf-8" || rest == "charset=\"utf-8\"";
}

void JudgeHttpSd(const HttpSd& sd, const http_client::Response& response, Check& check) {
  if (!JudgeHead(response, check)) return;
  json::error_code error;
  json::parse_options options;
  options.allow_invalid_utf8 = true;  // Go replaces it
  options.max_depth = 32;
  const json::value root = json::parse(response.body, error, {}, options);
  if (error) {
    check.Add(kFailed, "json", fmt::format("The answer is not JSON: {}.", error.message()),
              std::string(kKept));
    return;
  }
  Groups groups(check);
  if (!groups.Read(root)) return;
  check.counts = true;
  check.targets = groups.Targets();
  if (check.targets.empty()) {
    check.Add(kWarning, "no_targets", "The answer is an empty list: Prometheus has no target.",
              "If it should have some: is the name in the URL spelled as it was registered?");
  } else {
    check.Add(kSuccess, "",
              fmt::format("{} targets, {} octets in {} ms", check.targets.size(),
                          response.body.size(), response.took.count()),
              "");
  }
  groups.Warn();
  if (response.took > sd.refresh / 2) {
    check.Add(kWarning, "slow",
              fmt::format("The answer took {}, and must be there within {}.",
                          model::FormatDuration(response.took), model::FormatDuration(sd.refresh)),
              "A longer refresh_interval gives it more time.");
  }
}

void CheckHttpSd(const HttpSd& sd, std::chrono::milliseconds patience, Check& check) {
  JudgeAccess(sd.access, check);
  const Fetch fetch{.url = sd.url, .refresh = sd.refresh, .refresh_header = true};
  const auto response = FetchAsPrometheus(fetch, sd.access, std::min(sd.refresh, patience));
  if (!response) {
    check.Add(kFailed, response.error().code == ErrorCode::kDeadline ? "slow" : "no_answer",
              fmt::format("No answer: {}.", response.error().message), std::string(kKept));
    return;
  }
  JudgeHttpSd(sd, *response, check);
}

}  // namespace rollcall::doctor
