#include "model/service.h"

#include <fmt/format.h>

#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

#include "model/duration.h"
#include "model/json_text.h"

namespace rollcall::model {
namespace {

namespace json = boost::json;

// One JSON value as the parser meets it; of a container only that it begins.
struct Value {
  enum class Kind { kString, kNumber, kBool, kNull, kObject, kArray };
  Kind kind;
  std::string_view text = {};  // a string's content; a number's, a bool's spelling
};

// For messages: the value itself where it is short.
std::string Describe(const Value& value) {
  constexpr std::size_t kLongest = 40;
  const bool quoted = value.kind == Value::Kind::kString;
  switch (value.kind) {
    case Value::Kind::kObject:
      return "an object";
    case Value::Kind::kArray:
      return "an array";
    case Value::Kind::kNull:
      return "null";
    default:
      break;
  }
  if (value.text.size() > kLongest) return quoted ? "a long string" : "a long number";
  return quoted ? fmt::format("\"{}\"", value.text) : std::string(value.text);
}

// Each Read() sets its member, or says what the value is not.  Null leaves the
// member as it is.
using Problem = std::optional<std::string>;

Problem Not(const Value& value, std::string_view what) {
  return fmt::format("{} is not {}", Describe(value), what);
}

Problem Read(const Value& value, std::string& member) {
  if (value.kind == Value::Kind::kNull) return std::nullopt;
  if (value.kind != Value::Kind::kString) return Not(value, "a string");
  member = value.text;
  return std::nullopt;
}

Problem Read(const Value& value, bool& member) {
  if (value.kind == Value::Kind::kNull) return std::nullopt;
  if (value.kind != Value::Kind::kBool) return Not(value, "true or false");
  member = value.text == "true";
  return std::nullopt;
}

// An integer by its spelling, as Go has it: `80.0` and `8e1` are none.
template <typename Integer>
Problem Read(const Value& value, Integer& member) {
  if (value.kind == Value::Kind::kNull) return std::nullopt;
  if (value.kind != Value::Kind::kNumber) return Not(value, "an integer");
  const char* const end = value.text.data() + value.text.size();
  Integer number = 0;
  const auto [rest, error] = std::from_chars(value.text.data(), end, number);
  if (error == std::errc::result_out_of_range && rest == end) {
    return Not(value, std::is_signed_v<Integer> ? "within 64 bits" : "within 0 to 4294967295");
  }
  if (std::is_unsigned_v<Integer> && value.text.starts_with('-')) {
    return Not(value, "within 0 to 4294967295");
  }
  if (error != std::errc() || rest != end) return Not(value, "an integer");
  member = number;
  return std::nullopt;
}

// The member `rollcall`, from its opening brace on.
class ExtensionReader {
 public:
  void Begin(Extension& extension) {
    extension_ = &extension;
    member_.clear();
    container_ = Container::kNone;
  }

  void Key(std::size_t depth, std::string key) {
    if (depth == 1) {
      member_ = FoldName(key);
      container_ = Container::kNone;
    } else if (depth == 2) {
      label_ = std::move(key);
    }
  }

  // `depth`: 1 for the extension's own members, 2 for what is in those.
  Problem Take(std::size_t depth, const Value& value) {
    if (depth == 1) return TakeMember(value);
    if (depth == 2 && container_ == Container::kLabels) {
      std::string text;
      Problem problem = Prefixed("labels." + label_, Read(value, text));
      if (!problem && value.kind != Value::Kind::kNull)
        extension_->labels[label_] = std::move(text);
      return problem;
    }
    if (depth == 2 && container_ == Container::kParams) {
      std::string text;
      Problem problem = Prefixed("params." + label_, Read(value, text));
      if (!problem && value.kind != Value::Kind::kNull)
        extension_->params[label_] = std::move(text);
      return problem;
    }
    if (depth == 2 && container_ == Container::kTags) {
      std::string tag;
      Problem problem = Prefixed("tags", Read(value, tag));
      if (!problem && !tag.empty()) extension_->tags.push_back(std::move(tag));
      return problem;
    }
    return std::nullopt;  // within something unknown
  }

 private:
  enum class Container { kNone, kLabels, kTags, kParams };

