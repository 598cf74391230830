// rollcall serve

#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "app/api_sources.h"
#include "app/command.h"
#include "app/config_file.h"
#include "app/last_known.h"
#include "app/serve_options.h"
#include "app/server_store.h"
#include "app/service.h"
#include "app/signals.h"
#include "app/standard_files.h"
#include "app/web_policy.h"
#include "base/log.h"
#include "etcdapi/server.h"

namespace rollcall::app {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kStopLimit{2700};

Result<ServeOptions> Load(const Invocation& invocation) {
  Settings settings = invocation.settings;
  if (const std::string file = settings.Text("config.file"); !file.empty()) {
    if (auto ok = LoadConfigFile(file, settings); !ok) return Fail(std::move(ok.error()));
    if (auto ok = ConfigureLog(settings); !ok) return Fail(std::move(ok.error()));
  }
  auto options = ReadServeOptions(settings);
  if (options) options->facts = FactsOf(settings);
  return options;
}

// Ends the program if its parts take too long to stop, as they may while a call to
// a store that hangs runs into its deadline: by then every query is answered, and
// there is nothing to lose, since all we know comes from the store.
class StopLimit {
 public:
  explicit StopLimit(milliseconds limit)
      : thread_([this, limit](const std::stop_token& stop) {
          std::unique_lock lock(mutex_);
          (void)stopped_.wait_for(lock, stop, limit, [] { return false; });
          if (stop.stop_requested()) return;
          log::Warn("the store hangs; not waiting for it any longer");
          std::_Exit(kDone);
        }) {}

 private:
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;  // last: it uses the others
};

int RunServe(const Invocation& invocation) {
  const auto options = Load(invocation);
  if (!options) return Report(options.error());
  // Before the first thread, so that none of them takes our signals; and that of a log which
  // nobody reads any more ends nothing.
  const Signals signals({SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGPIPE});
  AllowManyFiles();
  auto policy = WebPolicy::Load(options->web_files, SystemClock());
  if (!policy) return Report(policy.error());
  std::optional<StopLimit> limit;  // outlives the service: it watches over its end
  if (options->embedded) etcdapi::SetEnvironment();  // no thread has been started yet
  // What is in two files is looked through by two processes at one time, and read by two threads.
  auto check = ServerStore::BeginCheck(*options);
  std::future<Result<std::unique_ptr<ServerStore>>> opening;
  const auto open_store = [&] { return ServerStore::Open(*options, std::move(check)); };
  auto last_known =
      FindLastKnown(*options, [&] { opening = std::async(std::launch::async, open_store); });
  auto store = opening.valid() ? opening.get() : open_store();
  if (!store) {
    (void)Report(store.error());
    return kFailed;
  }
  Service service(*options, *std::move(policy), *std::move(store), std::move(last_known));
  if (auto ok = service.Start(); !ok) {
    (void)Report(ok.error());
    return kFailed;
  }
  service.Run(signals);
  limit.emplace(kStopLimit);
  service.Stop();
  return kDone;
}

}  // namespace

Command ServeCommand() {
  return {
      "serve",
      "",
      0,
      0,
      "Answers DNS for the zones from memory, kept true by a watch on the store.",
      "SIGTERM and SIGINT stop it; SIGUSR1 logs its counters.\n\n"
      "Examples:\n"
      "  rollcall serve\n"
      "  rollcall serve --store=etcd --etcd.endpoint=http://127.0.0.1:2379 --zone=prom.local \\\n"
      "    --zone=10.0.0.0/8 --dns.listen-address=0.0.0.0:53",
      ServeSettings(),
      &RunServe,
      ""};
}

}  // namespace rollcall::app
