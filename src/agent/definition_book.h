// Which definitions count: those on the disk, but for what is broken or being written.
//
// A definition that goes takes a target away, so it goes only where somebody clearly meant
// it.  A file that cannot be read or parsed keeps what it last defined, also over a restart;
// so do all of them while the directory cannot be read.  A change counts once two looks in a
// second have seen the same (an editor may write in pieces), or at once if the operator says
// so (SIGHUP).  Where another directory lies than before (a mount that failed, a package that
// is being installed anew), what it does not define stays until the operator says so.
//
// Threads: none; no files of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/definitions.h"
#include "agent/services_directory.h"
#include "base/clock.h"

namespace rollcall::agent {

struct Defined {
  Definition definition;
  WallTime at{};  // when its file was written; the epoch: not known
};

class DefinitionBook {
 public:
  static constexpr std::chrono::milliseconds kSettle{1000};

  // What outlives the agent.
  struct Kept {
    std::string identity;                      // of the directory
    std::map<std::string, std::string> files;  // name to the text that counts

    friend bool operator==(const Kept&, const Kept&) = default;
  };

  // `directory` is for messages.
  DefinitionBook(std::string directory, HostDefaults host, Kept kept);

  enum class Urge : std::uint8_t { kSettle, kNow };
  // Takes in what has been seen; true: other definitions count than before.
  bool Take(const DirectoryLook& look, SteadyTime now, Urge urge);

  [[nodiscard]] const Kept& kept() const { return kept_; }
  // In the order of the files' names and of each file.
  [[nodiscard]] std::vector<Defined> Definitions() const;
  // Paths of files whose definitions count but are not known, since this rollcall cannot
  // read what another one could.
  [[nodiscard]] std::vector<std::string> Unknown() const;
  // What is wrong now, one sentence each: "FILE:LINE: what; it counts as it was".
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }
  // A change waits for its second look.
  [[nodiscard]] bool restless() const { return restless_; }

 private:
  using Text = std::optional<std::string>;  // none: the file is not there
  struct File {
    std::optional<std::vector<Definition>> definitions;  // none: not known
    WallTime at{};
  };
  struct Change {
    Text text;
    SteadyTime since;
  };

  [[nodiscard]] std::string PathOf(const std::string& name) const {
    return directory_ + "/" + name;
  }
  void Note(std::string problem, std::string_view consequence);
  // What is there now; none: no longer there, and meant so.
  std::map<std::string, Text> Seen(const DirectoryLook& look, Urge urge);
  // What of it is a change that has settled.
  std::map<std::string, Text> Settled(std::map<std::string, Text> seen, SteadyTime now,
                                      bool at_once, bool first);
  // Parses them; what is wrong with one is noted, and it is left out.
  std::map<std::string, File> Parse(const std::map<std::string, Text>& changes);
  // One of them that defines what another file does; who has it already keeps it.
  std::optional<std::string> FindDouble(const std::map<std::string, File>& candidates);

  std::string directory_;
  HostDefaults host_;
  Kept kept_;
  std::map<std::string, File> files_;  // of kept_.files
  std::map<std::string, Change> pending_;
  std::vector<std::string> problems_;
  bool restless_ = false;
  bool looked_ = false;
};

}  // namespace rollcall::agent
