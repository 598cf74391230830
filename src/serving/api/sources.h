// What the API tells of and writes to; borrowed from whoever wires the program.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "answer/zones.h"
#include "base/clock.h"
#include "catalog/history.h"
#include "catalog/publisher.h"
#include "catalog/view.h"
#include "registry/registry.h"
#include "serving/seen/book.h"
#include "store/store.h"

namespace rollcall::serving::api {

// What is known of the store besides the view.
struct StoreFacts {
  std::string kind;  // "embedded", "etcd"
  std::vector<std::string> endpoints = {};
  double stale_seconds = 0;  // see openapi.yaml
  std::string trouble = {};  // why it takes no writes; "": it does
};

// What the program knows of itself.
struct Facts {
  std::string version;
  std::string host;
  std::string config;  // the configuration file's text; "": there is none
  // Flags with the values that count, without secrets.
  std::vector<std::pair<std::string, std::string>> flags = {};
};

// All is borrowed until the Api is destroyed; the functions are called on any thread and must
// not wait for the store, but for `wait_for_revision`.
struct Sources {
  catalog::Publisher& publisher;
  const answer::Zones& zones;
  catalog::History& history;
  seen::Book& book;
  store::Store& store;
  std::string prefix;     // of registrations, normalized
  registry::Rules rules;  // for what is registered
  std::function<catalog::Standing()> standing;
  // Until the view has reached the revision of a registration; false: not by then.
  std::function<bool(store::Revision, SteadyTime deadline)> wait_for_revision;
  std::function<StoreFacts()> store_facts;
  Facts facts;
  const Clock& clock = SystemClock();
};

}  // namespace rollcall::serving::api
