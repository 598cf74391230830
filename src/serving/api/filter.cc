#include "serving/api/filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/quote.h"
#include "catalog/marks.h"
#include "wire/name.h"

namespace rollcall::serving::api {
namespace {

using model::State;

constexpr std::array kStates = {State::kStatic,   State::kPassing, State::kWarning,
                                State::kCritical, State::kLost,    State::kMaintenance};
constexpr std::string_view kLabel = "label.";

}  // namespace

std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.push_back(LowerCase(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

Result<Filter> Filter::Read(const http::Request& request) {
  Filter filter;
  for (const auto& [name, value] : request.parameters) {
    if (name == "state") {
      const auto state = std::find_if(kStates.begin(), kStates.end(), [&, text = value](State one) {
        return model::ToString(one) == text;
      });
      if (state == kStates.end()) {
        return Fail(ErrorCode::kInvalid,
                    fmt::format("{} is no state: passing, warning, critical, lost, maintenance "
                                "and static are",
                                Quote(std::string_view(value).substr(0, 64))));
      }
      filter.states_.push_back(*state);
    } else if (name.starts_with(kLabel)) {
      filter.labels_.push_back({name.substr(kLabel.size()), value});
    } else if (name == "problem") {
      if (value != "true" && value != "false") {
        return Fail(ErrorCode::kInvalid, "problem is true or false");
      }
      filter.problem_ = value == "true";
    } else if (name == "q") {
      filter.words_ = WordsOf(value);
    }
  }
  return filter;
}

bool Filter::Fits(const catalog::Registration& registration, const catalog::Marks& marks,
                  WallTime now) {
  if (problem_ && *problem_ != (registration.invalid != nullptr)) return false;
  for (const Label& label : labels_) {
    if (!registration.extension) return false;
    const auto found = registration.extension->labels.find(label.name);
    if (found == registration.extension->labels.end() || found->second != label.value) return false;
  }
  if (states_.empty() && words_.empty()) return true;
  const State state = catalog::StateOf(registration, marks, now);
  const bool in_state =
      states_.empty() || std::find(states_.begin(), states_.end(), state) != states_.end();
  return in_state && HasWords(registration, state);
}

bool Filter::HasWords(const catalog::Registration& registration, State state) {
  if (words_.empty()) return true;
  text_ = wire::NameView(registration.name).ToText();
  const auto& service = registration.service;
  fmt::format_to(std::back_inserter(text_), "\n{}:{}\n{}\n{}", service.host, service.port,
                 service.text, ToString(state));
  if (registration.extension) {
    fmt::format_to(std::back_inserter(text_), "\n{}", registration.extension->owner);
    for (const std::string& tag : registration.extension->tags) (text_ += '\n') += tag;
    for (const auto& [name, value] : registration.extension->labels) {
      ((text_ += '\n') += name + '=') += value;
    }
  }
  for (char& c : text_) c = ToLower(c);  // where it is: this runs for each instance
  return std::all_of(words_.begin(), words_.end(), [&](const std::string& word) {
    return text_.find(word) != std::string::npos;
  });
}

}  // namespace rollcall::serving::api
