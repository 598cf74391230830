#include "agent/definition_book.h"

#include <fmt/format.h>

#include <utility>

namespace rollcall::agent {
namespace {

constexpr std::string_view kAsItWas = "; what it last defined stays";

}  // namespace

DefinitionBook::DefinitionBook(std::string directory, HostDefaults host, Kept kept)
    : directory_(std::move(directory)), host_(std::move(host)), kept_(std::move(kept)) {
  for (const auto& [name, text] : kept_.files) {
    File& file = files_[name];
    if (auto parsed = ParseDefinitions(text, PathOf(name), host_)) {
      file.definitions = *std::move(parsed);
    }
  }
}

bool DefinitionBook::Take(const DirectoryLook& look, SteadyTime now, Urge urge) {
  problems_.clear();
  restless_ = false;
  const bool first = !std::exchange(looked_, true);
  if (look.problem) {
    Note(look.problem->message, "; all that was defined stays");
    return first;
  }
  const auto changes = Settled(Seen(look, urge), now, urge == Urge::kNow, first);
  auto candidates = Parse(changes);
  while (const auto twice = FindDouble(candidates)) candidates.erase(*twice);
  bool changed = first;
  for (auto& [name, file] : candidates) {
    const Text& text = changes.at(name);
    pending_.erase(name);
    changed = true;
    if (text) {
      kept_.files[name] = *text;
      files_[name] = std::move(file);
    } else {
      kept_.files.erase(name);
      files_.erase(name);
    }
  }
  for (auto& [name, file] : files_) {
    const auto seen = look.files.find(name);
    const bool same = seen != look.files.end() && seen->second.text == kept_.files[name];
    file.at = same ? seen->second.changed : WallTime();
  }
  return changed;
}

void DefinitionBook::Note(std::string problem, std::string_view consequence) {
  problems_.push_back(std::move(problem.append(consequence)));
}

std::map<std::string, DefinitionBook::Text> DefinitionBook::Seen(const DirectoryLook& look,
                                                                 Urge urge) {
  std::map<std::string, Text> seen;
  for (const auto& [name, file] : look.files) {
    if (file.text) {
      seen.emplace(name, *file.text);
    } else {
      Note(file.text.error().message, kept_.files.contains(name) ? kAsItWas : "");
    }
  }
  // Another directory: what it lacks may be what it was never given.
  const bool another = !kept_.identity.empty() && kept_.identity != look.identity;
  bool lacks = false;
  for (const auto& [name, text] : kept_.files) {
    if (look.files.contains(name)) continue;
    if (another && urge == Urge::kSettle) {
      lacks = true;
    } else {
      seen.emplace(name, std::nullopt);
    }
  }
  if (lacks) {
    Note(fmt::format("{}: is another directory than before, and lacks files", directory_),
         "; what they defined stays until SIGHUP says that this is meant");
  } else {
    kept_.identity = look.identity;
  }
  return seen;
}

std::map<std::string, DefinitionBook::Text> DefinitionBook::Settled(
    std::map<std::string, Text> seen, SteadyTime now, bool at_once, bool first) {
  std::map<std::string, Text> settled;
  std::map<std::string, Change> pending;
  for (auto& [name, text] : seen) {
    const auto kept = kept_.files.find(name);
    const bool known = kept != kept_.files.end();
    if (known ? text == kept->second : !text) continue;
    SteadyTime since = now;
    if (const auto before = pending_.find(name);
        before != pending_.end() && before->second.text == text) {
      since = before->second.since;
    }
    pending.emplace(name, Change{text, since});
    // What only adds has nothing to wait for, at the start.
    if (at_once || (first && !known) || now - since >= kSettle) {
      settled.emplace(name, std::move(text));
    } else {
      restless_ = true;
    }
  }
  pending_ = std::move(pending);
  return settled;
}

std::map<std::string, DefinitionBook::File> DefinitionBook::Parse(
    const std::map<std::string, Text>& changes) {
  std::map<std::string, File> files;
  for (const auto& [name, text] : changes) {
    if (!text) {
      files[name].definitions.emplace();
      continue;
    }
    auto parsed = ParseDefinitions(*text, PathOf(name), host_);
    if (parsed) {
      files[name].definitions = *std::move(parsed);
    } else {
      Note(parsed.error().message, kept_.files.contains(name) ? kAsItWas : "");
    }
  }
  return files;
}

std::optional<std::string> DefinitionBook::FindDouble(
    const std::map<std::string, File>& candidates) {
  std::map<std::string, const Definition*> taken;  // by what they claim
  for (const auto& [name, file] : files_) {
    if (candidates.contains(name) || !file.definitions) continue;
    for (const Definition& definition : *file.definitions) {
      for (const std::string& claim : ClaimsOf(definition, host_))
        taken.emplace(claim, &definition);
    }
  }
  for (const auto& [name, file] : candidates) {
    for (const Definition& definition : *file.definitions) {
      for (const std::string& claim : ClaimsOf(definition, host_)) {
        const Definition& first = *taken.emplace(claim, &definition).first->second;
        if (first.file == definition.file) continue;
        Note(fmt::format("{}:{}: {} is defined twice, also at {}:{}", definition.file,
                         definition.line, claim, first.file, first.line),
             kept_.files.contains(name) ? kAsItWas : "");
        return name;
      }
    }
  }
  return std::nullopt;
}

std::vector<Defined> DefinitionBook::Definitions() const {
  std::vector<Defined> all;
  std::set<std::string> ids;
  for (const auto& [name, file] : files_) {
    if (!file.definitions) continue;
    for (const Definition& definition : *file.definitions) {
      if (ids.insert(IdOf(definition)).second) all.push_back({definition, file.at});
    }
  }
  return all;
}

std::vector<std::string> DefinitionBook::Unknown() const {
  std::vector<std::string> unknown;
  for (const auto& [name, file] : files_) {
    if (!file.definitions) unknown.push_back(PathOf(name));
  }
  return unknown;
}

}  // namespace rollcall::agent
