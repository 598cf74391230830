#include "serving/sd/sd_ask.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/quote.h"
#include "model/selector.h"

namespace rollcall::serving::sd {
namespace {

// Of what a client wrote, in a message.
constexpr std::size_t kMostQuoted = 100;
constexpr std::size_t kMostLabels = 64;  // as a registration has
constexpr std::string_view kLabelPrefix = "label.";

std::string Shown(std::string_view text) {
  return Quote(text.substr(0, kMostQuoted));
}

Asked<void> SetState(std::string_view value, SdAsk& ask) {
  if (value != "all" && value != "healthy") {
    return Refuse(400, fmt::format("state is all or healthy, not {}", Shown(value)));
  }
  if (value == "all" && ask.choice.healthy) {
    return Refuse(400, "state=all contradicts _healthy in the name");
  }
  ask.choice.healthy = value == "healthy";
  return {};
}

Asked<void> SetShard(std::string_view value, SdAsk& ask) {
  const std::size_t slash = value.find('/');
  const auto selector = slash == value.npos || value.size() > kMostQuoted
                            ? std::nullopt
                            : model::ParseSelector(fmt::format(
                                  "_shard{}of{}", value.substr(0, slash), value.substr(slash + 1)));
  if (!selector) {
    return Refuse(400, fmt::format("shard is I/N with 0 <= I < N <= 1024, not {}", Shown(value)));
  }
  answer::Choice& choice = ask.choice;
  if (choice.shards != 0 && (choice.shard != selector->index || choice.shards != selector->count)) {
    return Refuse(400, "shard contradicts the shard in the name");
  }
  choice.shard = selector->index;
  choice.shards = selector->count;
  return {};
}

Asked<void> SetInstance(std::string_view value, SdAsk& ask) {
  if (value != "dns") {
    return Refuse(400, fmt::format("instance is dns, not {}", Shown(value)));
  }
  ask.instance_as_dns = true;
  return {};
}

Asked<void> Set(const http::Field& parameter, SdAsk& ask) {
  const auto& [name, value] = parameter;
  if (name == "state") return SetState(value, ask);
  if (name == "shard") return SetShard(value, ask);
  if (name == "instance") return SetInstance(value, ask);
  if (name.starts_with(kLabelPrefix) && name.size() > kLabelPrefix.size()) {
    if (ask.labels.size() == kMostLabels) {
      return Refuse(400, fmt::format("more than {} labels are asked for", kMostLabels));
    }
    ask.labels.emplace(name.substr(kLabelPrefix.size()), value);
    return {};
  }
  return Refuse(400, fmt::format("unknown parameter {}; there are state, shard, instance and "
                                 "label.NAME",
                                 Shown(name)));
}

}  // namespace

Asked<AskedName> ParseAskedName(const answer::Zones& zones, std::string_view text) {
  const auto name = wire::Name::FromText(text);
  if (!name) return Refuse(400, fmt::format("{} is no name", Shown(text)));
  const answer::Zone* const zone = zones.Match(*name);
  if (zone == nullptr) {
    return Refuse(404, fmt::format("{} lies in none of the zones of this server", Shown(text)));
  }
  AskedName asked{zone, answer::Choose(*zone, *name)};
  const wire::NameView plain = asked.choice.name;
  if (!plain.IsRoot() && model::ParseSelector(plain.FirstLabel())) {
    return Refuse(400, fmt::format("{} names two shards", Shown(text)));
  }
  return asked;
}

Asked<SdAsk> ParseSdAsk(const answer::Zones& zones, std::string_view name,
                        const std::vector<http::Field>& parameters) {
  auto asked = ParseAskedName(zones, name);
  if (!asked) return tl::unexpected<Refusal>(std::move(asked.error()));
  SdAsk ask{asked->zone, asked->choice, {}, false};
  for (auto one = parameters.begin(); one != parameters.end(); ++one) {
    const bool repeated = std::any_of(
        parameters.begin(), one, [&](const http::Field& other) { return other.name == one->name; });
    if (repeated) {
      return Refuse(400, fmt::format("the parameter {} is there twice", Shown(one->name)));
    }
    if (auto ok = Set(*one, ask); !ok) return tl::unexpected<Refusal>(std::move(ok.error()));
  }
  return ask;
}

void AppendKey(std::string_view text, std::string& key) {
  fmt::format_to(std::back_inserter(key), " {}:", text.size());
  key += text;
}

void AppendKey(const answer::Choice& choice, std::string& key) {
  AppendKey(choice.name.view().wire(), key);
  fmt::format_to(std::back_inserter(key), " {}/{}{}", choice.shard, choice.shards,
                 choice.healthy ? " healthy" : "");
}

std::string SdAsk::Key() const {
  std::string key = instance_as_dns ? "sd-dns" : "sd";
  AppendKey(choice, key);
  for (const auto& [name, value] : labels) {
    AppendKey(name, key);
    AppendKey(value, key);
  }
  return key;
}

}  // namespace rollcall::serving::sd
