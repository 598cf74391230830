// Keeps registered what its host defines, and says how it is.
//
// A loop that brings the store to what is defined: one lease for the host, its name claimed
// by the machine id, each instance registered once and then left alone, its sign of life
// under the lease.  It watches its own keys: what goes without a mark is put back, what
// somebody deregistered stays away.  With the store away nothing is lost: the agent waits,
// and comes back at a time drawn by chance, for it is one of many.
//
// Knows the store contract only, and has no thread of its own.
// Threads: Define(), Report() and Set...() may be called by any; all else by one.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/decide.h"
#include "agent/definition_book.h"
#include "agent/host_lease.h"
#include "agent/instance.h"
#include "agent/memory.h"
#include "agent/own_keys.h"
#include "agent/pace.h"
#include "base/clock.h"
#include "base/guarded.h"
#include "registry/registry.h"
#include "store/store.h"

namespace rollcall::agent {

struct AgentOptions {
  std::string host;     // short host name
  std::string machine;  // machine id
  registry::Layout layout = {};
  registry::Rules rules = {};
  std::chrono::seconds lease_ttl{30};
  // Longer than a store needs for a whole herd: a call that is given up comes again.
  std::chrono::milliseconds call_timeout{10'000};
  // Over which those that come back to a store are spread; at most a sixth of the lease.
  std::chrono::milliseconds spread{5000};
  // Over which what vanished from under many is put back.
  std::chrono::milliseconds put_back{2000};
  // How long a sign of life waits for the first result of its check.
  std::chrono::milliseconds first_check{3000};
  // What was refused is tried again.
  std::chrono::milliseconds retry{30'000};
  // All is read again, in case a watch has missed something.
  std::chrono::milliseconds reread{300'000};
  // Called with what is to outlive the agent, whenever that has changed.
  std::function<void(const Memory&)> save = {};
};

class Agent {
 public:
  // What is defined now.
  struct Book {
    std::vector<Defined> definitions;
    std::vector<std::string> unknown;  // see DefinitionBook::Unknown()
    DefinitionBook::Kept kept;
  };
  struct Health {
    model::Health health = model::Health::kCritical;
    std::string why;
    WallTime since{};
  };
  struct Counts {
    std::size_t registered = 0;  // as they shall be
    std::size_t waiting = 0;     // to be
    std::size_t away = 0;        // deregistered by somebody
    std::size_t refused = 0;     // held by others, or not to be had
  };

  // Borrows `store` and `clock`.  Nothing is defined yet: nothing is taken away before the
  // first Define().
  Agent(store::Store& store, AgentOptions options, Memory memory,
        const Clock& clock = SystemClock());
  ~Agent();

  void Define(Book book);
  // What the check of `id` (see IdOf()) says.
  void Report(const std::string& id, Health health);
  // By which address others reach this host, for definitions that name none.
  void SetAddress(std::string address);
  void SetEndpoints(std::vector<std::string> endpoints);  // of the store, to be remembered

  // Does what is due, each call to the store with its deadline; returns when to call again.
  SteadyTime Step();
  // Waits until then, or until the watch tells something.  What is defined or reported
  // meanwhile waits too, but for a store that is away: so wait in short steps.
  void Wait(SteadyTime until);

  // A clean stop: what is to be deregistered by one is marked to be at now + `grace` (0: is,
  // at once).  Nothing else changes: the lease runs on for who comes next.
  // Fails as the store; then what it was about stays registered.
  [[nodiscard]] Result<void> Stop(std::chrono::milliseconds grace);

  [[nodiscard]] bool in_contact() const { return in_contact_; }
  [[nodiscard]] Counts counts() const;

 private:
  struct Inbox {
    std::optional<Book> book;
    std::map<std::string, Health> health;
    std::optional<std::string> address;
    std::optional<std::vector<std::string>> endpoints;
  };
  using Standing = Instance::Standing;
  enum class Hold : std::uint8_t { kOurs, kFree, kOthers };

  // --- agent.cc: the loop
  void TakeInbox();
  Result<void> Work();
  Result<void> KeepLease();
  Result<void> Look();
  Result<void> LookAfresh();
  void Noticed(const std::string& key);
  void Away(const Error& error);
  void Save();
  [[nodiscard]] SteadyTime NextDue() const;
  [[nodiscard]] std::set<std::string> Watched() const;

  // --- agent_host.cc: the host's name, and the signs of life under its lease
  [[nodiscard]] Hold HolderOfHost();
  Result<void> SayAlive(Hold hold);
  [[nodiscard]] std::optional<store::Op> AliveOf(const Instance& instance) const;
  [[nodiscard]] std::optional<Health> HealthOf(const Instance& instance) const;
  Result<void> Commit(const std::vector<store::Op>& ops, bool claim);

  // --- agent_book.cc: what is defined
  void TakeBook(Book book);
  [[nodiscard]] std::string NameOf(const Definition& definition, const Book& book,
                                   const std::map<std::string, Instance>& taken) const;
  void Place(Defined defined, std::string name, std::map<std::string, Instance>& instances);
  void KeepUnknown(std::map<std::string, Instance>& instances) const;
  [[nodiscard]] std::string KeyOf(const std::string& service, const std::string& name) const;

  // --- agent_instances.cc: registrations
  // Decides about all that has to be looked at; what has to be done is left to be looked at.
  void Judge();
  void Judge(Instance& instance);
  Result<void> Settle();
  Result<void> Register(Instance& instance, bool over_mark);
  Result<void> Registered(Instance& instance, const Result<registry::Written>& written);
  void Refuse(Instance& instance, Standing standing, const std::string& why);
  void Move(Instance& instance);
  Result<void> Retire();
  [[nodiscard]] Wish WishOf(const Instance& instance) const;
  [[nodiscard]] Seen SeenOf(const Instance& instance) const;
  [[nodiscard]] const Remembered* MemoryOf(const Instance& instance) const;
  void Remember(const Instance& instance, Remembered::As as, WallTime until = {});

  store::Store& store_;
  const AgentOptions options_;
  const Clock& clock_;
  registry::Registry registry_;
  const std::string owner_;      // "agent:HOST"
  const std::string owner_key_;  // of the record that says whose the host is
  Guarded<Inbox> inbox_;
  std::condition_variable arrived_;

  // All that follows belongs to the one thread.
  Memory memory_;
  bool memory_changed_ = false;
  HostLease lease_;
  store::LeaseId former_lease_ = 0;
  OwnKeys keys_;
  Pace pace_;
  bool defined_ = false;                       // Define() has been called
  std::map<std::string, Instance> instances_;  // by key
  std::map<std::string, Health> health_;       // by id
  std::map<std::string, Task> tasks_;          // what Judge() found to be done, by key
  std::set<std::string> moved_;                // ids of those whose default name another has
  std::set<std::string> doubtful_;             // instances whose registration is gone
  std::vector<std::string> unknown_;
  std::string address_;
  bool in_contact_ = false;
  bool held_host_ = false;      // the record of the host has been ours
  bool others_host_ = false;    // it is another's now
  std::string told_host_;       // the last that the log said about its holder
  ErrorCode told_away_{};       // and about the store,
  bool told_any_away_ = false;  // if it did
  SteadyTime not_before_{};
  SteadyTime reread_at_{};
  SteadyTime retire_at_{};
};

}  // namespace rollcall::agent
