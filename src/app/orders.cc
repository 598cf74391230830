#include "app/orders.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include "app/address.h"
#include "base/log.h"
#include "base/quote.h"
#include "registry/validate.h"

namespace rollcall::app {
namespace {

Result<void> ReadLabels(const Settings& settings, model::Service& value) {
  for (const std::string& text : settings.All("label")) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) {
      return settings.Wrong("label", fmt::format("{} is not NAME=VALUE", Quote(text)));
    }
    if (!value.extension.labels.emplace(text.substr(0, equals), text.substr(equals + 1)).second) {
      return settings.Wrong("label", fmt::format("{} is given twice", text.substr(0, equals)));
    }
  }
  return {};
}

Result<void> ReadValue(const Settings& settings, Verb verb, model::Service& value) {
  if (settings.IsGiven("port")) {
    const auto port = settings.Number("port", 1, 65'535);
    if (!port) return Fail(port.error());
    value.port = *port;
  }
  value.host = settings.Text("address");
  if (verb == Verb::kDeregister) return {};
  if (settings.IsGiven("ttl")) {
    const auto ttl = settings.Ttl("ttl");
    if (!ttl) return Fail(ttl.error());
    value.ttl = *ttl;
  }
  return ReadLabels(settings, value);
}

// What can be known before the store has been reached.  A missing address is
// filled in by then; here any sound one stands for it.
Result<void> CheckAhead(const PendingOrder& pending, const StoreOptions& options) {
  registry::Order order = pending.order;
  if (order.value.host.empty()) order.value.host = "192.0.2.1";
  return registry::Registry::Validate(order, {AllLoopback(options.etcd.endpoints)});
}

std::string Describe(const PendingOrder& order) {
  return fmt::format("{} {} {}",
                     order.verb == Verb::kRegister ? "register"
                     : order.verb == Verb::kStop   ? "stop"
                                                   : "deregister",
                     order.order.service,
                     order.order.instance.empty() ? order.order.host : order.order.instance);
}

bool IsGoneAlready(const PendingOrder& order, const Error& error) {
  return order.verb != Verb::kRegister && error.code == ErrorCode::kNotFound;
}

void PrintWritten(const PendingOrder& order, const registry::Written& written,
                  const std::string& address) {
  if (order.verb == Verb::kDeregister) {
    if (written.revision == 0) {
      fmt::print("taken back, for it had not been carried out yet: {}\n", written.key);
    } else {
      fmt::print("deregistered {} revision {}\n", written.key, written.revision);
    }
    return;
  }
  WarnIfReplaced(written);
  const std::int64_t port = order.order.value.port;
  const bool v6 = address.find(':') != std::string::npos;
  std::string where = v6 && port != 0 ? fmt::format("[{}]", address) : address;
  if (port != 0) where += fmt::format(":{}", port);
  fmt::print("{} {} {} revision {}\n", written.changed ? "registered" : "unchanged", written.key,
             where, written.revision);
}

}  // namespace

std::vector<Setting> ClientSettings() {
  std::vector<Setting> settings = {
      ZoneSetting(),
      {"pending.path", "DIR", "",
       "Where orders wait while the store is away (default /var/lib/rollcall/pending, or "
       "~/.local/state/rollcall/pending for those who may not write there)."},
  };
  return Join({settings, StoreSettings(), LogSettings()});
}

std::vector<Setting> InstanceSettings() {
  return {
      {"port", "PORT", "", "Port of the exporter (or EXPORTER_PORT)."},
      {"host", "NAME", "", "Short name of the host (default: this host's)."},
      {"instance", "NAME", "",
       "Name of the instance (default: HOST, or HOST-PORT where HOST is held with another port)."},
  };
}

Setting ReasonSetting() {
  return {"reason", "TEXT", "", "Why, for others to read in the history."};
}

Result<std::string> ReadReason(const Settings& settings, std::string_view fallback) {
  constexpr std::size_t kMost = 512;  // as the API has it
  std::string text = settings.Knows("reason") ? settings.Text("reason") : "";
  if (text.empty()) return std::string(fallback);
  if (text.size() > kMost) {
    return settings.Wrong("reason", fmt::format("has {} octets, {} may be", text.size(), kMost));
  }
  const bool odd = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
  });
  if (odd) return settings.Wrong("reason", "has control characters");
  return text;
}

std::vector<Setting> ValueSettings() {
  return {
      {"address", "IP", "",
       "Address of the exporter (or EXPORTER_ADDRESS; default: the source address of the route to "
       "the store)."},
      {"label", "NAME=VALUE", "", "A label of the instance. Repeat it for more.", true},
      {"ttl", "DURATION", "", "TTL of its DNS records (default: the server's)."},
  };
}

