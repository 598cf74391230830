// What `watch --server` knows of a server's instances, and prints: a list, and then what its
// events change.
//
// An event has what was written, and not how that is: its state depends on more than one record
// and is asked of the server.  A call that fails has taken in none of its events: they may be
// given again.
//
// Threads: one.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/explanation.h"
#include "app/output.h"
#include "base/result.h"
#include "catalog/history.h"
#include "http_client/event_stream.h"

namespace rollcall::app {

class ServerWatch {
 public:
  // A line as ChangeLine() makes it.
  using Print = std::function<void(const std::string& line)>;

  // `name`: at or below which, in small letters; "": all.
  ServerWatch(AskApi ask, std::string name, Output output, Print print);

  // Behind which events go on; none: List() comes first.
  [[nodiscard]] const std::optional<catalog::HistoryId>& after() const { return after_; }
  [[nodiscard]] std::size_t size() const { return known_.size(); }

  // Reads all of it, and prints the difference to what is known.
  [[nodiscard]] Result<void> List();

  // Takes in what follows after(), in order, of all names: what is said of a host, or of a name
  // above, has another name.  Where the server has forgotten changes, or its store was restored, it
  // lists; if that fails, after() is none.  kInternal: those are no events of rollcall's.
  // Requires: after() is there.
  [[nodiscard]] Result<void> Take(const std::vector<http_client::ServerEvent>& events);

  // For every second or so: asks for the dates of losses, which come later and without an event.
  [[nodiscard]] Result<void> AskForDates();

  // There may have been changes that no event tells of.
  void ListNext() { after_.reset(); }

 private:
  struct Change {
    catalog::HistoryId id;
    std::string type;
    boost::json::object object;
  };
  // Those there are of some that were asked for, by key.
  using Now = std::map<std::string, boost::json::object>;

  [[nodiscard]] Result<std::vector<Change>> Read(
      const std::vector<http_client::ServerEvent>& events) const;
  // `names`: by key.
  [[nodiscard]] Result<Now> Ask(const std::map<std::string, std::string>& names) const;
  void TakeDelete(const Change& change);
  void TakePut(const Change& change, const Now& now);
  void TakeReturn(const std::string& key, const Now& now);
  // Prints how it is by now, if that was not printed yet.
  void TakeState(const std::string& key, const boost::json::object& now);
  void Put(const std::string& key, boost::json::object instance, std::int64_t revision,
           const Writer& writer = {});
  void Remember(const std::string& key, boost::json::object instance);
  void Say(app::Change change, const boost::json::object& instance, std::int64_t revision,
           const Writer& writer = {}) const;

  const AskApi ask_;
  const std::string name_;
  const Output output_;
  const Print print_;
  // By key, as it was printed; with the revision of what was written then.
  std::map<std::string, boost::json::object> known_;
  std::set<std::string> undated_;  // the keys of those that are lost, nobody knows since when
  std::optional<catalog::HistoryId> after_;
  std::int64_t at_ = 0;  // the last revision heard of
};

}  // namespace rollcall::app
