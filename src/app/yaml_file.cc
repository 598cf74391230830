#include "app/yaml_file.h"

#include <fmt/format.h>

#include <vector>

#include "agent/fields.h"
#include "base/whole_file.h"

namespace rollcall::app {
namespace {

constexpr std::size_t kMostOctets = std::size_t{16} << 20;

}  // namespace

Result<void> ReadYamlText(const std::string& text, const std::string& path,
                          const std::function<Result<void>(const YAML::Node&)>& read) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() > 1) return agent::Wrong(path, documents[1], "a second document begins");
    if (documents.empty() || documents[0].IsNull()) return read(YAML::Node(YAML::NodeType::Map));
    if (!documents[0].IsMap()) return agent::Wrong(path, documents[0], "is not a map of fields");
    return read(documents[0]);
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
