#include "serving/sd/http_sd.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/quote.h"
#include "base/utf8.h"
#include "catalog/marks.h"
#include "model/duration.h"
#include "serving/sd/json_writer.h"

namespace rollcall::serving::sd {
namespace {

using catalog::Registration;

constexpr std::string_view kMeta = "__meta_rollcall_";
constexpr std::string_view kMetaLabel = "__meta_rollcall_label_";
// Of one target with few labels; more costs another allocation.
constexpr std::size_t kSizeGuess = 640;
// Prometheus's scrape_timeout, unless its configuration has another.
constexpr std::chrono::seconds kDefaultTimeout{10};

bool IsLabelCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}
bool IsClean(std::string_view name) {
  return std::all_of(name.begin(), name.end(), IsLabelCharacter);
}
// What can be the host of a URL; anything else Prometheus takes for a path, or cannot parse.
bool IsHostText(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return IsLabelCharacter(c) || c == '-' || c == '.';
  });
}

// Writes targets, one after the other.
class Groups {
 public:
  // Borrows both.
  Groups(const SdAsk& ask, JsonWriter& json) : ask_(ask), zone_(ZoneText(*ask.zone)), json_(json) {}

  // False, and nothing written: it can have no place in an answer.
  bool Write(const Target& target) {
    const JsonWriter::Place begin = json_.Here();
    fits_ = true;
    const Registration& registration = *target.instance.registration;
    address_.clear();
    AppendAddress(target.instance, address_);
    WriteAddress(target.instance);
    json_.Key("labels");
    json_.BeginObject();
    WriteSelf(target, registration);
    if (registration.extension) WriteExtension(*registration.extension);
    if (ask_.instance_as_dns) {
      json_.Key("instance");
      json_.BeginString();
      json_.More(answer::TargetText(registration));
      json_.More(fmt::format(":{}", answer::PortOf(registration)));
      json_.EndString();
    }
    json_.EndObject();
    json_.EndObject();
    const bool good = fits_ && json_.good();
    if (!good) json_.Rewind(begin);
    return good;
  }

 private:
  void WriteAddress(const answer::Instance& instance) {
    const bool named = instance.kind == model::HostKind::kName;
    if (named && !IsHostText(address_)) fits_ = false;
    json_.BeginObject();
    json_.Key("targets");
    json_.BeginArray();
    json_.BeginString();
    const bool v6 = instance.kind == model::HostKind::kIpv6;
    if (v6) json_.More("[");
    json_.More(address_);
    if (v6) json_.More("]");
    port_.clear();
    if (const std::uint16_t port = answer::PortOf(*instance.registration); port != 0) {
      port_ = fmt::format_int(port).str();
      json_.More(":");
      json_.More(port_);
    }
    json_.EndString();
    json_.EndArray();
  }

  // An empty label is none.
  void Label(std::string_view prefix, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    json_.Key(prefix, name);
    json_.String(value);
  }
  void Meta(std::string_view name, std::string_view value) { Label(kMeta, name, value); }

  void WriteSelf(const Target& target, const Registration& registration) {
    Meta("service", ServiceText(registration));
    Meta("instance", wire::NameView(registration.name).IsRoot()
                         ? std::string_view()
                         : wire::NameView(registration.name).FirstLabel());
    Meta("zone", zone_);
    Meta("state", model::ToString(target.state));
    Meta("health", HealthOf(target.state));
    Meta("address", address_);
    Meta("port", port_);
    Meta("host", catalog::HostOf(registration));
  }

  // Those in a row mostly lie under one name.
  const std::string& ServiceText(const Registration& registration) {
    const wire::NameView name(registration.name);
    const std::string_view above =
        name.IsRoot() || registration.nameless ? name.wire() : name.Parent().wire();
    if (above != above_ || service_of_nameless_ != registration.nameless) {
      above_ = above;
      service_of_nameless_ = registration.nameless;
      service_ = ServiceOf(registration, *ask_.zone);
    }
    return service_;
  }

