// Real etcd members for tests: on free loopback ports, with their data in a
// temporary folder, ended by process id.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace rollcall::store::etcd::testing {

// A folder of its own, removed at the end.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// The path of the program NAME ("etcd", "etcdctl"): $ROLLCALL_ETCD (for etcd), else
// beside it, else on PATH; "" if it is nowhere.
[[nodiscard]] std::string FindProgram(const std::string& name);

// Runs a program to its end; its exit status.  Output goes to `log`.
int Run(const std::vector<std::string>& arguments, const std::string& log,
        const std::vector<std::string>& environment = {});

// Free at the time of the call.
[[nodiscard]] int FreePort();

// One member.
class EtcdProcess {
 public:
  struct Setup {
    std::string name = "m0";
    std::string scheme = "http";
    int client_port = 0;
    int peer_port = 0;
    std::string initial_cluster;          // "m0=http://127.0.0.1:PEER,..."
    std::vector<std::string> extra = {};  // more flags
    std::string folder;                   // for data and log
  };

  explicit EtcdProcess(Setup setup) : setup_(std::move(setup)) {}
  ~EtcdProcess() { Kill(); }
  EtcdProcess(const EtcdProcess&) = delete;
  EtcdProcess& operator=(const EtcdProcess&) = delete;

  void Start();
  void Kill();    // kill -9, and waits for the end
  void Freeze();  // keeps its connections, answers nothing
  void Thaw();

  [[nodiscard]] std::string url() const;
  [[nodiscard]] bool running() const { return pid_ > 0; }

 private:
  Setup setup_;
  pid_t pid_ = -1;
};

// `size` members that make one cluster, started together.
class EtcdCluster {
 public:
  struct Setup {
    int size = 1;
    std::string scheme = "http";
    std::vector<std::string> extra = {};
  };
  explicit EtcdCluster(const Setup& setup);
  EtcdCluster() : EtcdCluster(Setup()) {}

  // Until a linearizable read succeeds at every member.
  [[nodiscard]] bool WaitReady();

  [[nodiscard]] EtcdProcess& member(std::size_t index) { return *members_.at(index); }
  [[nodiscard]] std::vector<std::string> urls() const;
  // Runs etcdctl against the cluster; true: it succeeded.
  [[nodiscard]] bool Etcdctl(const std::vector<std::string>& arguments) const;
  [[nodiscard]] const TempDir& folder() const { return folder_; }

 private:
  TempDir folder_;
  std::vector<std::unique_ptr<EtcdProcess>> members_;
};

}  // namespace rollcall::store::etcd::testing
