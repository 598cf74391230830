// A Service as SkyDNS's JSON.
#include <fmt/format.h>

#include <iterator>

#include "model/json_text.h"
#include "model/service.h"

namespace rollcall::model {
namespace {

// An object under way: Name() writes what stands before each member's value.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }

  std::string& Name(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    AppendJsonString(out_, name);
    out_ += ':';
    return out_;
  }
  void Member(std::string_view name, std::string_view text) {
    if (!text.empty()) AppendJsonString(Name(name), text);
  }
  void Member(std::string_view name, std::int64_t number) {
    if (number != 0) fmt::format_to(std::back_inserter(Name(name)), "{}", number);
  }
  void Close() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_ = true;
};

void AppendTexts(Object& object, std::string_view member,
                 const std::map<std::string, std::string>& texts) {
  if (texts.empty()) return;
  Object inner(object.Name(member));
  for (const auto& [name, value] : texts) AppendJsonString(inner.Name(name), value);
  inner.Close();
}

void AppendExtension(std::string& out, const Extension& extension) {
  Object object(out);
  object.Member("owner", extension.owner);
  AppendTexts(object, "labels", extension.labels);
  if (!extension.tags.empty()) {
    char separator = '[';
    object.Name("tags");
    for (const std::string& tag : extension.tags) {
      out += separator;
      AppendJsonString(out, tag);
      separator = ',';
    }
    out += ']';
  }
  object.Member("on_loss", extension.on_loss);
  object.Member("retain", extension.retain);
  object.Member("scheme", extension.scheme);
  object.Member("metrics_path", extension.metrics_path);
  object.Member("interval", extension.interval);
  AppendTexts(object, "params", extension.params);
  object.Close();
}

}  // namespace

std::string ToJson(const Service& service) {
  std::string out;
  Object object(out);
  object.Member("host", service.host);
  object.Member("port", service.port);
  object.Member("priority", service.priority);
  object.Member("weight", service.weight);
  object.Member("text", service.text);
  if (service.mail) object.Name("mail") += "true";
  object.Member("ttl", std::int64_t{service.ttl});
  object.Member("targetstrip", service.target_strip);
  object.Member("group", service.group);
  if (!service.extension.empty()) AppendExtension(object.Name("rollcall"), service.extension);
  object.Close();
  return out;
}

}  // namespace rollcall::model
