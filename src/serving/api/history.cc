// GET /api/v1/history.
#include <fmt/format.h>

#include "serving/api/change_json.h"
#include "serving/api/endpoints.h"
#include "serving/api/envelope.h"
#include "serving/api/parameters.h"

namespace rollcall::serving::api {
namespace {

constexpr std::size_t kUsualLimit = 100;
constexpr std::size_t kMostLimit = 10'000;
constexpr std::size_t kPiece = 1'000;  // entries taken out of the history at a time

}  // namespace

Response ListHistory(const Sources& sources, const Request& request) {
  if (auto ok = CheckParameters(request, {"name", "limit", "before"}); !ok) {
    return Failure(ok.error());
  }
  const auto limit = NumberParameter(request, "limit", kUsualLimit, kMostLimit);
  if (!limit) return Failure(limit.error());
  const auto subjects = Subjects::Read(TextParameter(request, "name"));
  if (!subjects) return Failure(subjects.error());
  std::optional<catalog::HistoryId> before;
  if (const std::string* const text = request.Parameter("before")) {
    const auto id = catalog::ParseHistoryId(*text);
    if (!id) return Failure(id.error());
    before = *id;
  }
  const catalog::HistoryId last = sources.history.last();
  std::string changes;
  std::string next;
  std::size_t shown = 0;
  for (bool more = true; more && next.empty();) {
    const auto entries = sources.history.Before(before, kPiece);
    more = entries.size() == kPiece;
    for (const auto& entry : entries) {
      if (!subjects->Has(*entry)) continue;
      if (shown == *limit || changes.size() > kMostPage) {
        if (before && shown > 0) next = ToText(*before);
        more = false;
        break;
      }
      if (shown++ > 0) changes += ',';
      changes += ChangeJson(*entry, sources.zones);
      before = entry->id;
    }
    if (more) before = entries.back()->id;
  }
  return SuccessText(
      fmt::format(R"({{"revision":{},"last":"{}",{}"changes":[{}]}})", last.revision, ToText(last),
                  next.empty() ? "" : fmt::format(R"("next":"{}",)", next), changes));
}

}  // namespace rollcall::serving::api
