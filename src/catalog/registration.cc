#include "catalog/registration.h"

#include <array>
#include <cstring>
#include <new>
#include <utility>

#include "model/selector.h"

namespace rollcall::catalog {
namespace {

std::array<std::string_view*, 6> TextsOf(Registration& registration) {
  return {&registration.key,          &registration.name,          &registration.service.host,
          &registration.service.text, &registration.service.group, &registration.host.name};
}

// Moves `from`, which borrows its texts, to where they lie right behind it.
RegistrationPtr Pack(Registration from) {
  std::size_t size = sizeof(Registration);
  for (const std::string_view* text : TextsOf(from)) size += text->size();
  void* const memory = ::operator new(size);
  auto* const made = new (memory) Registration(std::move(from));
  char* at = reinterpret_cast<char*>(made + 1);
  for (std::string_view* text : TextsOf(*made)) {
    if (!text->empty()) std::memcpy(at, text->data(), text->size());
    *text = std::string_view(at, text->size());
    at += text->size();
  }
  return RegistrationPtr(made);
}

struct Readable {
  model::Service service;
  model::Host host;
};

tl::expected<Readable, model::Invalid> Read(std::string_view value) {
  auto service = model::ParseService(value);
  if (!service) return tl::unexpected<model::Invalid>(std::move(service.error()));
  auto host = model::ClassifyHost(service->host);
  if (!host) return tl::unexpected<model::Invalid>(std::move(host.error()));
  return Readable{std::move(*service), std::move(*host)};
}

// Borrows the texts of `read`.
void Fill(Registration& registration, const Readable& read) {
  const model::Service& from = read.service;
  registration.service = {.host = from.host,
                          .port = from.port,
                          .priority = from.priority,
                          .weight = from.weight,
                          .target_strip = from.target_strip,
                          .text = from.text,
                          .group = from.group,
                          .ttl = from.ttl,
                          .mail = from.mail};
  registration.host = {read.host.kind, read.host.address, read.host.name};
  if (!from.extension.empty()) {
    registration.extension = std::make_unique<model::Extension>(from.extension);
  }
  if (!from.extension_problem.empty()) {
    registration.invalid = std::make_unique<model::Invalid>(
        model::Invalid{model::Flaw::kMember, from.extension_problem});
  }
}

// Borrows the texts of `before`.
void Keep(Registration& registration, const Registration& before) {
  registration.readable_before = true;
  registration.service = before.service;
  registration.host = before.host;
  if (before.extension) {
    registration.extension = std::make_unique<model::Extension>(*before.extension);
  }
}

struct Place {
  wire::Name name;
  bool nameless = false;
};

// A name with such a label would be found by nobody, or by who means another.
tl::expected<void, model::Invalid> CheckSelectors(const wire::Name& name) {
  for (wire::NameView rest = name; !rest.IsRoot(); rest = rest.Parent()) {
    if (!model::ParseSelector(rest.FirstLabel())) continue;
    return tl::unexpected<model::Invalid>(
        model::Invalid{model::Flaw::kKey, "the label " + std::string(rest.FirstLabel()) +
                                              " selects among registrations and cannot name one"});
  }
  return {};
}

tl::expected<Place, model::Invalid> PlaceOf(std::string_view prefix, std::string_view key) {
  auto name = model::NameOf(prefix, key);
  if (name) return Place{*name, false};
  const std::size_t above = key.find("//", prefix.size());
  if (above == key.npos || above == prefix.size()) {
    return tl::unexpected<model::Invalid>(std::move(name.error()));
  }
  const auto nearest = model::NameOf(prefix, key.substr(0, above));
  if (!nearest) return tl::unexpected<model::Invalid>(std::move(name.error()));
  return Place{*nearest, true};
}

}  // namespace

void Holders::Free(const Holders* holders) {
  const auto* const registration = static_cast<const Registration*>(holders);
  registration->~Registration();
  ::operator delete(const_cast<Registration*>(registration));
}

tl::expected<RegistrationPtr, model::Invalid> MakeRegistration(std::string_view prefix,
                                                               const store::KeyValue& kv,
                                                               const Registration* before) {
  const auto place = PlaceOf(prefix, kv.key);
  if (!place) return tl::unexpected<model::Invalid>(place.error());
  if (auto ok = CheckSelectors(place->name); !ok) {
    return tl::unexpected<model::Invalid>(std::move(ok.error()));
  }

  Registration made;
  made.key = kv.key;
  made.name = place->name.view().wire();
  made.nameless = place->nameless;
  made.prefix_size = static_cast<std::uint16_t>(prefix.size());
  made.lease = kv.lease;
  made.mod_revision = kv.mod_revision;

  auto read = Read(kv.value);
  made.valid = read.has_value();
  if (read) {
    Fill(made, *read);
  } else {
    if (before != nullptr && before->usable()) Keep(made, *before);
    made.invalid = std::make_unique<model::Invalid>(std::move(read.error()));
  }
  return Pack(std::move(made));
}

std::vector<MadeRegistration> MakeRegistrations(std::string_view prefix,
                                                std::span<const store::KeyValue> kvs) {
  std::vector<MadeRegistration> made;
  made.reserve(kvs.size());
  for (const store::KeyValue& kv : kvs) {
    if (kv.key.starts_with(prefix)) {
      made.push_back(MakeRegistration(prefix, kv, nullptr));
    } else {
      made.emplace_back(tl::unexpect, model::Invalid{model::Flaw::kKey, "not below the prefix"});
    }
  }
  return made;
}

model::Service ToService(const Registration& registration) {
  const Registration::Service& from = registration.service;
  return {.host = std::string(from.host),
          .port = from.port,
          .priority = from.priority,
          .weight = from.weight,
          .text = std::string(from.text),
          .mail = from.mail,
          .ttl = from.ttl,
          .target_strip = from.target_strip,
          .group = std::string(from.group),
          .extension = registration.extension ? *registration.extension : model::Extension()};
}

}  // namespace rollcall::catalog