void WarnIfReplaced(const registry::Written& written) {
  if (written.replaced.empty()) return;
  log::Warn("another registration stood there and was replaced",
            {{"key", written.key}, {"before", written.replaced}});
}

bool IsAway(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kDeadline ||
         error.code == ErrorCode::kExhausted;
}

Result<std::unique_ptr<Session>> Session::Open(const Settings& settings) {
  auto options = ReadStoreOptions(settings, true);
  if (!options) return Fail(std::move(options.error()));
  auto layout = ReadLayout(settings);
  if (!layout) return Fail(std::move(layout.error()));
  auto directory = Pending::ChooseDirectory(settings.Text("pending.path"));
  return std::unique_ptr<Session>(
      new Session(std::move(*options), std::move(*layout), std::move(directory)));
}

std::unique_ptr<Session> Session::OpenToFlush(StoreOptions options) {
  return std::unique_ptr<Session>(
      new Session(std::move(options), {}, Pending::ChooseDirectory("")));
}

Result<std::string> Session::AddressOf(const PendingOrder& order, store::Deadline deadline) {
  if (order.verb != Verb::kRegister || !order.order.value.host.empty()) {
    return order.order.value.host;
  }
  const auto endpoints = store_.Endpoints(deadline);
  if (!endpoints) return Fail(endpoints.error());
  Error last{ErrorCode::kUnavailable, "no endpoint of the store is known"};
  for (const std::string& endpoint : *endpoints) {
    auto address = SourceAddressTowards(endpoint);
    if (address) return address;
    last = std::move(address.error());
  }
  return Fail(std::move(last));
}

Result<registry::Registry> Session::RegistryOf(const PendingOrder& order,
                                               store::Deadline deadline) {
  const auto endpoints = store_.Endpoints(deadline);
  if (!endpoints) return Fail(endpoints.error());
  return registry::Registry(store_, order.layout, {AllLoopback(*endpoints)});
}

Result<registry::Written> Session::CarryOut(const PendingOrder& pending, store::Deadline deadline,
                                            const registry::Terms& terms) {
  auto registry = RegistryOf(pending, deadline);
  if (!registry) return Fail(std::move(registry.error()));
  registry::Order order = pending.order;
  if (pending.verb != Verb::kRegister) {
    const registry::Target target{order.service, order.instance, order.host, order.value.port,
                                  order.value.host};
    if (pending.verb == Verb::kStop && pending.until > SystemClock().WallNow()) {
      return registry->Stop(target, pending.until, pending.reason, deadline);
    }
    return registry->Deregister(target, pending.reason, deadline);
  }
  auto address = AddressOf(pending, deadline);
  if (!address) return Fail(std::move(address.error()));
  order.value.host = std::move(*address);
  registry::Terms signed_terms = terms;
  signed_terms.reason = pending.reason;
  return registry->Register(order, signed_terms, deadline);
}

Result<registry::Found> Session::SayAlive(const PendingOrder& order, const registry::Terms& terms,
                                          store::Deadline deadline) {
  auto registry = RegistryOf(order, deadline);
  if (!registry) return Fail(std::move(registry.error()));
  return registry->SayAlive(order.order, terms, deadline);
}

void Session::TakeBackStop(const PendingOrder& order) {
  for (const Pending::Item& item : pending_.Load()) {
    if (item.order.verb != Verb::kStop || item.order.Subject() != order.Subject()) continue;
    // Held by another, it is being carried out: then the registration comes after it.
    if (const auto claimed = pending_.Claim(item)) pending_.Remove(item);
  }
}

Result<registry::Written> Session::Settle(const PendingOrder& order, store::Deadline deadline,
                                          const registry::Terms& terms) {
  const std::string subject = order.Subject();
  const SubjectLock held = pending_.Hold(subject);
  auto written = CarryOut(order, deadline, terms);
  if (!written && (IsAway(written.error()) || written.error().code == ErrorCode::kRefused)) {
    return written;
  }
  // A registration whose lease has ended is tried again; until then what waited still counts.
  if (!written && order.verb == Verb::kRegister && written.error().code == ErrorCode::kNotFound) {
    return written;
  }
  const bool waited = pending_.Drop(subject);
  if (!written && waited && IsGoneAlready(order, written.error())) {
    return registry::Written{Describe(order), 0, true, ""};
  }
  return written;
}

