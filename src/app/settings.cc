#include "app/settings.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>

#include "base/quote.h"
#include "model/duration.h"

namespace rollcall::app {

using std::chrono::milliseconds;

std::vector<Setting> Join(std::initializer_list<std::vector<Setting>> tables) {
  std::vector<Setting> all;
  for (const auto& table : tables) all.insert(all.end(), table.begin(), table.end());
  return all;
}

Settings::Settings(const std::vector<Setting>& known) {
  for (const Setting& setting : known) known_.emplace(setting.name, setting);
}

void Settings::Set(const std::string& name, Given given) {
  given_.emplace(name, std::move(given));
}

void Settings::SetFromEnvironment(const std::string& name, const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0' || !Knows(name)) return;
  Set(name, {{value}, variable});
}

std::vector<std::string> Settings::All(const std::string& name) const {
  if (const auto it = given_.find(name); it != given_.end()) return it->second.values;
  const std::string_view fallback = known_.at(name).fallback;
  if (fallback.empty()) return {};
  return {std::string(fallback)};
}

std::string Settings::Text(const std::string& name) const {
  const std::vector<std::string> all = All(name);
  return all.empty() ? std::string() : all.back();
}

std::vector<std::pair<std::string, std::vector<std::string>>> Settings::Effective() const {
  std::vector<std::pair<std::string, std::vector<std::string>>> all;
  for (const auto& [name, setting] : known_) all.emplace_back(name, All(name));
  return all;
}

bool Settings::Switch(const std::string& name) const {
  return Text(name) == "true";
}

tl::unexpected<Error> Settings::Wrong(const std::string& name, std::string_view why) const {
  const auto it = given_.find(name);
  return Fail(ErrorCode::kInvalid,
              fmt::format("{}: {}", it == given_.end() ? "--" + name : it->second.origin, why));
}

Result<std::int64_t> Settings::Number(const std::string& name, std::int64_t least,
                                      std::int64_t most) const {
  const std::string text = Text(name);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    return Wrong(name, fmt::format("{} is not a number from {} to {}", Quote(text), least, most));
  }
  return number;
}

Result<milliseconds> Settings::Duration(const std::string& name) const {
  auto duration = model::ParseDuration(Text(name));
  if (!duration) return Wrong(name, duration.error().message);
  return duration;
}

Result<std::size_t> Settings::Size(const std::string& name) const {
  const std::string text = Text(name);
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const unsigned shift = unit == "KiB" ? 10 : unit == "MiB" ? 20 : unit == "GiB" ? 30 : 0;
  const bool known = unit.empty() || shift > 0;
  if (error != std::errc() || !known || number > (std::size_t{1} << 50) >> shift) {
    return Wrong(name, fmt::format("{} is not a size, such as 256MiB", Quote(text)));
  }
  return number << shift;
}

Result<std::uint32_t> Settings::Ttl(const std::string& name) const {
  const auto duration = Duration(name);
  if (!duration) return Fail(duration.error());
  const std::int64_t seconds = duration->count() / 1000;
  if (duration->count() % 1000 != 0 || seconds > 0x7FFFFFFF) {
    return Wrong(name, fmt::format("{} is not a whole number of seconds up to 2147483647",
                                   Quote(Text(name))));
  }
  return static_cast<std::uint32_t>(seconds);
}

}  // namespace rollcall::app
