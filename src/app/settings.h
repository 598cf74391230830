// What a command can be told: by flag, by the configuration file, or by the
// environment, under one name and checked in one place.
//
// Threads: values, no shared state.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace rollcall::app {

struct Setting {
  std::string_view name;      // "dns.default-ttl": `--dns.default-ttl`, and the file's field
  std::string_view value;     // "DURATION", for the help; "": a switch
  std::string_view fallback;  // what counts when nothing is given; "": nothing
  std::string_view help;      // "": it is not shown
  bool repeat = false;
};

// Where a value came from, so that a message names it.
struct Given {
  std::vector<std::string> values;
  std::string origin;  // "--port", "EXPORTER_PORT", "rollcall.yml:3: dns.default-ttl"
};

class Settings {
 public:
  Settings() = default;
  explicit Settings(const std::vector<Setting>& known);

  // Requires: `name` is known.  The first to set a name wins, so call it in the
  // order flags, file, environment.
  void Set(const std::string& name, Given given);
  // From an environment variable, if it is set and not empty.
  void SetFromEnvironment(const std::string& name, const char* variable);

  [[nodiscard]] bool Knows(const std::string& name) const { return known_.contains(name); }
  // Whether it may be given more than once.  Requires: `name` is known.
  [[nodiscard]] bool Repeats(const std::string& name) const { return known_.at(name).repeat; }
  [[nodiscard]] bool IsGiven(const std::string& name) const { return given_.contains(name); }

  // What was given, else the fallback.  Requires: `name` is known.
  [[nodiscard]] std::vector<std::string> All(const std::string& name) const;
  [[nodiscard]] std::string Text(const std::string& name) const;
  [[nodiscard]] bool Switch(const std::string& name) const;
  // All that are known, by name, with what counts.
  [[nodiscard]] std::vector<std::pair<std::string, std::vector<std::string>>> Effective() const;
  // kInvalid, with the origin: not such a value, or out of range.
  [[nodiscard]] Result<std::int64_t> Number(const std::string& name, std::int64_t least,
                                            std::int64_t most) const;
  [[nodiscard]] Result<std::chrono::milliseconds> Duration(const std::string& name) const;
  // Octets: a number, or one with KiB, MiB or GiB behind it.
  [[nodiscard]] Result<std::size_t> Size(const std::string& name) const;
  // A whole number of seconds from 0 to 2^31-1.
  [[nodiscard]] Result<std::uint32_t> Ttl(const std::string& name) const;

  // kInvalid, with the origin in front.
  [[nodiscard]] tl::unexpected<Error> Wrong(const std::string& name, std::string_view why) const;

 private:
  std::map<std::string, Setting, std::less<>> known_;
  std::map<std::string, Given, std::less<>> given_;
};

// `first` and what follows, as one table.
[[nodiscard]] std::vector<Setting> Join(std::initializer_list<std::vector<Setting>> tables);

}  // namespace rollcall::app
