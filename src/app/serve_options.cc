#include "app/serve_options.h"

#include <fmt/format.h>

#include <charconv>

#include "app/address.h"
#include "app/command.h"
#include "app/zones.h"
#include "base/quote.h"
#include "model/key.h"
#include "serving/http/target.h"

namespace rollcall::app {
namespace {

Result<void> ReadZones(const Settings& settings, answer::Zones::Options& zones) {
  for (const std::string& text : settings.All("zone")) {
    auto parsed = ParseZone(text);
    if (!parsed) return settings.Wrong("zone", parsed.error().message);
    zones.names.insert(zones.names.end(), parsed->begin(), parsed->end());
  }
  const auto ttl = settings.Ttl("dns.default-ttl");
  if (!ttl) return Fail(ttl.error());
  const auto negative = settings.Ttl("dns.negative-ttl");
  if (!negative) return Fail(negative.error());
  zones.default_ttl = *ttl;
  zones.negative_ttl = *negative;
  return {};
}

Result<std::vector<serving::dns::Address>> ReadAddresses(const Settings& settings,
                                                         const std::string& name) {
  std::vector<serving::dns::Address> addresses;
  for (const std::string& text : settings.All(name)) {
    auto address = serving::dns::ParseAddress(text);
    if (!address) return settings.Wrong(name, address.error().message);
    addresses.push_back(std::move(*address));
  }
  return addresses;
}

Result<void> ReadDns(const Settings& settings, serving::dns::Options& dns) {
  auto listen = ReadAddresses(settings, "dns.listen-address");
  if (!listen) return Fail(std::move(listen.error()));
  auto forward = ReadAddresses(settings, "dns.forward");
  if (!forward) return Fail(std::move(forward.error()));
  dns.listen = std::move(*listen);
  dns.forward = std::move(*forward);
  const auto size = settings.Number("dns.max-udp-size", 512, 65'535);
  if (!size) return Fail(size.error());
  dns.max_udp_size = static_cast<std::uint16_t>(*size);
  const std::string sources = settings.Text("dns.forward-allow");
  if (sources != "private" && sources != "all") {
    return settings.Wrong("dns.forward-allow",
                          fmt::format("{} is neither private nor all", Quote(sources)));
  }
  dns.forward_for_all = sources == "all";
  dns.nsid = ShortHostName();
  return {};
}

Result<void> ReadWeb(const Settings& settings, ServeOptions& options) {
  for (const std::string& address : settings.All("web.listen-address")) {
    if (!address.empty()) options.web.listen.push_back(address);
  }
  options.lifecycle = settings.Switch("web.enable-lifecycle");
  options.web_asked = settings.IsGiven("web.listen-address");
  options.web_files = {settings.Text("web.config.file"), settings.Text("web.tokens-file")};
  // Its own name leads to it wherever it is known at all, so nobody else's page can have it.
  options.web.names = OwnNames();
  for (const std::string& name : settings.All("web.host")) {
    const auto authority = serving::http::ParseAuthority(name);
    if (!authority || !authority->port.empty()) {
      return settings.Wrong("web.host", fmt::format("{} is no name of a host", Quote(name)));
    }
    options.web.names.push_back(authority->host);
  }
  return {};
}

// At a cold start nobody could answer where the store is, so we would never have
// anything to answer.
Result<void> CheckNoCircle(const Settings& settings, const ServeOptions& options) {
  if (options.store.discovery_srv.empty()) return {};
  const auto domain = wire::Name::FromText(options.store.discovery_srv);
  if (!domain) return settings.Wrong("etcd.discovery-srv", domain.error().message);
  for (const wire::Name& zone : options.zones.names) {
    if (!domain->view().IsAtOrBelow(zone)) continue;
    return settings.Wrong("etcd.discovery-srv",
                          fmt::format("{} lies in the zone {} that this server answers from that "
                                      "very store: at a cold start nobody could tell where the "
                                      "store is; name it by --etcd.endpoint",
                                      options.store.discovery_srv, zone.ToText()));
  }
  return {};
}

Result<void> ReadStore(const Settings& settings, ServeOptions& options) {
  const std::string store = settings.Text("store");
  if (store != "embedded" && store != "etcd") {
    return settings.Wrong("store", fmt::format("{} is neither embedded nor etcd", Quote(store)));
  }
  options.path = settings.Text("store.path");
  if (options.path.empty()) return settings.Wrong("store.path", "no directory is named");
  options.prefix = model::NormalizePrefix(settings.Text("prefix"));
  if (store == "embedded") {
    auto embedded = ReadEmbeddedOptions(settings);
    if (!embedded) return Fail(std::move(embedded.error()));
    options.embedded = *std::move(embedded);
  }
  auto etcd = ReadStoreOptions(settings, false);
  if (!etcd) return Fail(std::move(etcd.error()));
  options.store = std::move(*etcd);
  return options.embedded ? Result<void>{} : CheckNoCircle(settings, options);
}

Result<void> ReadProtection(const Settings& settings, ServeOptions& options) {
  std::string share = settings.Text("protect.share");
  int percent = -1;
  if (share.ends_with('%')) {
    share.pop_back();
    const auto [end, error] = std::from_chars(share.data(), share.data() + share.size(), percent);
    if (error != std::errc() || end != share.data() + share.size()) percent = -1;
  }
  if (percent < 0 || percent > 100) {
    return settings.Wrong("protect.share", fmt::format("{} is not a share from 0% to 100%",
                                                       Quote(settings.Text("protect.share"))));
  }
  const auto least = settings.Number("protect.min", 0, 1'000'000'000);
  if (!least) return Fail(least.error());
  const auto window = settings.Duration("protect.window");
  if (!window) return Fail(window.error());
  options.protect.share = percent / 100.0;
  options.protect.least = static_cast<std::size_t>(*least);
  options.protect.window = *window;
  return {};
}

}  // namespace

std::vector<Setting> ServeSettings() {
  const std::vector<Setting> own = {
      {"config.file", "FILE", "", "YAML file; its fields are these flags' names. Flags win."},
      {"zone", "ZONE", "prom.internal",
       "Zone to answer for: a name, or a network for its reverse zones. Repeat it for more.", true},
      {"dns.listen-address", "ADDR:PORT", "127.0.0.1:5300",
       "Where to answer, by UDP and TCP. Repeat it for more.", true},
      {"dns.default-ttl", "DURATION", "15s", "TTL of records whose value has none."},
      {"dns.negative-ttl", "DURATION", "5s", "TTL and minimum of the SOA."},
      {"dns.max-udp-size", "BYTES", "1232", "Longest reply by UDP; longer ones go by TCP."},
      {"dns.forward", "ADDR:PORT", "",
       "Where to ask for names outside the zones, which else are REFUSED. Repeat it for more.",
       true},
      {"dns.forward-allow", "WHO", "private",
       "For whom to forward: private (loopback and private addresses) or all (an open resolver)."},
      {"web.listen-address", "ADDR:PORT", "127.0.0.1:9530",
       "Where the page, the API, discovery and /metrics are, by HTTP. Repeat it for more; empty: "
       "nowhere.",
       true},
      {"web.config.file", "FILE", "",
       "TLS, users and headers of the HTTP side, in the format of Prometheus's exporter-toolkit. "
       "Read again when it, or a certificate, changes."},
      {"web.tokens-file", "FILE", "",
       "Bearer tokens of the HTTP side, with what each may read and write. Read again when it "
       "changes. Without it and without users only this machine may write."},
      {"web.host", "NAME", "",
       "Name under which the HTTP side may be asked without a login, besides its addresses, "
       "localhost and the host's own name: others may be pages that point here. Repeat it for "
       "more.",
       true},
      {"web.enable-lifecycle", "", "",
       "Let those who may write reload and stop the server by HTTP: /-/reload and /-/quit."},
      {"store", "KIND", "embedded",
       "embedded: in this program, kept in --store.path. etcd: a cluster, see --etcd.endpoint."},
  };
  const std::vector<Setting> protection = {
      {"protect.share", "PERCENT", "15%",
       "Mass-loss protection: the share of a service, a zone or all that may vanish within the "
       "window without a deregistration; what is beyond is held, and answered on. 100%: off."},
      {"protect.min", "COUNT", "3",
       "Mass-loss protection: how many may vanish where the share would be fewer."},
      {"protect.window", "DURATION", "10m", "Mass-loss protection: over how long they count."},
  };
  return Join({own, EmbeddedSettings(), StoreSettings(), protection, LogSettings()});
}

std::optional<StoreOptions> ServeOptions::ForOrders() const {
  if (!embedded) return store;
  if (!embedded->cert_file.empty() || !embedded->users_file.empty()) return std::nullopt;
  StoreOptions own;
  own.etcd.endpoints = {"http://" + embedded->listen};
  return own;
}

Result<ServeOptions> ReadServeOptions(const Settings& settings) {
  ServeOptions options;
  if (auto ok = ReadZones(settings, options.zones); !ok) return Fail(std::move(ok.error()));
  if (auto ok = ReadDns(settings, options.dns); !ok) return Fail(std::move(ok.error()));
  if (auto ok = ReadWeb(settings, options); !ok) return Fail(std::move(ok.error()));
  if (auto ok = ReadStore(settings, options); !ok) return Fail(std::move(ok.error()));
  if (auto ok = ReadProtection(settings, options); !ok) return Fail(std::move(ok.error()));
  return options;
}

}  // namespace rollcall::app