Result<std::size_t> Session::Flush(const std::string& except, bool all, store::Deadline deadline) {
  std::size_t done = 0;
  std::optional<Error> refused;
  for (const Pending::Item& item : pending_.Load()) {
    if (!except.empty() && item.order.Subject() == except) continue;
    if (!all && item.order.store != store_.options().Identity()) {
      if (!std::exchange(foreign_told_, true)) {
        log::Warn(
            "an order that waits was meant for another store, and maybe not alone; `rollcall "
            "register --flush` carries all of them out here",
            {{"order", Describe(item.order)}, {"store", item.order.store}});
      }
      continue;
    }
    const auto claimed = pending_.Claim(item);
    if (!claimed) continue;  // settled meanwhile, or another rollcall is at it
    const auto written = CarryOut(item.order, deadline);
    if (!written && IsAway(written.error())) return Fail(written.error());
    if (!written && written.error().code == ErrorCode::kRefused) {
      refused = written.error();  // of this one; what our user may do differs by key
      continue;
    }
    const bool gone_already = !written && IsGoneAlready(item.order, written.error());
    if (!written && !gone_already) {
      pending_.SetAside(item, written.error().message);
      continue;
    }
    log::Info("pending order carried out",
              {{"order", Describe(item.order)},
               {"result", gone_already ? "it was gone already" : written->key}});
    pending_.Remove(item);
    if (written) WarnIfReplaced(*written);
    ++done;
  }
  if (refused) return Fail(std::move(*refused));
  return done;
}

void Session::FlushOrWarn(store::Deadline deadline) {
  if (const auto flushed = Flush("", false, deadline); !flushed) {
    log::Warn("pending orders not carried out", {{"error", flushed.error().message}});
  }
}

Result<PendingOrder> ReadOrder(const Invocation& invocation, const Session& session, Verb verb) {
  Settings settings = invocation.settings;
  settings.SetFromEnvironment("address", "EXPORTER_ADDRESS");
  settings.SetFromEnvironment("port", "EXPORTER_PORT");
  PendingOrder pending;
  pending.verb = verb;
  pending.since = SystemClock().WallNow();
  pending.store = session.store_options().Identity();
  pending.layout = session.layout();
  registry::Order& order = pending.order;
  if (!invocation.words.empty()) {
    order.service = invocation.words[0];
  } else if (const char* type = std::getenv("EXPORTER_TYPE"); type != nullptr) {
    order.service = type;
  }
  order.instance = settings.Text("instance");
  order.host = settings.IsGiven("host") ? settings.Text("host") : ShortHostName();
  if (auto ok = ReadValue(settings, verb, order.value); !ok) return Fail(ok.error());
  if (order.service.empty()) {
    return Fail(ErrorCode::kInvalid, "no SERVICE is named (nor is EXPORTER_TYPE set)");
  }
  if (verb == Verb::kRegister && order.value.port == 0 && !registry::IsAddressOnly(order.service)) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("no port is given for {}: name it by --port or EXPORTER_PORT (only "
                            "name servers, ns.dns, do without)",
                            Quote(order.service)));
  }
  auto why =
      ReadReason(settings, verb == Verb::kRegister ? "rollcall register" : "rollcall deregister");
  if (!why) return Fail(std::move(why.error()));
  pending.reason = {WhoAmI(), *std::move(why)};
  if (verb == Verb::kDeregister) return pending;
  if (auto ok = CheckAhead(pending, session.store_options()); !ok) return Fail(ok.error());
  return pending;
}

int KeepForLater(const Session& session, const PendingOrder& order, const Error& why) {
  if (auto kept = session.pending().Put(order); !kept) {
    log::Error("store away", {{"error", why.message}});
    (void)Report(kept.error());
    return kFailed;
  }
  log::Warn("store away; the order is kept and carried out by the next rollcall that reaches it",
            {{"order", Describe(order)},
             {"pending", session.pending().directory().string()},
             {"error", why.message}});
  return kDone;
}

int Submit(Session& session, const PendingOrder& order, bool require_store) {
  const auto away = [&](const Error& why) {
    return require_store ? Report(why) : KeepForLater(session, order, why);
  };
  const auto deadline = store::After(kStorePatience);
  const auto flushed = session.Flush(order.Subject(), false, deadline);
  if (!flushed && IsAway(flushed.error())) return away(flushed.error());
  const auto written = session.Settle(order, deadline);
  if (!written && IsAway(written.error())) return away(written.error());
  if (!written) return Report(written.error());
  PrintWritten(order, *written, session.AddressOf(order, deadline).value_or(""));
  return kDone;
}

}  // namespace rollcall::app
