#include "serving/http/exchange.h"

#include <algorithm>

namespace rollcall::serving::http {
namespace {

const std::string* Find(const std::vector<Field>& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const Field& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &found->value;
}

}  // namespace

const std::string* Request::Parameter(std::string_view name) const {
  return Find(parameters, name);
}

const std::string* Request::Header(std::string_view name) const {
  return Find(headers, name);
}

Handler Answering(std::function<Response(const Request&)> answer) {
  return [answer = std::move(answer)](const ExchangePtr& exchange) {
    exchange->Reply(answer(exchange->request()));
  };
}

}  // namespace rollcall::serving::http
