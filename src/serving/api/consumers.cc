// GET /api/v1/consumers.
#include "serving/api/consumers.h"

#include <algorithm>
#include <boost/json/array.hpp>

#include "model/selector.h"
#include "model/time.h"
#include "serving/api/endpoints.h"
#include "serving/api/envelope.h"
#include "serving/api/instance_json.h"
#include "serving/api/names.h"
#include "serving/api/parameters.h"

namespace rollcall::serving::api {
namespace {

namespace json = boost::json;

constexpr std::size_t kPiece = 500;  // names looked up in one visit

struct Row {
  seen::Consumer consumer;
  std::optional<wire::Name> name;
  store::Revision lag = 0;
};

bool Concerns(const std::optional<wire::Name>& asked, const wire::Name& name) {
  return asked && (asked->view().IsAtOrBelow(name) || name.view().IsAtOrBelow(*asked));
}

// How far the last change of what each asks for is ahead of what he was told.
void FindLags(std::vector<Row>& rows, Publisher::Reader& reader) {
  for (std::size_t begin = 0; begin < rows.size(); begin += kPiece) {
    const auto view = reader.Enter();
    for (std::size_t i = begin; i < std::min(begin + kPiece, rows.size()); ++i) {
      Row& row = rows[i];
      if (row.name) row.lag = LagOf(*view, *row.name, row.consumer.revision);
    }
  }
}

json::object ConsumerJson(const Row& row) {
  const seen::Consumer& one = row.consumer;
  json::object object{{"client", Text(one.client)},
                      {"mechanism", Text(seen::ToString(one.mechanism))},
                      {"name", Text(one.name)}};
  if (!one.user_agent.empty()) object["user_agent"] = Text(one.user_agent);
  if (!one.transport.empty()) object["transport"] = Text(one.transport);
  object["first_seen"] = model::FormatTime(one.first_seen);
  object["last_seen"] = model::FormatTime(one.last_seen);
  object["asks"] = one.asks;
  if (one.interval) {
    object["interval_seconds"] = std::chrono::duration<double>(*one.interval).count();
  }
  object["revision"] = one.revision;
  object["lag"] = row.lag;
  object["silent"] = one.silent;
  return object;
}

}  // namespace

std::optional<wire::Name> PlainName(std::string_view asked) {
  const auto name = wire::Name::FromText(asked);
  if (!name) return std::nullopt;
  wire::NameView plain = *name;
  while (!plain.IsRoot() && model::ParseSelector(plain.FirstLabel())) plain = plain.Parent();
  wire::Name lower(plain);
  lower.ToLower();
  return lower;
}

store::Revision LagOf(const catalog::View& view, wire::NameView name, store::Revision told) {
  const catalog::Node* const node = view.tree.Find(name);
  return node == nullptr ? 0 : std::max<store::Revision>(0, node->changed() - told);
}

Response ListConsumers(const Sources& sources, const Request& request, Publisher::Reader& reader) {
  if (auto ok = CheckParameters(request, {"name"}); !ok) return Failure(ok.error());
  std::optional<wire::Name> name;
  if (const std::string* const text = request.Parameter("name")) {
    if (auto ok = ReadName(*text); !ok) return Failure(ok.error());
    name = PlainName(*text);
  }
  std::vector<Row> rows;
  for (seen::Consumer& consumer : sources.book.List()) {
    auto asked = PlainName(consumer.name);
    if (name && !Concerns(asked, *name)) continue;
    rows.push_back({std::move(consumer), asked});
  }
  FindLags(rows, reader);
  json::array data;
  for (const Row& row : rows) data.emplace_back(ConsumerJson(row));
  return Success(data);
}

}  // namespace rollcall::serving::api
