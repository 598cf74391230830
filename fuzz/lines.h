// An input as lines: the first is a name, each further one NAME=VALUE.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "serving/http/exchange.h"

struct Lines {
  std::string_view first;  // borrows from the input
  std::vector<rollcall::serving::http::Field> parameters;
};

inline Lines ReadLines(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = [&] {
    const std::string_view one = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    return one;
  };
  Lines lines{line(), {}};
  while (!text.empty()) {
    const std::string_view one = line();
    const std::size_t equals = std::min(one.find('='), one.size());
    lines.parameters.push_back({std::string(one.substr(0, equals)),
                                std::string(one.substr(std::min(one.size(), equals + 1)))});
  }
  return lines;
}
