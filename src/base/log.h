// The program's log: one line per event, logfmt or JSON, to standard error.
//
//   log::Warn("value skipped", {{"key", key}, {"reason", reason}});
//
// Any thread may log.  Never on the path of a query.
#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace rollcall::log {

enum class Level { kDebug, kInfo, kWarn, kError };
enum class Format { kLogfmt, kJson };

// One `key=value`; copies what it is given.
//
// What is a number or a truth in C++ is one in JSON too, so pass what only looks like a
// number (a 64-bit id) as text: many readers of JSON keep no more than 53 bits of one.
struct Field {
  std::string_view key;
  std::string value;
  bool literal = false;  // stands in JSON without quotes

  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  template <typename T>
  requires std::is_arithmetic_v<T> Field(std::string_view k, T v)
      : key(k), value(std::to_string(v)), literal(IsJsonNumber(v)) {}
  Field(std::string_view k, bool v) : key(k), value(v ? "true" : "false"), literal(true) {}

 private:
  // JSON has neither infinities nor NaN.
  template <typename T>
  static bool IsJsonNumber(T v) {
    if constexpr (std::is_floating_point_v<T>) return std::isfinite(v);
    return true;
  }
};

// Once, before the first thread starts.  Until then: info, logfmt.
void Configure(Level level, Format format);

void Write(Level level, std::string_view message, std::initializer_list<Field> fields);

inline void Debug(std::string_view message, std::initializer_list<Field> fields = {}) {
  Write(Level::kDebug, message, fields);
}
inline void Info(std::string_view message, std::initializer_list<Field> fields = {}) {
  Write(Level::kInfo, message, fields);
}
inline void Warn(std::string_view message, std::initializer_list<Field> fields = {}) {
  Write(Level::kWarn, message, fields);
}
inline void Error(std::string_view message, std::initializer_list<Field> fields = {}) {
  Write(Level::kError, message, fields);
}

// The line that Write() sends, without its end of line; for tests.
[[nodiscard]] std::string FormatLine(Format format, Level level, std::string_view time,
                                     std::string_view message, std::initializer_list<Field> fields);

}  // namespace rollcall::log
