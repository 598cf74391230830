#include "serving/api/services.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "model/records.h"
#include "serving/api/consumers.h"
#include "serving/api/envelope.h"
#include "serving/api/filter.h"
#include "serving/api/instance_json.h"
#include "serving/api/names.h"
#include "serving/api/parameters.h"

namespace rollcall::serving::api {
namespace {

namespace json = boost::json;
using catalog::Registration;
using model::State;

constexpr std::size_t kPiece = 500;  // registrations looked at in one visit
// Records made in one visit, if one name does not have more by itself.
constexpr std::size_t kMadeAtOnce = 2'000;
// Maintenance ends without anything being published.
constexpr std::chrono::seconds kCountsLast{5};

// A name above many others is not counted for all of them: that deep and no deeper.
constexpr std::size_t kMostAbove = 16;

constexpr std::size_t kMostRecords = 100;
// 52428: 80 % of what TCP has room for.
constexpr std::array<std::size_t, 5> kThresholds = {512, 1232, 4096, 52'428, 65'535};

json::array Over(std::size_t records, std::size_t octets) {
  json::array over;
  if (records > kMostRecords) over.emplace_back(fmt::format("{} records", kMostRecords));
  for (const std::size_t threshold : kThresholds) {
    if (octets > threshold) over.emplace_back(fmt::format("{} octets", threshold));
  }
  return over;
}

bool HasAll(const std::vector<std::string>& words, std::string_view text) {
  return std::all_of(words.begin(), words.end(), [&](const std::string& word) {
    return text.find(word) != std::string_view::npos;
  });
}

// How many consumers ask for each name.
std::map<std::string, std::size_t, std::less<>> ConsumersByName(seen::Book& book) {
  std::map<std::string, std::size_t, std::less<>> by_name;
  for (const seen::Consumer& consumer : book.List()) {
    if (const auto name = PlainName(consumer.name)) ++by_name[std::string(name->view().wire())];
  }
  return by_name;
}

}  // namespace

const Services::Counts& Services::CountAll(catalog::Publisher::Reader& reader) {
  const SteadyTime steady = sources_.clock.Now();
  const std::uint64_t changes = reader.Enter()->changes;
  const bool known = counted_at_ != SteadyTime() && changes == counted_changes_;
  if (known && steady - counted_at_ < kCountsLast) return counts_;
  counts_.clear();
  counted_changes_ = changes;
  counted_at_ = steady;
  const WallTime now = sources_.clock.WallNow();
  std::string begin;
  for (bool more = true; more;) {
    more = false;
    std::size_t seen = 0;
    std::string next;
    const auto view = reader.Enter();
    view->tree.VisitFrom(begin, [&](const Registration& one) {
      if (seen++ == kPiece) {
        next = one.key;
        more = true;
        return false;
      }
      Take(one, *view, now);
      return true;
    });
    begin = std::move(next);
  }
  return counts_;
}

// Counts it for the names above its own.
void Services::Take(const Registration& one, const catalog::View& view, WallTime now) {
  wire::Name lower{wire::NameView(one.name)};
  lower.ToLower();
  const bool held = view.marks.Find(model::Area::kHeld, one.key) != nullptr;
  const State state = catalog::StateOf(one, view.marks, now);
  wire::NameView above = lower;
  if (!one.nameless && !above.IsRoot()) above = above.Parent();
  for (std::size_t i = 0; i < kMostAbove && !above.IsRoot(); ++i, above = above.Parent()) {
    Count& count = counts_[std::string(above.wire())];
    ++count.all;
    if (one.usable()) ++count.states[static_cast<std::size_t>(state)];
    if (!one.valid) ++count.invalid;
    if (held) ++count.held;
    if (i == 0) count.direct = true;
  }
}

const AnswerSize& Services::SizeOf(wire::NameView name, const catalog::View& view) {
  Measured& measured = sizes_[std::string(name.wire())];
  const catalog::Node* const node = view.tree.Find(name);
  const catalog::Standing standing = sources_.standing();
  if (node == nullptr) {
    measured = {};
  } else if (measured.changed != node->changed() || measured.standing != standing) {
    measured = {node->changed(), standing,
                SizeOfAnswer(view, sources_.zones, name, standing, sources_.clock)};
  }
  return measured.size;
}

json::object Services::ServiceJson(wire::NameView name, const Count& count, std::size_t consumers,
                                   const catalog::View& view) {
  const AnswerSize& sizes = SizeOf(name, view);
  const Place place = PlaceOf(name, sources_.zones);
  json::object object{{"name", TextOf(name)}};
  if (!place.service.empty()) object["service"] = place.service;
  if (!place.zone.empty()) object["zone"] = place.zone;
  object["count"] = count.all;
  json::object states;
  for (std::size_t state = 0; state < count.states.size(); ++state) {
    if (count.states[state] == 0) continue;
    states[Text(model::ToString(static_cast<State>(state)))] = count.states[state];
  }
  object["states"] = std::move(states);
  object["records"] = sizes.records;
  object["octets"] = json::object{{"srv", sizes.octets}, {"srv_with_glue", sizes.with_glue}};
  object["over"] = Over(sizes.records, sizes.octets);
  object["invalid"] = count.invalid;
  object["held"] = count.held;
  object["consumers"] = consumers;
  const catalog::Node* const node = view.tree.Find(name);
  object["changed"] = node == nullptr ? 0 : node->changed();
  return object;
}

http::Response Services::List(const http::Request& request, catalog::Publisher::Reader& reader) {
  if (auto ok = CheckParameters(request, {"q"}); !ok) return Failure(ok.error());
  if (sources_.standing() == catalog::Standing::kNever) return NothingKnown();
  const std::vector<std::string> words = WordsOf(TextParameter(request, "q"));
  const Counts& counts = CountAll(reader);
  const auto consumers = ConsumersByName(sources_.book);
  std::erase_if(sizes_, [&](const auto& one) {
    const auto found = counts.find(one.first);
    return found == counts.end() || !found->second.direct;
  });

  std::map<std::string, json::object> by_name;  // in the order of their texts
  auto at = counts.begin();
  while (at != counts.end()) {
    const auto view = reader.Enter();
    for (std::size_t made = 0; made < kMadeAtOnce && at != counts.end(); ++at) {
      const wire::NameView name(at->first);
      std::string text = TextOf(name);
      if (!at->second.direct || !HasAll(words, text)) continue;
      made += 1 + at->second.all;
      const auto asks = consumers.find(at->first);
      json::object object =
          ServiceJson(name, at->second, asks == consumers.end() ? 0 : asks->second, *view);
      by_name.emplace(std::move(text), std::move(object));
    }
  }
  json::array data;
  for (auto& [text, object] : by_name) data.emplace_back(std::move(object));
  return Success(data);
}

}  // namespace rollcall::serving::api
