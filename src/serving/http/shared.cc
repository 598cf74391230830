#include "serving/http/shared.h"

#include <utility>

namespace rollcall::serving::http {
namespace {

constexpr std::size_t kMostLogins = 64;  // waiting for their password to be computed

Options WithPolicy(Options options) {
  if (!options.policy) {
    options.policy = [open = std::make_shared<const Policy>()] { return open; };
  }
  return options;
}

}  // namespace

Shared::Shared(Options given, std::vector<Route> routes)
    : options(WithPolicy(std::move(given))),
      router(std::move(routes)),
      admission(options.names),
      waiting(options.waiting_threads, options.most_waiting),
      logins(1, kMostLogins) {
}

Response Shared::Complaint(Response plain, const std::string& path) const {
  for (const ErrorStyle& style : options.errors) {
    if (!path.starts_with(style.prefix)) continue;
    std::string message = std::get<std::string>(std::move(plain.body));
    if (message.ends_with('\n')) message.pop_back();
    Response styled = style.make(plain.status, message);
    styled.headers.insert(styled.headers.end(), plain.headers.begin(), plain.headers.end());
    return styled;
  }
  return plain;
}

void Shared::Answered(unsigned status) {
  if (status < answers.size()) answers[status].fetch_add(1, std::memory_order_relaxed);
}

bool Shared::Enter(const std::string& address) {
  if (options.most_per_address > 0) {
    auto of_address = of_address_.Lock();
    std::size_t& count = (*of_address)[ClientKey(address)];
    if (count >= options.most_per_address) return false;
    ++count;
  }
  connections.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void Shared::Leave(const std::string& address) {
  connections.fetch_sub(1, std::memory_order_relaxed);
  if (options.most_per_address == 0) return;
  auto of_address = of_address_.Lock();
  const auto found = of_address->find(ClientKey(address));
  if (found != of_address->end() && --found->second == 0) of_address->erase(found);
}

}  // namespace rollcall::serving::http
