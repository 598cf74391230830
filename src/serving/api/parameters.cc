#include "serving/api/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/quote.h"

namespace rollcall::serving::api {
namespace {

constexpr std::size_t kMostShown = 64;  // octets of what a client sent, in a message

template <typename Number>
bool ReadDecimal(std::string_view text, Number& number) {
  if (text.empty() || text[0] < '0' || text[0] > '9') return false;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc() && read.ptr == end;
}

bool Covers(std::string_view known, std::string_view name) {
  if (known.ends_with('.')) return name.size() > known.size() && name.starts_with(known);
  return (known.ends_with('*') ? known.substr(0, known.size() - 1) : known) == name;
}

std::string Listed(std::initializer_list<std::string_view> known) {
  std::string text;
  for (const std::string_view name : known) {
    text += text.empty() ? "" : ", ";
    text += name.ends_with('*') ? name.substr(0, name.size() - 1) : name;
    if (name.ends_with('.')) text += 'K';
  }
  return text;
}

tl::unexpected<Error> Bad(std::string message) {
  return Fail(ErrorCode::kInvalid, std::move(message));
}

}  // namespace

Result<void> CheckParameters(const http::Request& request,
                             std::initializer_list<std::string_view> known) {
  for (auto at = request.parameters.begin(); at != request.parameters.end(); ++at) {
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](std::string_view one) { return Covers(one, at->name); });
    const std::string shown = Quote(std::string_view(at->name).substr(0, kMostShown));
    if (found == known.end()) {
      return Bad(
          known.size() == 0
              ? fmt::format("there is no parameter {} here, nor any other", shown)
              : fmt::format("there is no parameter {} here; there are: {}", shown, Listed(known)));
    }
    if (found->ends_with('*')) continue;
    const bool twice = std::any_of(request.parameters.begin(), at, [&](const http::Field& other) {
      return other.name == at->name;
    });
    if (twice) return Bad(fmt::format("the parameter {} stands there twice", shown));
  }
  return {};
}

std::string TextParameter(const http::Request& request, std::string_view name) {
  const std::string* const value = request.Parameter(name);
  return value == nullptr ? std::string() : *value;
}

Result<std::size_t> NumberParameter(const http::Request& request, std::string_view name,
                                    std::size_t otherwise, std::size_t most) {
  const std::string* const value = request.Parameter(name);
  if (value == nullptr) return otherwise;
  std::size_t number = 0;
  if (ReadDecimal(*value, number) && number <= most) return number;
  return Bad(fmt::format("{} is {}, which is no number from 0 to {}", name,
                         Quote(std::string_view(*value).substr(0, kMostShown)), most));
}

Result<Expected> ExpectedRevision(const http::Request& request) {
  const std::string* const header = request.Header("if-match");
  const std::string* const parameter = request.Parameter("revision");
  if (header == nullptr && parameter == nullptr) return Expected{};
  if (header != nullptr && parameter != nullptr) {
    return Bad("If-Match and the parameter revision say the same: leave one out");
  }
  if (header != nullptr && *header == "*") return Expected{{}, true};
  std::string_view text = header != nullptr ? *header : *parameter;
  if (header != nullptr && text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  std::int64_t revision = 0;
  if (ReadDecimal(text, revision)) return Expected{revision, false};
  return Bad(fmt::format("{} is {}, which is no revision",
                         header != nullptr ? "If-Match" : "the parameter revision",
                         Quote(text.substr(0, kMostShown))));
}

}  // namespace rollcall::serving::api
