// What is defined: which instance each definition is, by which name and key.

#include <fmt/format.h>

#include <algorithm>

#include "agent/agent.h"
#include "agent/definitions.h"
#include "base/log.h"

namespace rollcall::agent {

std::string Agent::KeyOf(const std::string& service, const std::string& name) const {
  return registry_.KeyOf(service, name).value_or("");
}

void Agent::TakeBook(Book book) {
  std::map<std::string, Instance> instances;
  // Those with a name of their own first: the others take what is left.
  for (const Defined& defined : book.definitions) {
    const Definition& definition = defined.definition;
    if (!definition.instance.empty()) Place(defined, definition.instance, instances);
  }
  for (const Defined& defined : book.definitions) {
    const Definition& definition = defined.definition;
    if (definition.instance.empty()) {
      Place(defined, NameOf(definition, book, instances), instances);
    }
  }
  unknown_ = std::move(book.unknown);
  KeepUnknown(instances);
  instances_ = std::move(instances);
  std::erase_if(health_, [&](const auto& health) {
    return std::none_of(instances_.begin(), instances_.end(),
                        [&](const auto& instance) { return instance.second.id == health.first; });
  });
  tasks_.clear();
  defined_ = true;
  retire_at_ = clock_.Now();
  if (book.kept != memory_.kept) {
    memory_.kept = std::move(book.kept);
    memory_changed_ = true;
  }
}

// HOST, or HOST-PORT where HOST is another's: once it has a name it keeps it.
std::string Agent::NameOf(const Definition& definition, const Book& book,
                          const std::map<std::string, Instance>& taken) const {
  const std::string id = IdOf(definition);
  const std::string with_port = fmt::format("{}-{}", options_.host, definition.port);
  if (moved_.contains(id)) return with_port;
  const std::string key = KeyOf(definition.service, options_.host);
  for (const std::string& name : {options_.host, with_port}) {
    const auto known = memory_.instances.find(KeyOf(definition.service, name));
    if (known != memory_.instances.end() && known->second.id == id) return name;
  }
  if (taken.contains(key)) return with_port;
  const auto holder = memory_.instances.find(key);
  const bool reserved =
      holder != memory_.instances.end() &&
      std::any_of(book.definitions.begin(), book.definitions.end(), [&](const Defined& other) {
        return IdOf(other.definition) == holder->second.id;
      });
  return reserved ? with_port : options_.host;
}

void Agent::Place(Defined defined, std::string name, std::map<std::string, Instance>& instances) {
  Instance fresh;
  fresh.id = IdOf(defined.definition);
  fresh.name = std::move(name);
  fresh.key = KeyOf(defined.definition.service, fresh.name);
  fresh.hash = HashOf(defined.definition);
  fresh.at = defined.at;
  fresh.since = clock_.Now();
  if (instances.contains(fresh.key)) {
    log::Error(
        "a definition is left out, for its instance is another's",
        {{"file", defined.definition.file}, {"line", defined.definition.line}, {"key", fresh.key}});
    return;
  }
  const auto before = instances_.find(fresh.key);
  if (before != instances_.end() && before->second.id == fresh.id) {
    const Instance& known = before->second;
    fresh.since = known.since;
    if (known.hash == fresh.hash && known.definition) {
      fresh.standing = known.standing;
      fresh.look = known.look;
      fresh.due = known.due;
      fresh.told = known.told;
    }
  }
  // One that moved to another file is removed with that one.
  if (const auto known = memory_.instances.find(fresh.key);
      known != memory_.instances.end() && known->second.file != defined.definition.file) {
    known->second.file = defined.definition.file;
    memory_changed_ = true;
  }
  fresh.definition = std::move(defined.definition);
  std::string key = fresh.key;
  instances.emplace(std::move(key), std::move(fresh));
}

void Agent::KeepUnknown(std::map<std::string, Instance>& instances) const {
  for (const auto& [key, known] : memory_.instances) {
    if (std::find(unknown_.begin(), unknown_.end(), known.file) == unknown_.end()) continue;
    Instance kept;
    kept.name = known.instance;
    kept.key = key;
    kept.hash = known.hash;
    kept.since = clock_.Now();
    instances.emplace(key, std::move(kept));
  }
}

}  // namespace rollcall::agent
