// GET /api/v1/instances and /api/v1/instances/NAME.
#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/quote.h"
#include "model/key.h"
#include "serving/api/endpoints.h"
#include "serving/api/envelope.h"
#include "serving/api/filter.h"
#include "serving/api/instance_json.h"
#include "serving/api/names.h"
#include "serving/api/parameters.h"

namespace rollcall::serving::api {
namespace {

namespace json = boost::json;
using catalog::Registration;

constexpr std::size_t kUsualLimit = 500;
constexpr std::size_t kMostLimit = 10'000;
// Registrations looked at in one visit; the writer of the view waits for that long.
constexpr std::size_t kPiece = 500;

// What a list asks for.
struct Wanted {
  Filter filter;
  std::optional<wire::Name> name;  // none: all
  std::string directory;           // the name's, in the store
  std::size_t limit = kUsualLimit;
  std::string after;
};

Result<Wanted> ReadWanted(const Sources& sources, const Request& request) {
  if (auto ok =
          CheckParameters(request, {"name", "state*", "label.", "problem", "q", "limit", "after"});
      !ok) {
    return Fail(std::move(ok.error()));
  }
  Wanted wanted;
  auto filter = Filter::Read(request);
  if (!filter) return Fail(std::move(filter.error()));
  wanted.filter = *std::move(filter);
  const auto limit = NumberParameter(request, "limit", kUsualLimit, kMostLimit);
  if (!limit) return Fail(limit.error());
  wanted.limit = *limit;
  wanted.after = TextParameter(request, "after");
  if (const std::string* const text = request.Parameter("name")) {
    auto name = ReadName(*text);
    if (!name) return Fail(std::move(name.error()));
    name->ToLower();
    auto directory = model::KeyOf(sources.prefix, *name);
    if (!directory) return Fail(std::move(directory.error()));
    wanted.name = *name;
    wanted.directory = *std::move(directory);
  }
  return wanted;
}

// One list under way.
class Page {
 public:
  Page(const Sources& sources, Wanted wanted)
      : sources_(sources), wanted_(std::move(wanted)), now_(sources.clock.WallNow()) {}

  // False: nothing is at or below the name.
  bool Read(Publisher::Reader& reader) {
    std::size_t below = 0;
    {
      const auto view = reader.Enter();
      revision_ = view->revision;
      if (!wanted_.name) {
        below = view->tree.size();
      } else if (const catalog::Node* const node = view->tree.Find(*wanted_.name)) {
        below = node->count();
      } else {
        return false;
      }
    }
    // All keys of a name lie together, unless somebody spelled one otherwise.
    if (wanted_.name && Scan(reader, wanted_.directory, wanted_.directory + '0') == below) {
      return true;
    }
    Forget();
    Scan(reader, "", "");
    return true;
  }

  [[nodiscard]] std::string Text() const {
    std::string text = fmt::format(R"({{"revision":{},"standing":"{}","total":{},)", revision_,
                                   ToString(sources_.standing()), total_);
    if (more_) text += fmt::format(R"("next":{},)", json::serialize(api::Text(last_)));
    return text + R"("instances":[)" + items_ + "]}";
  }

 private:
  void Forget() {
    total_ = shown_ = 0;
    more_ = false;
    items_.clear();
  }

  // From `begin` to before `end` ("": to the last), in pieces.  How many are at or below the name.
  std::size_t Scan(Publisher::Reader& reader, std::string begin, std::string_view end) {
    std::size_t below = 0;
    for (bool more = true; more;) {
      more = false;
      std::size_t seen = 0;
      std::string next;
      const auto view = reader.Enter();
      view->tree.VisitFrom(begin, [&](const Registration& one) {
        if (!end.empty() && one.key >= end) return false;
        if (seen++ == kPiece) {
          next = one.key;
          more = true;
          return false;
        }
        if (wanted_.name && !wire::NameView(one.name).IsAtOrBelow(*wanted_.name)) return true;
        ++below;
        Take(one, *view);
        return true;
      });
      begin = std::move(next);
    }
    return below;
  }

  void Take(const Registration& one, const catalog::View& view) {
    if (!wanted_.filter.Fits(one, view.marks, now_)) return;
    ++total_;
    if (!wanted_.after.empty() && one.key <= wanted_.after) return;
    if (more_) return;
    if (shown_ == wanted_.limit || items_.size() > kMostPage) {
      more_ = shown_ > 0;
      return;
    }
    if (shown_++ > 0) items_ += ',';
    items_ += json::serialize(InstanceJson(one, view, sources_.zones, now_));
    last_ = one.key;
  }

  const Sources& sources_;
  Wanted wanted_;
  const WallTime now_;
  store::Revision revision_ = 0;
  std::size_t total_ = 0;
  std::size_t shown_ = 0;
  bool more_ = false;
  std::string last_;
  std::string items_;
};

Response NotThere(std::string_view name, std::string_view hint = "") {
  return Failure({ErrorCode::kNotFound, fmt::format("nothing is registered as {}{}", name, hint)});
}

}  // namespace

Response ListInstances(const Sources& sources, const Request& request, Publisher::Reader& reader) {
  auto wanted = ReadWanted(sources, request);
  if (!wanted) return Failure(wanted.error());
  if (sources.standing() == catalog::Standing::kNever) return NothingKnown();
  const std::string name = TextParameter(request, "name");
  Page page(sources, *std::move(wanted));
  if (!page.Read(reader)) return NotThere(name, ", nor below it");
  return SuccessText(page.Text());
}

Response GetInstance(const Sources& sources, const Request& request, Publisher::Reader& reader) {
  if (auto ok = CheckParameters(request, {}); !ok) return Failure(ok.error());
  auto name = ReadName(std::string_view(request.path).substr(kInstances.size()));
  if (!name) return Failure(name.error());
  if (sources.standing() == catalog::Standing::kNever) return NothingKnown();
  name->ToLower();
  const auto view = reader.Enter();
  const catalog::Node* const node = view->tree.Find(*name);
  if (node == nullptr) return NotThere(TextOf(*name));
  if (node->own().empty()) {
    return NotThere(TextOf(*name), fmt::format("; {} are below it: ask for ?name={}", node->count(),
                                               TextOf(*name)));
  }
  const catalog::RegistrationPtr& one = node->own().front();
  Response response = Success(InstanceJson(*one, *view, sources.zones, sources.clock.WallNow()));
  response.headers.push_back({"ETag", fmt::format("\"{}\"", one->mod_revision)});
  return response;
}

}  // namespace rollcall::serving::api
