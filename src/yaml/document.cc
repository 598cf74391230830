#include "yaml/document.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>

#include <optional>
#include <sstream>

namespace rollcall::yaml {
namespace {

// Where the last document began.
class Beginnings final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { line_ = mark.line + 1; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  [[nodiscard]] int line() const { return line_; }

 private:
  int line_ = 1;
};

// The line of a second document.  Does not ask for a third.
std::optional<int> SecondDocument(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Beginnings beginnings;
  if (!parser.HandleNextDocument(beginnings) || !parser.HandleNextDocument(beginnings)) {
    return std::nullopt;
  }
  return beginnings.line();
}

}  // namespace

Result<YAML::Node> ReadDocument(const std::string& text, const std::string& path) {
  try {
    if (const auto line = SecondDocument(text)) {
      return Fail(ErrorCode::kInvalid, fmt::format("{}:{}: a second document begins", path, *line));
    }
    return YAML::Load(text);
  } catch (const YAML::Exception& error) {  // yaml-cpp throws; nothing else here does
    return Fail(ErrorCode::kInvalid,
                fmt::format("{}:{}: {}", path, error.mark.line + 1, error.msg));
  }
}

}  // namespace rollcall::yaml
