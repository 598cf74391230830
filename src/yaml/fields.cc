#include "yaml/fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/quote.h"
#include "model/duration.h"

namespace rollcall::yaml {

using std::chrono::milliseconds;

int LineOf(const YAML::Node& node) {
  return node.Mark().line + 1;
}

tl::unexpected<Error> Wrong(const std::string& file, const YAML::Node& node, std::string_view why) {
  return Fail(ErrorCode::kInvalid, fmt::format("{}:{}: {}", file, LineOf(node), why));
}

Fields::Fields(const std::string& file, const YAML::Node& map, std::string above)
    : file_(file), above_(std::move(above)) {
  if (!map.IsMap()) Note(map, "wants fields");
  for (const auto& field : map) {
    if (problem_) return;
    if (!field.first.IsScalar()) {
      Note(field.first, "the name of a field is no text");
    } else if (!fields_.emplace(field.first.Scalar(), Field{field.first, field.second}).second) {
      Note(field.first, fmt::format("field {}{} is there twice", above_, field.first.Scalar()));
    }
  }
}

void Fields::Note(const YAML::Node& node, std::string_view why) {
  if (!problem_) problem_ = Wrong(file_, node, why).value();
}

Fields::Field* Fields::Find(const std::string& name) {
  const auto found = fields_.find(name);
  if (problem_ || found == fields_.end()) return nullptr;
  found->second.read = true;
  return &found->second;
}

std::optional<std::string> Fields::Scalar(const std::string& name, const YAML::Node& node) {
  if (node.IsScalar() && !node.Scalar().empty()) return node.Scalar();
  Note(node, fmt::format("field {}{} wants a text", above_, name));
  return std::nullopt;
}

void Fields::Text(const std::string& name, std::string& value) {
  if (Field* const field = Find(name)) value = Scalar(name, field->value).value_or("");
}

void Fields::Texts(const std::string& name, std::vector<std::string>& value) {
  Field* const field = Find(name);
  if (!field) return;
  if (!field->value.IsSequence()) {
    return Note(field->key, fmt::format("field {}{} wants a list of texts", above_, name));
  }
  for (const YAML::Node& item : field->value) {
    const auto text = Scalar(name, item);
    if (!text) return;
    value.push_back(*text);
  }
}

void Fields::Map(const std::string& name, std::map<std::string, std::string>& value) {
  Field* const field = Find(name);
  if (!field) return;
  if (!field->value.IsMap()) {
    return Note(field->key, fmt::format("field {}{} wants names with values", above_, name));
  }
  for (const auto& item : field->value) {
    if (!item.first.IsScalar() || !item.second.IsScalar()) {
      return Note(item.first, fmt::format("field {}{}: a name or value is no text", above_, name));
    }
    if (!value.emplace(item.first.Scalar(), item.second.Scalar()).second) {
      return Note(item.first,
                  fmt::format("field {}{}: {} is there twice", above_, name, item.first.Scalar()));
    }
  }
}

void Fields::ReadNumber(const std::string& name, std::int64_t& value, std::int64_t least,
                        std::int64_t most) {
  Field* const field = Find(name);
  if (!field) return;
  const std::string text = field->value.IsScalar() ? field->value.Scalar() : std::string();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
    value = least;
    Note(field->key,
         fmt::format("field {}{} wants a number from {} to {}", above_, name, least, most));
  }
}

std::optional<milliseconds> Fields::Read(const std::string& name, const Field& field) {
  const auto text = Scalar(name, field.value);
  if (!text) return std::nullopt;
  const auto duration = model::ParseDuration(*text);
  if (duration) return *duration;
  Note(field.key, fmt::format("field {}{}: {}", above_, name, duration.error().message));
  return std::nullopt;
}

void Fields::Duration(const std::string& name, milliseconds& value, milliseconds least) {
  Field* const field = Find(name);
  if (!field) return;
  const auto duration = Read(name, *field);
  if (!duration) return;
  if (*duration < least || *duration > std::chrono::hours(24)) {
    return Note(field->key, fmt::format("field {}{} is not within {} and 24h", above_, name,
                                        model::FormatDuration(least)));
  }
  value = *duration;
}

void Fields::DurationText(const std::string& name, std::string& value) {
  Field* const field = Find(name);
  if (!field) return;
  const auto duration = Read(name, *field);
  if (!duration) return;
  if (duration->count() == 0) {
    return Note(field->key, fmt::format("field {}{} is no time at all", above_, name));
  }
  value = field->value.Scalar();
}

void Fields::Ttl(const std::string& name, std::int64_t& seconds) {
  Field* const field = Find(name);
  if (!field) return;
  const auto duration = Read(name, *field);
  if (!duration) return;
  seconds = duration->count() / 1000;
  if (duration->count() % 1000 != 0 || seconds > 0x7FFFFFFF) {
    seconds = 0;
    Note(field->key, fmt::format("field {}{} wants whole seconds up to 2147483647", above_, name));
  }
}

void Fields::OneOf(const std::string& name, std::string& value,
                   std::initializer_list<std::string_view> choices) {
  Field* const field = Find(name);
  if (!field) return;
  const std::string text = field->value.IsScalar() ? field->value.Scalar() : std::string();
  if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
    return Note(field->key, fmt::format("field {}{}: {} is none of {}", above_, name, Quote(text),
                                        fmt::join(choices, ", ")));
  }
  value = text;
}

void Fields::Path(const std::string& name, std::string& value) {
  Field* const field = Find(name);
  if (!field) return;
  value = Scalar(name, field->value).value_or("");
  if (!value.starts_with('/')) {
    Note(field->key, fmt::format("field {}{} does not begin with a slash", above_, name));
  }
}

void Fields::Take(const std::string& name, YAML::Node& value) {
  // reset(), for an assignment would write into the document.
  if (Field* const field = Find(name)) value.reset(field->value);
}

Result<void> Fields::Done() && {
  if (problem_) return Fail(*std::move(problem_));
  // In the order of the file, for who reads it from the top.
  const Field* first = nullptr;
  for (const auto& [name, field] : fields_) {
    if (!field.read && (!first || LineOf(field.key) < LineOf(first->key))) first = &field;
  }
  if (!first) return {};
  return Wrong(file_, first->key, fmt::format("field {}{} not found", above_, first->key.Scalar()));
}

}  // namespace rollcall::yaml
