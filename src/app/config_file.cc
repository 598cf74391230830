#include "app/config_file.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <vector>

#include "yaml/document.h"

namespace rollcall::app {
namespace {

class Loader {
 public:
  Loader(const std::string& path, Settings& settings) : path_(path), settings_(settings) {}

  Result<void> Map(const YAML::Node& map, const std::string& above) {
    for (const auto& field : map) {
      if (!field.first.IsScalar()) return Wrong(field.first, "the name of a field is no text");
      const std::string name = above + field.first.Scalar();
      if (auto ok = Field(field.first, field.second, name); !ok) return ok;
    }
    return {};
  }

  tl::unexpected<Error> Wrong(const YAML::Node& at, std::string_view why) const {
    return Fail(ErrorCode::kInvalid, fmt::format("{}:{}: {}", path_, at.Mark().line + 1, why));
  }

 private:
  Result<void> Field(const YAML::Node& key, const YAML::Node& value, const std::string& name) {
    const bool known = settings_.Knows(name) && name != "config.file";
    if (value.IsMap() && value.size() > 0) return Map(value, name + ".");  // also below `store`
    if (!known) return Wrong(key, fmt::format("field {} not found", name));
    if (!seen_.insert(name).second) return Wrong(key, fmt::format("field {} is there twice", name));
    Given given{{}, fmt::format("{}:{}: {}", path_, key.Mark().line + 1, name)};
    if (value.IsScalar()) {
      given.values.push_back(value.Scalar());
    } else if (value.IsSequence() && settings_.Repeats(name)) {
      for (const YAML::Node& item : value) {
        if (!item.IsScalar()) return Wrong(item, fmt::format("{}: an entry is no text", name));
        given.values.push_back(item.Scalar());
      }
      if (value.size() == 0) return Wrong(key, fmt::format("the list of {} is empty", name));
    } else {
      return Wrong(key,
                   fmt::format("field {} wants {}", name,
                               settings_.Repeats(name) ? "a text or a list of them" : "one text"));
    }
    settings_.Set(name, std::move(given));
    return {};
  }

  const std::string& path_;
  Settings& settings_;
  std::set<std::string> seen_;
};

}  // namespace

Result<void> LoadConfigText(const std::string& text, const std::string& path, Settings& settings) {
  try {
    const auto root = yaml::ReadDocument(text, path);
    if (!root) return Fail(root.error());
    if (root->IsNull()) return {};
    Loader loader(path, settings);
    if (!root->IsMap()) return loader.Wrong(*root, "the file is not a map of fields");
    return loader.Map(*root, "");
  } catch (const YAML::Exception& error) {  // yaml-cpp throws; nothing else here does
    return Fail(ErrorCode::kInvalid,
                fmt::format("{}:{}: {}", path, error.mark.line + 1, error.msg));
  }
}

Result<void> LoadConfigFile(const std::string& path, Settings& settings) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {  // reading from it would throw
    return Fail(ErrorCode::kInvalid, fmt::format("{}: is a directory, not a file", path));
  }
  std::ifstream in(path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in.good() && !in.eof()) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
  }
  return LoadConfigText(text, path, settings);
}

}  // namespace rollcall::app
