// Who is let in: with users, those who show a token or a certificate of one of them;
// without, everybody.
//
// Every user may do everything: rollcall's keys are all of one kind.
//
// Threads: any number.  Errors: messages are etcd's texts (status.h).
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "etcdapi/core/tokens.h"
#include "etcdapi/core/users.h"

namespace rollcall::etcdapi {

class Gate {
 public:
  struct Options {
    std::string users_file;                // "": no users
    std::chrono::seconds token_life{300};  // since it was last used; etcd's default
    std::size_t most_tokens = 10'000;
  };
  // kInvalid: the file cannot be read, or what is wrong in it.
  [[nodiscard]] static Result<std::unique_ptr<Gate>> Open(const Options& options,
                                                          const Clock& clock);

  [[nodiscard]] bool has_users() const { return has_users_; }

  // What somebody shows.
  struct Caller {
    std::optional<std::string> token;
    std::string common_name;  // of a certificate that was verified; "": none
  };
  // kInvalid: nothing to show; kRefused: a token that is not (or no longer) one, a
  // certificate of no user.
  [[nodiscard]] Result<void> Admit(const Caller& caller);

  // A token for one who knows the password; may take tens of milliseconds.  kInvalid:
  // there are no users.  kRefused: no such user, or not his password.
  [[nodiscard]] Result<std::string> LogIn(const std::string& name, const std::string& password);
  // The same at once, for one who has logged in with this password before.  Nothing: ask
  // LogIn().
  [[nodiscard]] std::optional<std::string> LogInAgain(const std::string& name,
                                                      const std::string& password);

 private:
  struct State {
    explicit State(const Options& options) : tokens(options.token_life, options.most_tokens) {}
    std::optional<UsersFile> file;
    SteadyTime next_look{};
    Tokens tokens;
    // The last password of each user that was right, so that bcrypt's time is spent
    // once: as a keyed digest, since the memory of a process can be read.
    std::map<std::string, std::string> digests;
  };

  Gate(State state, const Clock& clock);
  void Refresh(State& state) const;
  [[nodiscard]] std::string DigestOf(const std::string& name, const std::string& password) const;

  const Clock& clock_;
  const bool has_users_;
  const std::string secret_;
  Guarded<State> state_;
};

}  // namespace rollcall::etcdapi
