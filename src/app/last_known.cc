#include "app/last_known.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "model/time.h"

namespace rollcall::app {

using std::chrono::seconds;

catalog::LastKnownStart FindLastKnown(const ServeOptions& options,
                                      const std::function<void()>& meanwhile) {
  catalog::LastKnownOptions last_known;
  last_known.directory = options.path + "/last-known";
  last_known.prefix = options.prefix;
  return catalog::StartLastKnown(last_known, SystemClock(), meanwhile);
}

void AnswerFromLastKnown(catalog::LastKnownStart& found, catalog::Feed& feed) {
  if (!found.contents) return;
  auto contents = *std::exchange(found.contents, std::nullopt);
  const auto age = SystemClock().WallNow() - contents.header.seen;
  log::Info("answering from the last known view",
            {{"seen", model::FormatTime(contents.header.seen)},
             {"age_seconds", std::max(std::chrono::floor<seconds>(age), seconds(0)).count()},
             {"keys", contents.records.size()},
             {"revision", contents.header.revision}});
  feed.Restore(std::move(contents));
}

void CollectLastKnown(const catalog::LastKnown* last_known, Metrics& metrics) {
  metrics.Gauge("last_known_kept",
                "Whether what is answered is kept for a start without the store.",
                last_known ? 1 : 0);
  if (!last_known) return;
  const auto figures = last_known->figures();
  const auto count = [](auto number) { return static_cast<double>(number); };
  metrics.Gauge("last_known_records", "Registrations, and records about them, in the file.",
                count(figures.records));
  metrics.Gauge("last_known_file_bytes", "Size of the file.", count(figures.octets));
  metrics.Gauge("last_known_revision", "Revision of the store that the file is of.",
                count(figures.revision));
  const auto committed = std::chrono::duration<double>(figures.committed.time_since_epoch());
  metrics.Gauge("last_known_commit_timestamp_seconds",
                "When it was last written; 0: not since the start.", committed.count());
  metrics.Counter("last_known_commits_total", "Times that it was written.", count(figures.commits));
  metrics.Counter("last_known_errors_total", "Times that it could not be written.",
                  count(figures.errors));
}

}  // namespace rollcall::app
