// The fields of one map of YAML, each of a known name and type.
//
//   Fields fields(file, node, "check.");
//   fields.Text("url", check.url);
//   if (auto ok = std::move(fields).Done(); !ok) return ok;     // the first thing wrong
//
// Threads: values.  yaml-cpp's exceptions pass through.
#pragma once

#include <yaml-cpp/yaml.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rollcall::yaml {

[[nodiscard]] int LineOf(const YAML::Node& node);  // as people count
// kInvalid: "FILE:LINE: why".
[[nodiscard]] tl::unexpected<Error> Wrong(const std::string& file, const YAML::Node& node,
                                          std::string_view why);

class Fields {
 public:
  // `above`: what stands before a field's name in messages.  Borrows `file`.
  Fields(const std::string& file, const YAML::Node& map, std::string above);

  // Each reads the field if it is there, and else leaves `value` as it is.
  void Text(const std::string& name, std::string& value);  // not empty
  void Texts(const std::string& name, std::vector<std::string>& value);
  void Map(const std::string& name, std::map<std::string, std::string>& value);
  template <typename Integer>
  void Number(const std::string& name, Integer& value, std::int64_t least, std::int64_t most) {
    std::int64_t number = value;
    ReadNumber(name, number, least, most);
    value = static_cast<Integer>(number);
  }
  void Duration(const std::string& name, std::chrono::milliseconds& value,
                std::chrono::milliseconds least);
  void DurationText(const std::string& name, std::string& value);  // kept as written
  void Ttl(const std::string& name, std::int64_t& seconds);
  void OneOf(const std::string& name, std::string& value,
             std::initializer_list<std::string_view> choices);
  void Path(const std::string& name, std::string& value);  // begins with a slash
  void Take(const std::string& name, YAML::Node& value);   // as it is; may be null

  // That nothing was wrong, and all that is there has been read.
  [[nodiscard]] Result<void> Done() &&;

 private:
  struct Field {
    YAML::Node key;
    YAML::Node value;
    bool read = false;
  };
  // Null: it is not there.
  Field* Find(const std::string& name);
  std::optional<std::string> Scalar(const std::string& name, const YAML::Node& node);
  std::optional<std::chrono::milliseconds> Read(const std::string& name, const Field& field);
  void ReadNumber(const std::string& name, std::int64_t& value, std::int64_t least,
                  std::int64_t most);
  void Note(const YAML::Node& node, std::string_view why);

  const std::string& file_;
  const std::string above_;
  std::map<std::string, Field> fields_;
  std::optional<Error> problem_;
};

}  // namespace rollcall::yaml
