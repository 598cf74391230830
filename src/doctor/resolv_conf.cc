#include "doctor/resolv_conf.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace rollcall::doctor {
namespace {

constexpr std::string_view kSpace = " \t\r\v\f";

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) return words;
    const std::size_t end = std::min(line.find_first_of(kSpace, begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
}

void ReadOption(std::string_view option, ResolvConf& conf) {
  constexpr std::string_view kNdots = "ndots:";
  if (!option.starts_with(kNdots)) return;
  option.remove_prefix(kNdots.size());
  if (option.starts_with('+')) option.remove_prefix(1);
  std::int64_t dots = 0;  // also of what is no number
  const auto [end, error] = std::from_chars(option.data(), option.data() + option.size(), dots);
  if (error == std::errc::result_out_of_range) dots = option.starts_with('-') ? 0 : 15;
  if (end != option.data() + option.size()) dots = 0;
  conf.ndots = static_cast<unsigned>(std::clamp<std::int64_t>(dots, 0, 15));
}

// Whether its last dot is one that ends it, and not an escaped one.
bool IsWhole(std::string_view name) {
  if (!name.ends_with('.')) return false;
  name.remove_suffix(1);
  const std::size_t last = name.find_last_not_of('\\');
  const std::size_t escapes = name.size() - (last == std::string_view::npos ? 0 : last + 1);
  return escapes % 2 == 0;
}

std::size_t CountLabels(std::string_view name) {
  if (name.empty()) return 1;
  std::size_t count = 1;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '\\')
      ++i;
    else if (name[i] == '.')
      ++count;
  }
  return count;
}

std::string Whole(std::string name) {
  if (!IsWhole(name)) name += '.';
  return name;
}

}  // namespace

ResolvConf ParseResolvConf(std::string_view text) {
  ResolvConf conf;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto words = Words(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.empty()) continue;
    if (words[0] == "nameserver" && words.size() > 1) {
      conf.servers.emplace_back(words[1]);
    } else if (words[0] == "domain") {
      conf.search.assign(words.begin() + 1, words.begin() + (words.size() > 1 ? 2 : 1));
    } else if (words[0] == "search") {
      conf.search.assign(words.begin() + 1, words.end());
    } else if (words[0] == "options") {
      for (const std::string_view option : words) ReadOption(option, conf);
    }
  }
  return conf;
}

std::vector<std::string> NameList(const ResolvConf& conf, std::string_view name) {
  if (IsWhole(name)) return {std::string(name)};
  const bool first = CountLabels(name) > conf.ndots;
  const std::string whole = Whole(std::string(name));
  std::vector<std::string> names;
  if (first) names.push_back(whole);
  for (const std::string& domain : conf.search) names.push_back(Whole(whole + domain));
  if (!first) names.push_back(whole);
  return names;
}

}  // namespace rollcall::doctor