  void WriteExtension(const model::Extension& extension) {
    Meta("owner", extension.owner);
    WriteTags(extension.tags);
    WriteLabels(extension.labels);
    if (extension.scheme == "http" || extension.scheme == "https") {
      Label("__scheme__", "", extension.scheme);
    }
    Label("__metrics_path__", "", extension.metrics_path);
    WriteInterval(extension.interval);
    for (const auto& [name, value] : extension.params) {
      if (IsClean(name)) Label("__param_", name, value);  // another name is another parameter
    }
  }

  void WriteTags(const std::vector<std::string>& tags) {
    if (tags.empty()) return;
    json_.Key(kMeta, "tags");
    json_.BeginString();
    json_.More(",");
    for (const std::string& tag : tags) {
      json_.More(tag);
      json_.More(",");
    }
    json_.EndString();
  }

  // Of labels that become one, the one that is called so counts, else the first in byte order.
  void WriteLabels(const std::map<std::string, std::string>& labels) {
    std::set<std::string> taken;
    for (const auto& [name, value] : labels) {
      if (IsClean(name)) {
        Label(kMetaLabel, name, value);
        continue;
      }
      std::string clean = SanitizedLabelName(name);
      if (labels.contains(clean)) continue;
      const auto [at, is_new] = taken.insert(std::move(clean));
      if (is_new) Label(kMetaLabel, *at, value);
    }
  }

  // An interval that Prometheus cannot read, or that is shorter than the timeout, would cost
  // the target.
  void WriteInterval(std::string_view interval) {
    if (interval.empty()) return;
    const auto duration = model::ParseDuration(interval);
    if (!duration || duration->count() == 0) return;
    const std::string text = model::FormatDuration(*duration);
    Label("__scrape_interval__", "", text);
    if (*duration < kDefaultTimeout) Label("__scrape_timeout__", "", text);
  }

  const SdAsk& ask_;
  const std::string zone_;
  JsonWriter& json_;
  bool fits_ = true;
  std::string address_;
  std::string port_;
  std::string_view above_;
  bool service_of_nameless_ = false;
  std::string service_;
};

bool HasLabels(const SdAsk& ask, const Registration& registration) {
  if (ask.labels.empty()) return true;
  if (!registration.extension) return false;
  const auto& labels = registration.extension->labels;
  return std::all_of(ask.labels.begin(), ask.labels.end(), [&](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  });
}

// A label that somebody asks for, and nobody has; null: there is none.
const std::string* UnknownLabel(const SdAsk& ask, const Gathered& gathered) {
  for (const auto& [name, value] : ask.labels) {
    const bool known = std::any_of(gathered.targets.begin(), gathered.targets.end(),
                                   [&, &its_name = name](const Target& one) {
                                     const auto& extension = one.instance.registration->extension;
                                     return extension && extension->labels.contains(its_name);
                                   });
    if (!known) return &name;
  }
  return nullptr;
}

}  // namespace

std::string SanitizedLabelName(std::string_view name) {
  std::string clean;
  while (!name.empty()) {
    clean += IsLabelCharacter(name.front()) ? name.front() : '_';
    name.remove_prefix(std::max<std::size_t>(1, Utf8CharacterSize(name)));
  }
  return clean;
}

Asked<Rendered> RenderSd(const SdAsk& ask, const Gathered& gathered, const Emit& emit) {
  if (!gathered.targets.empty()) {
    if (const std::string* const name = UnknownLabel(ask, gathered)) {
      return Refuse(400, fmt::format("no target of this name has the label {}", Quote(*name)));
    }
  }
  Rendered rendered;
  JsonWriter json(std::min(kPiece, kSizeGuess * gathered.targets.size()) + kSizeGuess);
  Groups groups(ask, json);
  json.BeginArray();
  for (const Target& target : gathered.targets) {
    if (!HasLabels(ask, *target.instance.registration)) continue;
    ++(groups.Write(target) ? rendered.targets : rendered.left_out);
    if (json.size() >= kPiece) emit(json.Cut());
  }
  json.EndArray();
  emit(std::move(json).Take());
  return rendered;
}

}  // namespace rollcall::serving::sd
