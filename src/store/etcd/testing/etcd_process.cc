#include "store/etcd/testing/etcd_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "store/etcd/client.h"

extern char** environ;

namespace rollcall::store::etcd::testing {
namespace {

// Returns in the child only if the program cannot be started; the child dies with
// its parent, however that ends.
pid_t Spawn(const std::vector<std::string>& arguments, const std::string& log,
            const std::vector<std::string>& environment) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::vector<char*> envp;
  for (const std::string& entry : environment) envp.push_back(const_cast<char*>(entry.c_str()));
  for (char** entry = environ; *entry != nullptr; ++entry) envp.push_back(*entry);
  envp.push_back(nullptr);

  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  execvpe(argv[0], argv.data(), envp.data());
  _exit(127);
}

int Wait(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

TempDir::TempDir() {
  std::string name = std::filesystem::temp_directory_path() / "rollcall-etcd-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string FindProgram(const std::string& name) {
  namespace fs = std::filesystem;
  if (const char* etcd = std::getenv("ROLLCALL_ETCD"); etcd != nullptr) {
    const fs::path beside = fs::path(etcd).parent_path() / name;
    return name == "etcd" ? etcd : fs::exists(beside) ? beside.string() : "";
  }
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (access((folder + '/' + name).c_str(), X_OK) == 0) return folder + '/' + name;
  }
  return "";
}

int Run(const std::vector<std::string>& arguments, const std::string& log,
        const std::vector<std::string>& environment) {
  return Wait(Spawn(arguments, log, environment));
}

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no free port");
  }
  close(fd);
  return ntohs(address.sin_port);
}

void EtcdProcess::Start() {
  const std::string peer = "http://127.0.0.1:" + std::to_string(setup_.peer_port);
  std::vector<std::string> arguments = {FindProgram("etcd"),
                                        "--name",
                                        setup_.name,
                                        "--data-dir",
                                        setup_.folder + "/data",
                                        "--listen-client-urls",
                                        url(),
                                        "--advertise-client-urls",
                                        url(),
                                        "--listen-peer-urls",
                                        peer,
                                        "--initial-advertise-peer-urls",
                                        peer,
                                        "--initial-cluster",
                                        setup_.initial_cluster,
                                        "--logger",
                                        "zap"};
  arguments.insert(arguments.end(), setup_.extra.begin(), setup_.extra.end());
  pid_ = Spawn(arguments, setup_.folder + "/log", {});
}

void EtcdProcess::Kill() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  Wait(pid_);
  pid_ = -1;
}

void EtcdProcess::Freeze() {
  kill(pid_, SIGSTOP);
  // It runs on until the signal has reached all its threads.
  waitpid(pid_, nullptr, WUNTRACED);
}
void EtcdProcess::Thaw() {
  kill(pid_, SIGCONT);
}

std::string EtcdProcess::url() const {
  return setup_.scheme + "://127.0.0.1:" + std::to_string(setup_.client_port);
}

EtcdCluster::EtcdCluster(const Setup& setup) {
  std::vector<EtcdProcess::Setup> setups(setup.size);
  std::string initial_cluster;
  for (std::size_t i = 0; i < setups.size(); ++i) {
    setups[i].name = "m" + std::to_string(i);
    setups[i].scheme = setup.scheme;
    setups[i].client_port = FreePort();
    setups[i].peer_port = FreePort();
    setups[i].extra = setup.extra;
    setups[i].folder = folder_ / setups[i].name;
    std::filesystem::create_directory(setups[i].folder);
    initial_cluster += (i > 0 ? "," : "") + setups[i].name +
                       "=http://127.0.0.1:" + std::to_string(setups[i].peer_port);
  }
  for (EtcdProcess::Setup& member : setups) {
    member.initial_cluster = initial_cluster;
    members_.push_back(std::make_unique<EtcdProcess>(std::move(member)));
    members_.back()->Start();
  }
}

bool EtcdCluster::WaitReady() {
  const Deadline deadline = After(std::chrono::seconds(30));
  for (const auto& member : members_) {
    Options options;
    options.endpoints = {member->url()};
    const auto client = Connect(options);
    for (;;) {
      if ((*client)->Range({.keys = KeyRange::Single("ready")}, After(std::chrono::seconds(1)))) {
        break;
      }
      if (std::chrono::steady_clock::now() > deadline) return false;
      usleep(20'000);  // between two questions; the answer counts, not the time
    }
  }
  return true;
}

std::vector<std::string> EtcdCluster::urls() const {
  std::vector<std::string> urls;
  for (const auto& member : members_) urls.push_back(member->url());
  return urls;
}

bool EtcdCluster::Etcdctl(const std::vector<std::string>& arguments) const {
  std::vector<std::string> command = {FindProgram("etcdctl"),
                                      "--endpoints=" + members_.front()->url()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return Run(command, folder_ / "etcdctl.log", {"ETCDCTL_API=3"}) == 0;
}

}  // namespace rollcall::store::etcd::testing
