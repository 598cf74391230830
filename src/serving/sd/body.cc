#include "serving/sd/body.h"

#include <utility>

namespace rollcall::serving::sd {

void Body::Add(std::string piece) {
  const auto shared = std::make_shared<const std::string>(std::move(piece));
  auto state = state_.Lock();
  state->pieces.push_back(shared);
  state->size += shared->size();
  std::erase_if(state->followers,
                [&](const http::ExchangePtr& one) { return !one->SendShared(shared); });
}

void Body::End() {
  std::vector<http::ExchangePtr> followers;
  {
    auto state = state_.Lock();
    state->whole = true;
    followers.swap(state->followers);
  }
  for (const http::ExchangePtr& one : followers) one->End();
}

void Body::SendTo(const http::ExchangePtr& exchange, http::Response head) {
  auto state = state_.Lock();
  head.body = state->pieces;
  if (state->whole) return exchange->Reply(std::move(head));
  exchange->Begin(std::move(head));
  state->followers.push_back(exchange);
}

std::size_t Body::unused() const {
  auto state = state_.Lock();
  std::size_t octets = 0;
  for (const http::Octets& piece : state->pieces) {
    if (piece.use_count() == 1) octets += piece->size();
  }
  return octets;
}

}  // namespace rollcall::serving::sd
