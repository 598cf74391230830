#include "answer/chain.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "answer/lookup.h"
#include "answer/rrset.h"

namespace rollcall::answer {
namespace {

using catalog::Registration;
using wire::NameView;
using wire::Record;
using wire::Type;

// The names that the CNAMEs so far lead through, the first owner included.
struct Path {
  std::array<NameView, kMaxChain + 1> names;
  std::size_t size = 0;

  [[nodiscard]] bool Has(NameView name) const {
    return std::find(names.begin(), names.begin() + size, name) != names.begin() + size;
  }
};

// One step of a chain: `owner` in `zone`, asked for `type`.
struct Link {
  Link(const Zone& its_zone, NameView its_owner, Type its_type)
      : zone(its_zone), owner(its_owner), type(its_type), selection(Select(zone, owner)) {}

  const Zone& zone;
  NameView owner;
  Type type;
  Selection selection;
};

Found Append(Task& task, const Link& link, Path& path, std::vector<Record>& out);

std::size_t MinSize(Type type) {
  return type == Type::kA ? kMinA : type == Type::kAaaa ? kMinAaaa : kMinTxt;
}

// The record of `type` that a service itself gives.
std::optional<wire::Rdata> OwnRdata(const Registration& registration, Type type) {
  const auto& host = registration.host;
  if (type == Type::kA && host.kind == model::HostKind::kIpv4) {
    wire::A a;
    std::copy_n(host.address.begin(), a.address.size(), a.address.begin());
    return a;
  }
  if (type == Type::kAaaa && host.kind == model::HostKind::kIpv6) return wire::Aaaa{host.address};
  if (type == Type::kTxt && HasText(registration)) return wire::Txt{registration.service.text};
  return std::nullopt;
}

// Appends the services' own records, equal ones once.  False: more than fit.
// TXT: the text of an address shows only where there is nothing else.
enum class Texts : std::uint8_t { kWithoutAddress, kOfAddresses };
bool AppendOwn(Task& task, const Link& link, const Reading& reading, Texts texts,
               std::vector<Record>& out) {
  const std::size_t first = out.size();
  const std::size_t most = task.MostRecords(MinSize(link.type));
  task.work.records.Reset(reading.size());
  for (std::size_t i = 0; i < reading.size(); ++i) {
    const Registration& registration = reading[i];
    if (link.type == Type::kTxt && IsAddress(registration) != (texts == Texts::kOfAddresses)) {
      continue;
    }
    const auto rdata = OwnRdata(registration, link.type);
    if (!rdata) continue;
    const std::uint32_t ttl = task.Ttl(registration);
    const std::size_t position = out.size() - first;
    const std::size_t found = task.work.records.FindOrAdd(
        [&] { return HashOf(*rdata); }, position,
        [&](std::size_t at) { return out[first + at].rdata == *rdata; });
    if (found == position) {
      out.push_back({link.owner, link.type, ttl, *rdata});
    } else {
      out[first + found].ttl = std::min(out[first + found].ttl, ttl);
    }
    if (out.size() - first > most) return false;
  }
  EvenTtl(std::span(out).subspan(first));
  return true;
}

// Appends what is behind the CNAME.  False: the CNAME leads to nothing.
bool AppendTarget(Task& task, const Link& link, NameView target, Path& path,
                  std::vector<Record>& out) {
  const Zone* zone = target.IsAtOrBelow(link.zone.name) ? &link.zone : task.zones.Match(target);
  if (zone == nullptr) {
    // Found or not, the alias shows.
    AppendOutside(task, target, link.type, out);
    return true;
  }

  if (!task.TakeLookup()) return false;
  const std::size_t first = out.size();
  path.names[path.size++] = target;
  const Found found = Append(task, {*zone, target, link.type}, path, out);
  --path.size;
  if (found == Found::kTooMany) task.too_many = true;
  // Of a stale view's missing name, and of a value that cannot be read, we do not
  // know that there is nothing.
  const bool unsure =
      found == Found::kUnreadable ||
      (found == Found::kNoName && task.context.standing != catalog::Standing::kSynced);
  if (unsure) task.unsure = true;
  if (task.exhausted || task.too_many || unsure) return false;
  // Another of our zones is to CoreDNS as any outside name: its CNAME shows even
  // if nothing is behind it.
  return out.size() > first || zone != &link.zone;
}

bool AppendAlias(Task& task, const Link& link, const Registration& registration, Path& path,
                 std::vector<Record>& out) {
  const NameView target(registration.host.name);
  if (target.IsAtOrBelow(link.selection.name)) return false;
  if (path.size > kMaxChain || path.Has(target)) return false;
  const std::size_t first = out.size();
  out.push_back({link.owner, Type::kCname, task.Ttl(registration), wire::NameData{target}});
  if (AppendTarget(task, link, target, path, out)) return true;
  out.resize(first);
  return false;
}

// The alias in its right sense: one CNAME, only where the name has no records of
// its own, a name without a text before one with.
bool AppendFirstAlias(Task& task, const Link& link, const Reading& reading, bool with_text,
                      Path& path, std::vector<Record>& out) {
  for (std::size_t i = 0; i < reading.size(); ++i) {
    const Registration& registration = reading[i];
    if (!IsName(registration) || HasText(registration) != with_text) continue;
    if (IsFailedAddress(NameView(registration.host.name))) continue;
    if (AppendAlias(task, link, registration, path, out)) return true;
    if (task.exhausted || task.too_many) return false;
  }
  return false;
}

// Failed addresses show as CoreDNS shows them, as CNAMEs: that is how one finds
// them.  Behind the records, so that who takes the first is not led astray.
void AppendFailedAddresses(Task& task, const Link& link, const Reading& reading,
                           std::vector<Record>& out) {
  for (std::size_t i = 0; i < reading.size(); ++i) {
    const Registration& registration = reading[i];
    const NameView target(registration.host.name);
    if (!IsPlainName(registration) || !IsFailedAddress(target)) continue;
    out.push_back({link.owner, Type::kCname, task.Ttl(registration), wire::NameData{target}});
  }
}

// The zone's own name answers A and AAAA from apex.dns.ZONE, if that is there.
Reading Read(Task& task, const Link& link) {
  Selection selection = link.selection;
  const bool apex = link.type != Type::kTxt && selection.name == link.zone.name.view() &&
                    task.Find(link.zone.apex) != nullptr;
  if (apex) selection.name = link.zone.apex;
  return ReadSubtree(task, link.zone, selection,
                     link.type == Type::kTxt ? Keep::kHostsAndTexts : Keep::kHosts);
}

Found Append(Task& task, const Link& link, Path& path, std::vector<Record>& out) {
  const Reading reading = Read(task, link);
  if (reading.found() != Found::kData) return reading.found();
  const std::size_t first = out.size();
  if (!AppendOwn(task, link, reading, Texts::kWithoutAddress, out)) return Found::kTooMany;
  if (out.size() == first) {
    const bool aliased =
        AppendFirstAlias(task, link, reading, false, path, out) ||
        (link.type != Type::kTxt && AppendFirstAlias(task, link, reading, true, path, out));
    if (aliased || task.exhausted || task.too_many) return Found::kData;
  }
  AppendFailedAddresses(task, link, reading, out);
  if (out.size() == first && link.type == Type::kTxt &&
      !AppendOwn(task, link, reading, Texts::kOfAddresses, out)) {
    return Found::kTooMany;
  }
  return Found::kData;
}

}  // namespace

bool IsFailedAddress(NameView name) {
  std::string_view last;
  for (; !name.IsRoot(); name = name.Parent()) {
    last = name.FirstLabel();
    if (last.find(':') != last.npos) return true;
  }
  return std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Found AppendRecords(Task& task, const Zone& zone, NameView name, Type type,
                    std::vector<Record>& out) {
  Path path;
  path.names[path.size++] = name;
  return Append(task, {zone, name, type}, path, out);
}

}  // namespace rollcall::answer
