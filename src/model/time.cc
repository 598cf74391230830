#include "model/time.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <optional>

#include "base/quote.h"

namespace rollcall::model {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// Takes fields of fixed width from the front; after the first that is not there, none.
class Fields {
 public:
  explicit Fields(std::string_view rest) : rest_(rest) {}

  int Digits(std::size_t count) {
    int number = 0;
    const std::string_view text = rest_.substr(0, count);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + count || text.front() == '-') ok_ = false;
    rest_.remove_prefix(text.size());
    return number;
  }
  // One of `any`, which is returned.
  char One(std::string_view any) {
    const char found = rest_.empty() ? '\0' : rest_.front();
    if (any.find(found) == std::string_view::npos || rest_.empty()) {
      ok_ = false;
      return '\0';
    }
    rest_.remove_prefix(1);
    return found;
  }
  void Fraction() {
    if (!rest_.starts_with('.')) return;
    rest_.remove_prefix(1);
    const std::size_t digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    if (digits == 0) ok_ = false;
    rest_.remove_prefix(digits);
  }
  [[nodiscard]] bool Done() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// Years that the clock can count whole, in nanoseconds from 1970.
constexpr int kFirstYear = 1678;
constexpr int kLastYear = 2261;

std::optional<WallTime> Parse(std::string_view text) {
  Fields fields(text);
  const int year = fields.Digits(4);
  fields.One("-");
  const int month = fields.Digits(2);
  fields.One("-");
  const int day = fields.Digits(2);
  fields.One("Tt ");
  const int hour = fields.Digits(2);
  fields.One(":");
  const int minute = fields.Digits(2);
  fields.One(":");
  const int second = fields.Digits(2);
  fields.Fraction();
  minutes offset{0};
  const char zone = fields.One("Zz+-");
  if (zone == '+' || zone == '-') {
    const int hours = fields.Digits(2);
    fields.One(":");
    const int rest = fields.Digits(2);
    if (hours > 23 || rest > 59) return std::nullopt;
    offset = minutes(hours * 60 + rest) * (zone == '-' ? -1 : 1);
  }
  if (!fields.Done()) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  // 60: a leap second, which the system's clock does not count.
  if (year < kFirstYear || year > kLastYear) return std::nullopt;
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + minutes(minute) +
         seconds(second) - offset;
}

}  // namespace

std::string FormatTime(WallTime time) {
  const std::time_t whole = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&whole, &parts);
  std::array<char, sizeof "2026-01-31T12:00:00Z"> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), size};
}

Result<WallTime> ParseTime(std::string_view text) {
  if (const auto time = Parse(text)) return *time;
  return Fail(ErrorCode::kInvalid,
              fmt::format("{} is not a time such as 2026-01-31T12:00:00Z", Quote(text)));
}

}  // namespace rollcall::model
