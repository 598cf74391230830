#include "app/embedded_options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/quote.h"
#include "serving/dns/address.h"

namespace rollcall::app {
namespace {

Result<void> CheckReadable(const Settings& settings, const std::string& name) {
  const std::string file = settings.Text(name);
  if (file.empty() || access(file.c_str(), R_OK) == 0) return {};
  return settings.Wrong(name, fmt::format("{} cannot be read: {}", file, std::strerror(errno)));
}

Result<void> ReadTls(const Settings& settings, EmbeddedOptions& options) {
  options.cert_file = settings.Text("store.cert");
  options.key_file = settings.Text("store.key");
  options.client_ca_file = settings.Text("store.client-ca");
  options.users_file = settings.Text("store.users-file");
  if (options.cert_file.empty() != options.key_file.empty()) {
    return settings.Wrong("store.cert", "certificate and key (--store.key) go together");
  }
  if (!options.client_ca_file.empty() && options.cert_file.empty()) {
    return settings.Wrong("store.client-ca",
                          "clients show their certificates over TLS only: give --store.cert and "
                          "--store.key as well");
  }
  for (const char* name : {"store.cert", "store.key", "store.client-ca", "store.users-file"}) {
    if (auto ok = CheckReadable(settings, name); !ok) return ok;
  }
  return {};
}

bool IsLoopback(const serving::dns::SocketAddress& address) {
  if (address.family() == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address.get());
    return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
  }
  return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(address.get())->sin6_addr);
}

// HOST:PORT; a host that is an IPv6 address in brackets.
Result<void> CheckAdvertise(const Settings& settings, const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  const bool is_number = !port.empty() && port.size() <= 5 &&
                         port.find_first_not_of("0123456789") == std::string::npos &&
                         std::stoi(port) >= 1 && std::stoi(port) <= 65'535;
  if (is_number && colon > 0) return {};
  return settings.Wrong("store.advertise",
                        fmt::format("{} is not HOST:PORT, such as 192.0.2.1:2379", Quote(text)));
}

Result<void> ReadListen(const Settings& settings, EmbeddedOptions& options) {
  options.listen = settings.Text("store.listen-address");
  const auto address = serving::dns::ParseAddress(options.listen);
  if (!address) return settings.Wrong("store.listen-address", address.error().message);
  const auto socket = serving::dns::ToSocketAddress(*address);
  if (!socket) return settings.Wrong("store.listen-address", socket.error().message);
  const bool loopback = IsLoopback(*socket);
  if (!loopback && options.users_file.empty() && options.client_ca_file.empty()) {
    return settings.Wrong(
        "store.listen-address",
        fmt::format("{} can be reached from other machines, and nothing says who may write: name "
                    "users by --store.users-file, or the authority of the clients' certificates "
                    "by --store.client-ca",
                    options.listen));
  }
  options.advertise = settings.Text("store.advertise");
  if (!options.advertise.empty()) return CheckAdvertise(settings, options.advertise);
  if (!loopback && !serving::dns::IsWildcard(socket->get())) options.advertise = options.listen;
  return {};
}

Result<void> ReadHistory(const Settings& settings, EmbeddedOptions& options) {
  const auto age = settings.Duration("store.history-age");
  if (!age) return Fail(age.error());
  options.history_age = std::chrono::duration_cast<std::chrono::seconds>(*age);
  if (options.history_age < std::chrono::seconds(10)) {
    return settings.Wrong("store.history-age",
                          "less than 10s: a watch that is interrupted could not go on");
  }
  const auto size = settings.Size("store.history-size");
  if (!size) return Fail(size.error());
  options.history_bytes = *size;
  return {};
}

}  // namespace

std::vector<Setting> EmbeddedSettings() {
  return {
      {"store.path", "DIR", "./rollcall-data",
       "Directory of what is answered, for a start while the store is away, and of the embedded "
       "store. One server has it at a time."},
      {"store.listen-address", "ADDR:PORT", "127.0.0.1:2379",
       "Where the embedded store speaks the etcd v3 API. Beyond loopback it wants users or client "
       "certificates."},
      {"store.advertise", "HOST:PORT", "",
       "By which clients reach it, published as _etcd-client._tcp SRV in each zone. By default "
       "the listen address, unless that is loopback or all addresses."},
      {"store.cert", "FILE", "", "PEM of the store's certificate: its API is TLS then."},
      {"store.key", "FILE", "", "PEM of its private key."},
      {"store.client-ca", "FILE", "",
       "PEM of the authorities of client certificates, which are required then."},
      {"store.users-file", "FILE", "",
       "Who may log in: a line NAME: BCRYPT-HASH for each, as made by `htpasswd -nB NAME`."},
      {"store.history-age", "DURATION", "1h",
       "How long old revisions are kept, for watches that were interrupted."},
      {"store.history-size", "SIZE", "256MiB", "How much of them at most."},
  };
}

Result<EmbeddedOptions> ReadEmbeddedOptions(const Settings& settings) {
  EmbeddedOptions options;
  options.path = settings.Text("store.path");
  if (auto ok = ReadTls(settings, options); !ok) return Fail(std::move(ok.error()));
  if (auto ok = ReadListen(settings, options); !ok) return Fail(std::move(ok.error()));
  if (auto ok = ReadHistory(settings, options); !ok) return Fail(std::move(ok.error()));
  return options;
}

}  // namespace rollcall::app
