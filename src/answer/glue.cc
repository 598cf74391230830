#include "answer/glue.h"

#include <absl/hash/hash.h>

#include <algorithm>
#include <string_view>
#include <tuple>

#include "answer/chain.h"
#include "answer/rrset.h"

namespace rollcall::answer {

using catalog::Registration;
using wire::NameView;
using wire::Record;
using wire::Type;

NameView Strip(NameView name, std::int64_t count) {
  if (count <= 0 || static_cast<std::size_t>(count) >= name.LabelCount()) return name;
  for (; count > 0; --count) name = name.Parent();
  return name;
}

Glue::Glue(Task& task, std::size_t most) : task_(task) {
  task_.work.glue.Reset(most);
  task_.work.spelled.Reset(most);
  task_.work.glue_names.clear();
}

void Glue::AddAddress(NameView owner, const Registration& registration) {
  std::vector<Record>& out = task_.answer.additional;
  if (out.size() > task_.MostRecords(kMinA)) return;  // can never be sent
  if (owner.size() != registration.name.size()) scattered_ = true;
  Record record{owner, Type::kAaaa, task_.Ttl(registration), wire::Aaaa{registration.host.address}};
  if (registration.host.kind == model::HostKind::kIpv4) {
    wire::A a;
    std::copy_n(registration.host.address.begin(), a.address.size(), a.address.begin());
    record.type = Type::kA;
    record.rdata = a;
  }
  const std::size_t position = out.size();
  const auto hash = [&] { return absl::HashOf(owner.wire(), HashOf(record.rdata)); };
  const std::size_t found = task_.work.glue.FindOrAdd(hash, position, [&](std::size_t at) {
    return out[at].owner.wire() == owner.wire() && out[at].rdata == record.rdata;
  });
  if (found == position)
    out.push_back(record);
  else
    out[found].ttl = std::min(out[found].ttl, record.ttl);
}

void Glue::AddName(NameView target, bool stripped) {
  auto& names = task_.work.glue_names;
  const std::size_t found = task_.work.spelled.FindOrAdd(
      [&] { return absl::HashOf(target.wire()); }, names.size(),
      [&](std::size_t at) { return names[at].wire() == target.wire(); });
  if (found != names.size()) return;
  names.push_back(target);
  scattered_ = true;

  const Zone* zone = target.IsAtOrBelow(task_.zone.name) ? &task_.zone : task_.zones.Match(target);
  AddType(zone, target, Type::kA);
  if (!stripped || zone != &task_.zone) AddType(zone, target, Type::kAaaa);
}

void Glue::AddType(const Zone* zone, NameView target, Type type) {
  std::vector<Record>& out = task_.answer.additional;
  if (out.size() > task_.MostRecords(kMinA)) return;
  const std::size_t first = out.size();
  if (zone == nullptr) {
    AppendOutside(task_, target, type, out);
  } else {
    if (!task_.TakeLookup()) return;
    const Found found = AppendRecords(task_, *zone, target, type, out);
    if (found != Found::kData || task_.exhausted || task_.too_many) out.resize(first);
    task_.too_many = false;
  }
  // The CNAMEs came with A already.
  if (type == Type::kAaaa) {
    const auto cname = [](const Record& record) { return record.type == Type::kCname; };
    out.erase(std::remove_if(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(), cname),
              out.end());
  }
}

void Glue::Finish() {
  // What ran out was spent on glue alone, and the answer is whole without it.
  task_.exhausted = false;
  task_.too_many = false;
  task_.unsure = false;
  std::vector<Record>& out = task_.answer.additional;
  // The encoder leaves out whole RRsets only if it finds them whole (RFC 2181 section 9).
  if (scattered_) {
    std::sort(out.begin(), out.end(), [](const Record& a, const Record& b) {
      return std::tuple(a.owner.wire(), a.type) < std::tuple(b.owner.wire(), b.type);
    });
  }
  EvenTtlByRrset(out, task_.work.glue);
}

}  // namespace rollcall::answer
