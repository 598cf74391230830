#include "app/cli.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

namespace rollcall::app {
namespace {

using ::testing::HasSubstr;

struct Done {
  int status = 0;
  std::string out;
  std::string err;
};

Done Call(const std::string& line) {
  std::vector<std::string> words{"rollcall"};
  std::istringstream in(line);
  for (std::string word; in >> word;) words.push_back(word);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Done done;
  done.status = Main(static_cast<int>(words.size()), argv.data());
  done.out = ::testing::internal::GetCapturedStdout();
  done.err = ::testing::internal::GetCapturedStderr();
  return done;
}

struct Refused {
  std::string line;
  const char* said;
};

TEST(CommandLine, WhatIsWrongIsOneLineThatNamesItAndWhereToLook) {
  for (const Refused& refused : {
           Refused{"", "rollcall: no command is given; see `rollcall --help`"},
           Refused{"frob", "rollcall: \"frob\" is not a command; see `rollcall --help`"},
           Refused{"--frob", "\"--frob\" is not a flag"},
           Refused{"check", "no command is given; see `rollcall check --help`"},
           Refused{"check frob", "\"frob\" is not a command; see `rollcall check --help`"},
           Refused{"check config", "FILE is required; see `rollcall check config --help`"},
           Refused{"maintenance", "no command is given; see `rollcall maintenance --help`"},
           Refused{"maintenance on", "NAME is required; see `rollcall maintenance on --help`"},
           Refused{"maintenance on node --until=tomorrow",
                   "--until: \"tomorrow\" is neither a time such as"},
           Refused{"maintenance on node --until=0s", "--until: \"0s\" is neither a time"},
           Refused{"protect release", "NAME is required; see `rollcall protect release --help`"},
           Refused{"deregister --lost-for=1h --host=a", "--host: does not go with --lost-for"},
           Refused{"deregister --lost-for=soon", "--lost-for: "},
           Refused{"register node --addres=192.0.2.1",
                   "known: --addres=192.0.2.1; see `rollcall register --help`"},
           Refused{"register node --port=1 --port=2", "more than one --port is given"},
           Refused{"register node other", "more than one SERVICE is given"},
           Refused{"register node --port", "--port wants a value"},
           Refused{"register node --port=http --address=192.0.2.1",
                   "--port: \"http\" is not a number from 1 to 65535"},
           Refused{"register node --port=65536 --address=192.0.2.1",
                   "--port: \"65536\" is not a number from 1 to 65535"},
           Refused{"register node --address=192.0.2.1", "name it by --port or EXPORTER_PORT"},
           Refused{"register node --port=1 --address=192.0.2.1 --zone=10.0.0.0/8",
                   "--zone: \"10.0.0.0/8\" is not the name of a zone"},
           Refused{"register node --port=1 --address=192.0.2.1 --reason=a\x01",
                   "--reason: has control characters"},
           Refused{"deregister node --reason=" + std::string(513, 'x'),
                   "--reason: has 513 octets, 512 may be"},
           Refused{"deregister --lost-for=1h --reason=a\x01", "--reason: has control characters"},
           Refused{"register node --port=1 --address=192.0.2.1 -- ls",
                   "only `run` takes a command"},
           Refused{"run node --port=1", "no command is given"},
           Refused{"serve --etcd.cacert=/no/such/file", "--etcd.cacert: /no/such/file"},
           Refused{"serve --config.file=/etc", "/etc: is a directory"},
           Refused{"serve --config.file=/no/such/file", "No such file"},
       }) {
    const Done done = Call(refused.line);
    EXPECT_EQ(done.status, 2) << refused.line;
    EXPECT_THAT(done.err, HasSubstr(refused.said)) << refused.line;
    EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 1) << done.err;
    EXPECT_EQ(done.out, "") << refused.line;
  }
}

TEST(CommandLine, EveryCommandHasHelpWithAnExampleThatFitsATerminal) {
  for (const char* command : {"serve", "register", "deregister", "run", "list", "watch",
                              "check config", "check records"}) {
    const Done done = Call(std::string(command) + " --help");
    EXPECT_EQ(done.status, 0) << command;
    EXPECT_THAT(done.out, HasSubstr("Example")) << command;
    EXPECT_THAT(done.out, HasSubstr(std::string("rollcall ") + command)) << command;
    std::istringstream lines(done.out);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(line.size(), 100U) << command << ": " << line;
    }
  }
  EXPECT_THAT(Call("--help").out, HasSubstr("Each command has --help"));
  EXPECT_THAT(Call("--version").out, HasSubstr("rollcall, version "));
}

}  // namespace
}  // namespace rollcall::app
