// Serves a store to stock tools, for trying them:
//
//   etcdapi_serve DIR ADDR:PORT [--users=FILE] [--cert=FILE --key=FILE] [--client-ca=FILE]
//
// DIR "" keeps nothing.  Prints "ready ADDR:PORT" and ends with SIGTERM or SIGINT.
#include <csignal>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>

#include "etcdapi/server.h"
#include "store/etcd/grpc_log.h"

namespace rollcall::etcdapi {
namespace {

int Complain(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  return 1;
}

int Serve(const store::embedded::EngineOptions& engine_options, ServerOptions options) {
  // Before any thread starts, so that only sigwait() below gets them.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  store::etcd::TakeOverGrpcLog();
  auto engine = store::embedded::Engine::Open(engine_options);
  if (!engine) return Complain(engine.error().message);
  Server server(**engine, std::move(options));
  if (const auto started = server.Start(); !started) return Complain(started.error().message);
  std::printf("ready %s\n", server.bound().front().c_str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  server.Stop();
  return 0;
}

int Main(int argc, char** argv) {
  if (argc < 3) {
    return Complain(
        "usage: etcdapi_serve DIR ADDR:PORT [--users=FILE] [--cert=FILE --key=FILE] "
        "[--client-ca=FILE]");
  }
  store::embedded::EngineOptions engine;
  engine.directory = argv[1];
  ServerOptions options;
  options.listen_addresses = {argv[2]};
  const std::map<std::string_view, std::string*> flags = {{"--users", &options.users_file},
                                                          {"--cert", &options.cert_file},
                                                          {"--key", &options.key_file},
                                                          {"--client-ca", &options.client_ca_file}};
  for (int i = 3; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const std::size_t equals = argument.find('=');
    const auto flag = flags.find(argument.substr(0, equals));
    if (flag == flags.end() || equals == std::string_view::npos) {
      return Complain("unknown: " + std::string(argument));
    }
    *flag->second = argument.substr(equals + 1);
  }
  return Serve(engine, std::move(options));
}

}  // namespace
}  // namespace rollcall::etcdapi

int main(int argc, char** argv) {
  return rollcall::etcdapi::Main(argc, argv);
}
