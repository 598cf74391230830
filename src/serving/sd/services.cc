#include "serving/sd/services.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "model/service.h"
#include "serving/sd/gather.h"
#include "serving/sd/json_writer.h"

namespace rollcall::serving::sd {
namespace {

using catalog::Registration;

constexpr std::size_t kAtOnce = 4096;

std::string ToJson(const std::map<std::string, std::set<std::string>>& services) {
  JsonWriter json;
  json.BeginObject();
  for (const auto& [name, tags] : services) {
    json.EscapedKey(name);
    json.BeginArray();
    for (const std::string& tag : tags) json.String(tag);
    json.EndArray();
  }
  json.EndObject();
  return std::move(json).Take();
}

bool IsOfAddresses(std::string_view service) {
  const auto is = [&](std::string_view name) {
    return service == name ||
           (service.ends_with(name) && service[service.size() - name.size() - 1] == '.');
  };
  return is("ns.dns") || is("apex.dns");
}

// Whether it is an instance of something, or may be.
bool Counts(const Registration& registration) {
  if (!registration.usable()) return true;
  return registration.host.kind != model::HostKind::kNone && registration.service.port != -1;
}

}  // namespace

std::uint64_t Services::TouchedAt(const catalog::View& view) {
  const catalog::Node* const root = view.tree.Find(wire::NameView());
  return root == nullptr ? view.changes : root->touched();
}

std::map<const answer::Zone*, Services::ByName> Services::Walk() {
  std::map<const answer::Zone*, ByName> found;
  auto reader = readers_.Borrow();
  std::string from;
  std::string above;  // the name under which the last one lay, and what that means
  std::set<std::string>* tags = nullptr;
  const auto note = [&](const Registration& one) {
    if (!Counts(one)) return;
    const wire::NameView name(one.name);
    const std::string_view its_above =
        name.IsRoot() || one.nameless ? name.wire() : name.Parent().wire();
    if (its_above != above || tags == nullptr) {
      above = its_above;
      const answer::Zone* const zone = zones_.Match(name);
      const std::string service = zone == nullptr ? std::string() : ServiceOf(one, *zone);
      const bool named = !service.empty() && IsUtf8(service) && !IsOfAddresses(service);
      tags = named ? &found[zone][service] : nullptr;
    }
    if (tags == nullptr || !one.extension) return;
    for (const std::string& tag : one.extension->tags) {
      if (IsUtf8(tag)) tags->insert(tag);
    }
  };
  for (bool more = true; std::exchange(more, false);) {
    const auto view = reader.Enter();
    std::size_t left = kAtOnce;
    view->tree.VisitFrom(from, [&](const Registration& one) {
      more = left-- == 0;
      if (more) {
        from = one.key;
      } else {
        note(one);
      }
      return !more;
    });
  }
  return found;
}

void Services::Refresh(ByZone& listed) {
  std::uint64_t touched = 0;
  store::Revision revision = 0;
  {
    auto reader = readers_.Borrow();
    const auto view = reader.Enter();
    touched = TouchedAt(*view);
    revision = view->revision;
  }
  auto found = Walk();
  for (const wire::Name& name : zones_.options().names) {
    const answer::Zone* const zone = zones_.Match(name);
    std::string json = ToJson(found[zone]);
    Listed& one = listed[zone];
    if (one.index == 0 || one.json != json) {
      one.index = touched;
      one.json = std::move(json);
    }
    one.touched = touched;
    one.revision = revision;
    (*indexes_.Lock())[zone] = one.index;
  }
}

Services::Listed Services::List(const answer::Zone& zone) {
  auto listed = listed_.Lock();
  Refresh(*listed);
  return (*listed)[&zone];
}

std::uint64_t Services::IndexOf(const answer::Zone& zone) const {
  auto indexes = indexes_.Lock();
  const auto found = indexes->find(&zone);
  return found == indexes->end() ? 0 : found->second;
}

}  // namespace rollcall::serving::sd
