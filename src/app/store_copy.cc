// rollcall store copy --from=STORE --to=STORE

#include <fmt/format.h>

#include <csignal>
#include <filesystem>

#include "app/command.h"
#include "app/lazy_etcd.h"
#include "app/progress.h"
#include "app/signals.h"
#include "app/store_options.h"
#include "model/records.h"
#include "store/copy.h"
#include "store/embedded/lmdb_disk.h"
#include "store/embedded/store.h"

namespace rollcall::app {
namespace {

constexpr const char* kMarkKey = "/rollcall/v1/copy";

// Leases do not run out in a store that no server serves: its hosts cannot renew them
// there.  From its next start on they have all of their time.
class StoppedClock final : public Clock {
 public:
  SteadyTime Now() const override { return SteadyTime{}; }
  WallTime WallNow() const override { return SystemClock().WallNow(); }
};

// One end of the copy.
class End {
 public:
  // `name`: a URL, or several with commas between; else a directory.  `setting`: for
  // messages.
  static Result<std::unique_ptr<End>> Open(const Settings& settings, const std::string& setting) {
    const std::string name = settings.Text(setting);
    if (name.empty()) return settings.Wrong(setting, "it is not given");
    auto end = std::make_unique<End>();
    auto ok = name.find("://") == std::string::npos ? end->OpenDirectory(settings, setting)
                                                    : end->OpenCluster(settings, setting);
    if (!ok) return Fail(std::move(ok.error()));
    return end;
  }
  [[nodiscard]] store::Store& store() { return *store_; }

 private:
  Result<void> OpenDirectory(const Settings& settings, const std::string& setting) {
    store::embedded::EngineOptions options;
    options.directory = settings.Text(setting);
    const std::string file = options.directory + "/" + store::embedded::kStoreFile;
    if (setting == "from" && !std::filesystem::exists(file)) {
      return settings.Wrong(setting,
                            fmt::format("{} is not there; a store that runs, or a cluster, "
                                        "is named by its URL, such as "
                                        "http://127.0.0.1:2379",
                                        file));
    }
    options.timer = false;
    auto engine = store::embedded::Engine::Open(options, clock_);
    if (!engine) {
      const bool used = engine.error().code == ErrorCode::kConflict;
      return settings.Wrong(
          setting, engine.error().message + (used ? "; name a store that runs by its URL, such as "
                                                    "http://127.0.0.1:2379"
                                                  : ""));
    }
    engine_ = *std::move(engine);
    store_ = store::embedded::MakeStore(*engine_);
    return {};
  }

  Result<void> OpenCluster(const Settings& settings, const std::string& setting) {
    Settings etcd(StoreSettings());
    etcd.Set("etcd.endpoint", {{settings.Text(setting)}, "--" + setting});
    std::vector<const char*> names = {"etcd.user", "etcd.password-file"};
    // Certificates are for the end that speaks TLS, where only one of them does.
    const auto speaks_tls = [&settings](const std::string& end) {
      return settings.Text(end).find("https://") != std::string::npos;
    };
    if (speaks_tls(setting) || !speaks_tls(setting == "from" ? "to" : "from")) {
      names.insert(names.end(), {"etcd.cacert", "etcd.cert", "etcd.key"});
    }
    for (const char* name : names) {
      if (settings.IsGiven(name)) etcd.Set(name, {settings.All(name), std::string("--") + name});
    }
    auto options = ReadStoreOptions(etcd, false);
    if (!options) return Fail(std::move(options.error()));
    store_ = std::make_unique<LazyEtcd>(*std::move(options));
    return {};
  }

  StoppedClock clock_;
  std::unique_ptr<store::embedded::Engine> engine_;
  std::unique_ptr<store::Store> store_;
};

int RunCopy(const Invocation& invocation) {
  // Before the first thread, so that none of them takes our signals.
  const Signals signals({SIGINT, SIGTERM});
  auto from = End::Open(invocation.settings, "from");
  if (!from) return Report(from.error());
  auto to = End::Open(invocation.settings, "to");
  if (!to) return Report(to.error());

  Result<store::CopyReport> report = Fail(ErrorCode::kInternal, "");
  {
    Progress progress("copying", "keys");
    store::CopyOptions options;
    options.mark_key = kMarkKey;
    options.left_out_prefix = model::AreaPrefix(model::Area::kAdvertised);
    options.overwrite = invocation.settings.Switch("overwrite");
    options.progress = [&](std::int64_t done, std::int64_t all) { progress.Show(done, all); };
    options.is_cancelled = [&] {
      return signals.WaitFor(std::chrono::milliseconds(0)).has_value();
    };
    report = store::Copy((*from)->store(), (*to)->store(), options);
  }
  if (!report) {
    (void)Report(report.error());
    return kFailed;
  }
  fmt::print(
      "{} keys and {} leases of revision {} are at both ends and equal ({} written, {} "
      "removed)\n",
      report->keys, report->leases, report->revision, report->written, report->removed);
  if (report->left_out > 0) {
    fmt::print("left out: {} records of where the source itself is found\n", report->left_out);
  }
  if (report->others > 0) fmt::print("left alone: {} keys of the destination\n", report->others);
  return kDone;
}

}  // namespace

Command StoreCopyCommand() {
  std::vector<Setting> own = {
      {"from", "STORE", "", "A directory of a store that no server runs on, or a URL."},
      {"to", "STORE", "", "The same."},
      {"overwrite", "", "", "Replace what the destination holds with another value."},
  };
  for (const Setting& setting : StoreSettings()) {
    if (setting.name != "etcd.endpoint" && setting.name != "etcd.discovery-srv" &&
        setting.name != "prefix") {
      own.push_back(setting);
    }
  }
  return {"store copy",
          "",
          0,
          0,
          "Moves everything between an embedded store and a cluster, either way.",
          "Keys, values and leases; each key is read again at both ends until nothing differs.\n"
          "It may be interrupted and run again. Stop who writes to the source before, and point\n"
          "servers and agents at the destination afterwards.\n\n"
          "Examples:\n"
          "  rollcall store copy --from=/var/lib/rollcall-server/store --to=http://192.0.2.1:2379\n"
          "  rollcall store copy --from=http://192.0.2.1:2379 --to=/var/lib/rollcall-server/store",
          Join({own, LogSettings()}),
          &RunCopy,
          ""};
}

}  // namespace rollcall::app