  static Problem Prefixed(std::string_view member, Problem problem) {
    if (problem) problem = fmt::format("{}: {}", member, *problem);
    return problem;
  }

  Problem TakeMember(const Value& value) {
    if (member_ == "owner") return Prefixed("owner", Read(value, extension_->owner));
    if (member_ == "on_loss") return Prefixed("on_loss", TakeOnLoss(value));
    if (member_ == "retain") return Prefixed("retain", TakeRetain(value));
    if (member_ == "scheme") return Prefixed("scheme", Read(value, extension_->scheme));
    if (member_ == "metrics_path") return Prefixed(member_, Read(value, extension_->metrics_path));
    if (member_ == "interval") return Prefixed("interval", Read(value, extension_->interval));
    if (value.kind == Value::Kind::kNull) return std::nullopt;
    if (member_ == "labels") {
      if (value.kind != Value::Kind::kObject) return Prefixed("labels", Not(value, "an object"));
      container_ = Container::kLabels;
      extension_->labels.clear();
    } else if (member_ == "tags") {
      if (value.kind != Value::Kind::kArray) return Prefixed("tags", Not(value, "an array"));
      container_ = Container::kTags;
      extension_->tags.clear();
    } else if (member_ == "params") {
      if (value.kind != Value::Kind::kObject) return Prefixed("params", Not(value, "an object"));
      container_ = Container::kParams;
      extension_->params.clear();
    }
    return std::nullopt;
  }

  Problem TakeOnLoss(const Value& value) {
    std::string word = extension_->on_loss;
    if (Problem problem = Read(value, word)) return problem;
    if (!word.empty() && word != "keep" && word != "remove") return Not(value, "keep or remove");
    extension_->on_loss = std::move(word);
    return std::nullopt;
  }

  // One that cannot be understood is none: what nobody asked for in words that can be
  // read is not taken away.
  Problem TakeRetain(const Value& value) {
    std::string text;
    if (Problem problem = Read(value, text)) return problem;
    const auto retain = ParseDuration(text);
    if (!retain) return Not(value, "a duration such as 30m or 7d");
    extension_->retain = std::move(text);
    return std::nullopt;
  }

  Extension* extension_ = nullptr;
  std::string member_;  // folded
  std::string label_;
  Container container_ = Container::kNone;
};

// Boost.JSON's handler.  It never stops the parser: like Go, it reads to the end,
// so that what is not JSON is told before what is a wrong member, and keeps the
// first problem.
class Handler {
 public:
  static constexpr std::size_t max_array_size = -1;
  static constexpr std::size_t max_object_size = -1;
  static constexpr std::size_t max_string_size = -1;
  static constexpr std::size_t max_key_size = -1;

  using Ec = json::error_code;
  using View = json::string_view;

  bool on_document_begin(Ec&) { return true; }
  bool on_document_end(Ec&) { return true; }
  bool on_object_begin(Ec&) { return Open(Value::Kind::kObject); }
  bool on_object_end(std::size_t, Ec&) { return Close(); }
  bool on_array_begin(Ec&) { return Open(Value::Kind::kArray); }
  bool on_array_end(std::size_t, Ec&) { return Close(); }
  bool on_string_part(View part, std::size_t, Ec&) { return Gather(part); }
  bool on_string(View part, std::size_t, Ec&) {
    Gather(part);
    Take({Value::Kind::kString, text_ = MendUtf8(text_)});
    return Forget();
  }
  bool on_key_part(View part, std::size_t, Ec&) { return Gather(part); }
  bool on_key(View part, std::size_t, Ec&) {
    Gather(part);
    Key(MendUtf8(text_));
    return Forget();
  }
  bool on_number_part(View part, Ec&) { return Gather(part); }
  bool on_int64(std::int64_t, View part, Ec&) { return Number(part); }
  bool on_uint64(std::uint64_t, View part, Ec&) { return Number(part); }
  bool on_double(double, View part, Ec&) { return Number(part); }
  bool on_bool(bool value, Ec&) {
    Take({Value::Kind::kBool, value ? "true" : "false"});
    return true;
  }
  bool on_null(Ec&) {
    Take({Value::Kind::kNull});
    return true;
  }
  bool on_comment_part(View, Ec&) { return true; }
  bool on_comment(View, Ec&) { return true; }

