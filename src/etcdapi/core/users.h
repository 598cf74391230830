// Who may use the store: names and bcrypt hashes in a file, as Prometheus's
// basic_auth_users has them:
//
//   # a comment
//   prometheus: $2y$10$...   (the hash may stand in quotes)
//
// Threads: values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace rollcall::etcdapi {

class Users {
 public:
  // kInvalid: says which line, and what is wrong with it; or that there is no user.
  [[nodiscard]] static Result<Users> Parse(std::string_view text);

  // Empty: there is no such user.
  [[nodiscard]] std::string HashOf(std::string_view name) const;
  // Of some user: to spend the same time on a name that is not there.
  [[nodiscard]] const std::string& AnyHash() const { return hashes_.begin()->second; }
  [[nodiscard]] std::size_t size() const { return hashes_.size(); }

 private:
  std::map<std::string, std::string, std::less<>> hashes_;
};

// Takes tens of milliseconds: bcrypt is meant to.  Only the first 72 octets of a
// password count, as everywhere with bcrypt.
[[nodiscard]] bool IsPasswordOf(const std::string& hash, const std::string& password);

// A file of users that is looked at again.
class UsersFile {
 public:
  // kInvalid: cannot be read, or as Users::Parse(); names the file.
  [[nodiscard]] static Result<UsersFile> Open(std::string path);

  [[nodiscard]] const Users& users() const { return users_; }
  // Reads the file if it has changed; true: so have the users.  One that cannot be
  // read or is wrong leaves the users as they are, and a warning in the log.
  [[nodiscard]] bool Refresh();

 private:
  // What tells one state of the file from another; all zero: not there.
  struct Stamp {
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    std::uint64_t size = 0;
    std::uint64_t inode = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };

  explicit UsersFile(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] Stamp Look() const;
  [[nodiscard]] Result<Users> Read() const;

  std::string path_;
  Stamp seen_;
  Users users_;
};

}  // namespace rollcall::etcdapi
