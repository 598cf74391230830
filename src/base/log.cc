#include "base/log.h"

#include <spdlog/fmt/fmt.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>

namespace rollcall::log {
namespace {

Format g_format = Format::kLogfmt;

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

spdlog::logger& Logger() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("rollcall",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->flush_on(spdlog::level::debug);
    return made;
  }();
  return *logger;
}

std::string_view Name(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarn:
      return "warn";
    case Level::kError:
      return "error";
  }
  return "info";
}

// Escapes as in a JSON string; used for both formats.
void AppendQuoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (octet < 0x20 || octet == 0x7f) {
      out += fmt::format("\\u{:04x}", octet);
    } else {
      out += c;
    }
  }
  out += '"';
}

bool NeedsQuotes(std::string_view text) {
  if (text.empty()) return true;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet <= 0x20 || octet == 0x7f || c == '"' || c == '=' || c == '\\') return true;
  }
  return false;
}

void AppendLogfmt(std::string& out, const Field& field) {
  if (!out.empty()) out += ' ';
  out += field.key;
  out += '=';
  if (NeedsQuotes(field.value)) {
    AppendQuoted(out, field.value);
  } else {
    out += field.value;
  }
}

void AppendJson(std::string& out, const Field& field) {
  out += out.empty() ? '{' : ',';
  AppendQuoted(out, field.key);
  out += ':';
  if (field.literal) {
    out += field.value;
  } else {
    AppendQuoted(out, field.value);
  }
}

std::string Timestamp() {
  const auto now = std::chrono::system_clock::now();
  const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(now);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(now - seconds).count();
  const std::time_t time = std::chrono::system_clock::to_time_t(seconds);
  std::tm utc{};
  gmtime_r(&time, &utc);
  char text[32];
  const size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  return fmt::format("{}.{:03}Z", std::string_view(text, length), millis);
}

}  // namespace

std::string FormatLine(Format format, Level level, std::string_view time, std::string_view message,
                       std::initializer_list<Field> fields) {
  std::string line;
  const auto append = format == Format::kJson ? AppendJson : AppendLogfmt;
  append(line, {"ts", time});
  append(line, {"level", Name(level)});
  append(line, {"msg", message});
  for (const Field& field : fields) append(line, field);
  if (format == Format::kJson) line += '}';
  return line;
}

void Configure(Level level, Format format) {
  g_format = format;
  Logger().set_level(ToSpdlog(level));
}

void Write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (!Logger().should_log(ToSpdlog(level))) return;
  Logger().log(ToSpdlog(level), "{}", FormatLine(g_format, level, Timestamp(), message, fields));
}

}  // namespace rollcall::log
