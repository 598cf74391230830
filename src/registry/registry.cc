#include "registry/registry.h"

#include <fmt/format.h>

#include "model/key.h"
#include "model/selector.h"
#include "registry/validate.h"

namespace rollcall::registry {

Registry::Registry(store::Store& store, Layout layout, Rules rules, const Clock& clock)
    : store_(store), layout_(std::move(layout)), rules_(rules), clock_(clock) {
}

Result<void> Registry::Validate(const Order& order, const Rules& rules) {
  if (auto ok = CheckService(order.service); !ok) return ok;
  const std::string& instance = order.instance.empty() ? order.host : order.instance;
  if (instance.empty()) return Fail(ErrorCode::kInvalid, "no instance and no host is named");
  if (auto ok = CheckInstance(instance); !ok) return ok;
  if (auto ok = CheckAddress(order.value.host, rules.allow_loopback); !ok) return ok;
  if (auto ok = CheckPort(order.value.port, order.service); !ok) return ok;
  if (auto ok = CheckLabels(order.value.extension.labels); !ok) return ok;
  if (auto ok = CheckTags(order.value.extension.tags); !ok) return ok;
  if (auto ok = CheckScraping(order.value.extension); !ok) return ok;
  return CheckTtl(order.value.ttl);
}

Result<std::string> Registry::KeyOf(const std::string& service, const std::string& instance) const {
  return InstanceKey(layout_, service, instance);
}

Result<std::vector<store::KeyRange>> Registry::RangesOf(const std::string& service) const {
  const Result<std::string> directory = DirectoryOf(layout_, service);
  if (!directory) return Fail(directory.error());
  // The boundary is the slash: /skydns/a/node2 is not below /skydns/a/node.
  return std::vector<store::KeyRange>{store::KeyRange::Single(*directory),
                                      store::KeyRange::Prefix(*directory + "/")};
}

Listed Registry::Describe(const store::KeyValue& kv) const {
  Listed listed;
  listed.key = kv.key;
  listed.lease = kv.lease;
  listed.mod_revision = kv.mod_revision;
  auto service = model::ParseService(kv.value);
  if (!service) {
    listed.problem = service.error().message;
  } else if (auto host = model::ClassifyHost(service->host); !host) {
    listed.problem = host.error().message;
  }
  if (service) {
    if (listed.problem.empty()) listed.problem = service->extension_problem;
    listed.service = std::move(*service);
  }

  const std::string prefix = NamingPrefix(layout_);
  if (!kv.key.starts_with(prefix + "/")) return listed;
  auto name = model::NameOf(prefix, kv.key);
  if (!name) {
    listed.problem = name.error().message;
    return listed;
  }
  listed.name = *name;
  for (wire::NameView rest = listed.name; !rest.IsRoot(); rest = rest.Parent()) {
    if (!model::ParseSelector(rest.FirstLabel())) continue;
    listed.problem = fmt::format("the label {} selects among registrations and cannot name one",
                                 rest.FirstLabel());
  }
  return listed;
}

Result<Listing> Registry::List(const std::string& service, store::Deadline deadline) {
  // etcd counts all that remains on every page, so pages are large.
  constexpr std::int64_t kPage = 20'000;
  auto ranges = RangesOf(service);
  if (!ranges) return Fail(std::move(ranges.error()));
  Listing listing;
  for (const store::KeyRange& range : *ranges) {
    store::RangeRequest request{.keys = range, .revision = listing.revision, .limit = kPage};
    for (bool more = true; more;) {
      auto page = store_.Range(request, deadline);
      if (!page) return Fail(std::move(page.error()));
      if (listing.revision == 0) listing.revision = page->header.revision;
      request.revision = listing.revision;
      for (const store::KeyValue& kv : page->kvs) listing.items.push_back(Describe(kv));
      more = page->more && !page->kvs.empty();
      if (more) request.keys.begin = page->kvs.back().key + '\0';
    }
  }
  return listing;
}

}  // namespace rollcall::registry