  [[nodiscard]] tl::expected<Service, Invalid> Finish() && {
    if (invalid_) return tl::unexpected<Invalid>(std::move(*invalid_));
    return std::move(service_);
  }

 private:
  bool Gather(View part) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool Forget() {
    text_.clear();
    return true;
  }
  bool Number(View part) {
    Gather(part);
    Take({Value::Kind::kNumber, text_});
    return Forget();
  }
  bool Open(Value::Kind kind) {
    Take({kind});
    ++depth_;
    return true;
  }
  bool Close() {
    --depth_;
    return true;
  }

  void Key(std::string key) {
    if (depth_ == 1) {
      member_ = FoldName(key);
      in_extension_ = false;
    } else if (in_extension_) {
      extension_.Key(depth_ - 1, std::move(key));
    }
  }

  void Take(const Value& value) {
    if (depth_ == 0) {
      TakeDocument(value);
    } else if (depth_ == 1 && member_ == "rollcall") {
      TakeExtension(value);
    } else if (depth_ == 1) {
      if (const Problem problem = TakeMember(value)) {
        Fail(Flaw::kMember, fmt::format("member {}: {}", member_, *problem));
      }
    } else if (in_extension_) {
      NoteExtension(extension_.Take(depth_ - 1, value));
    }
  }

  void TakeDocument(const Value& value) {
    if (value.kind == Value::Kind::kObject || value.kind == Value::Kind::kNull) return;
    Fail(Flaw::kJson, fmt::format("value: {} is not an object", Describe(value)));
  }

  Problem TakeMember(const Value& value) {
    if (member_ == "host") return Read(value, service_.host);
    if (member_ == "port") return Read(value, service_.port);
    if (member_ == "priority") return Read(value, service_.priority);
    if (member_ == "weight") return Read(value, service_.weight);
    if (member_ == "text") return Read(value, service_.text);
    if (member_ == "mail") return Read(value, service_.mail);
    if (member_ == "ttl") return Read(value, service_.ttl);
    if (member_ == "targetstrip") return Read(value, service_.target_strip);
    if (member_ == "group") return Read(value, service_.group);
    return std::nullopt;
  }

  // Unlike SkyDNS's members, a repeated one starts afresh, problems too.
  void TakeExtension(const Value& value) {
    if (value.kind == Value::Kind::kNull) return;
    service_.extension = {};
    service_.extension_problem.clear();
    in_extension_ = value.kind == Value::Kind::kObject;
    if (in_extension_) {
      extension_.Begin(service_.extension);
    } else {
      NoteExtension(Not(value, "an object"));
    }
  }

  void NoteExtension(const Problem& problem) {
    if (!problem || !service_.extension_problem.empty()) return;
    service_.extension_problem = fmt::format("member rollcall: {}", *problem);
  }

  void Fail(Flaw flaw, std::string message) {
    if (!invalid_) invalid_ = Invalid{flaw, std::move(message)};
  }

  Service service_;
  std::optional<Invalid> invalid_;
  ExtensionReader extension_;
  bool in_extension_ = false;
  std::size_t depth_ = 0;  // containers open
  std::string member_;     // folded
  std::string text_;       // of the string, key or number being read
};

}  // namespace

std::string_view ToString(Flaw flaw) {
  switch (flaw) {
    case Flaw::kJson:
      return "json";
    case Flaw::kMember:
      return "member";
    case Flaw::kHost:
      return "host";
    case Flaw::kKey:
      return "key";
  }
  return "unknown";
}

tl::expected<Service, Invalid> ParseService(std::string_view json_text) {
  const std::string text = MendSurrogateEscapes(json_text);
  json::parse_options options;
  options.max_depth = kMaxDepth;
  options.allow_invalid_utf8 = true;  // mended by the handler, as Go does it
  json::basic_parser<Handler> parser(options);

  json::error_code error;
  const std::size_t end = parser.write_some(false, text.data(), text.size(), error);
  if (!error && end < text.size()) error = json::error::extra_data;
  if (error) {
    return tl::unexpected<Invalid>(
        Invalid{Flaw::kJson, fmt::format("not JSON: {} at octet {}", error.message(), end)});
  }
  return std::move(parser.handler()).Finish();
}

}  // namespace rollcall::model
