#include "app/yaml_file.h"

#include <fmt/format.h>

#include "base/whole_file.h"
#include "yaml/document.h"
#include "yaml/fields.h"

namespace rollcall::app {
namespace {

constexpr std::size_t kMostOctets = std::size_t{16} << 20;

}  // namespace

Result<void> ReadYamlText(const std::string& text, const std::string& path,
                          const std::function<Result<void>(const YAML::Node&)>& read) {
  try {
    const auto root = yaml::ReadDocument(text, path);
    if (!root) return Fail(root.error());
    if (root->IsNull()) return read(YAML::Node(YAML::NodeType::Map));
    if (!root->IsMap()) return yaml::Wrong(path, *root, "is not a map of fields");
    return read(*root);
  } catch (const YAML::Exception& error) {  // yaml-cpp throws; nothing else here does
    return Fail(ErrorCode::kInvalid,
                fmt::format("{}:{}: {}", path, error.mark.line + 1, error.msg));
  }
}

Result<void> ReadYamlFile(const std::string& path,
                          const std::function<Result<void>(const YAML::Node&)>& read) {
  const auto text = ReadWholeFile(path, kMostOctets);
  if (!text) return Fail(ErrorCode::kInvalid, text.error().message);
  return ReadYamlText(*text, path, read);
}

}  // namespace rollcall::app
